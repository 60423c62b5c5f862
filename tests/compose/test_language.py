from __future__ import annotations

from datetime import date

import pytest

from pipeline.compose.language import direction, format_date, strings_for


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "March 3, 2026"),
        ("en-US", "March 3, 2026"),
        ("en-GB", "3 March 2026"),
        ("de", "3. März 2026"),
        ("de-AT", "3. März 2026"),
        ("fr", "2026-03-03"),
    ],
)
def test_a_date_is_written_as_its_language_does(language: str, written: str) -> None:
    assert format_date(date(2026, 3, 3), language) == written


def test_every_language_has_every_phrase() -> None:
    assert strings_for("de").keys() == strings_for("en").keys()
    assert strings_for("de-CH")["unsubscribe"] == "Abbestellen"
    assert strings_for("fr") == strings_for("en")


@pytest.mark.parametrize(
    ("language", "way"), [("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("FA", "rtl")]
)
def test_scripts_run_their_own_way(language: str, way: str) -> None:
    assert direction(language) == way
