"""Words in the reader's language."""

from __future__ import annotations

from pipeline.feeds.words import _WORDS, words


def test_a_language_without_words_of_its_own_gets_english_ones() -> None:
    assert words("fr") == words("en")
    assert words("de-CH")["home"] == "Startseite"


def test_every_language_has_every_word() -> None:
    for language, known in _WORDS.items():
        assert known.keys() == words("en").keys(), language
