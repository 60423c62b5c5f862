"""Dates and words in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.feeds.words import _WORDS, date_in_words, direction, words

LATE = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "1 March 2026"),
        ("en-GB", "1 March 2026"),
        ("en-US", "March 1, 2026"),
        ("de", "1. März 2026"),
        ("de_AT", "1. März 2026"),
        ("fr", "2026-03-01"),
        ("he", "2026-03-01"),
    ],
)
def test_a_date_is_written_as_its_readers_write_it(language: str, written: str) -> None:
    assert date_in_words(LATE, language, ZoneInfo("UTC")) == written


def test_a_day_is_that_of_the_zone_of_the_site() -> None:
    assert date_in_words(LATE, "en", ZoneInfo("America/New_York")) == "28 February 2026"


@pytest.mark.parametrize("language", ["ar", "fa", "he", "ur", "ar-EG", "HE"])
def test_arabic_persian_hebrew_and_urdu_run_from_the_right(language: str) -> None:
    assert direction(language) == "rtl"


@pytest.mark.parametrize("language", ["en", "de", "ja", "arn"])
def test_other_languages_run_from_the_left(language: str) -> None:
    assert direction(language) == "ltr"


def test_a_language_without_words_of_its_own_gets_english_ones() -> None:
    assert words("fr") == words("en")
    assert words("de-CH")["home"] == "Startseite"


def test_every_language_has_every_word() -> None:
    for language, known in _WORDS.items():
        assert known.keys() == words("en").keys(), language
