from __future__ import annotations

from datetime import date

import pytest

from pipeline.language import direction, format_date, is_language_tag


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


@pytest.mark.parametrize(
    ("language", "way"),
    [("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("FA", "rtl"), ("arn", "ltr")],
)
def test_scripts_run_their_own_way(language: str, way: str) -> None:
    assert direction(language) == way


@pytest.mark.parametrize("tag", ["en", "en-GB", "zh-Hant", "de-CH-1996"])
def test_a_language_tag_is_known_by_its_form(tag: str) -> None:
    assert is_language_tag(tag)
    assert not is_language_tag(f"{tag} ")
    assert not is_language_tag(f"{tag}_")
