"""The words of the pages, in each language."""

from __future__ import annotations

import string

import pytest

from pipeline.web.words import spoken, words


def blanks(text: str) -> list[str]:
    """What is to be filled in."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_every_language_says_the_same_things() -> None:
    assert words("de").keys() == words("en").keys()


@pytest.mark.parametrize("name", words("en"))
def test_every_language_fills_in_the_same_blanks(name: str) -> None:
    assert [blanks(text) for text in words("de")[name]] == [
        blanks(text) for text in words("en")[name]
    ]


@pytest.mark.parametrize(
    ("tag", "language"), [("de", "de"), ("de-AT", "de"), ("DE_ch", "de"), ("fr", "en"), ("", "en")]
)
def test_a_language_without_words_of_its_own_gets_english(tag: str, language: str) -> None:
    assert spoken(tag) == language
