from __future__ import annotations

from pipeline.compose.strings import strings_for


def test_every_language_has_every_phrase() -> None:
    assert strings_for("de").keys() == strings_for("en").keys()
    assert strings_for("de-CH")["unsubscribe"] == "Abbestellen"
    assert strings_for("fr") == strings_for("en")
