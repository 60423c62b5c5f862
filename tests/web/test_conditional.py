"""When a client already has what it asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.conditional import is_unchanged, validators

TAG = '"abc"'
MODIFIED = datetime(2026, 3, 3, 14, 0, 7, 900_000, tzinfo=UTC)
LONG_AGO, LATER = MODIFIED - timedelta(days=1), MODIFIED + timedelta(days=1)


def http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    "lines",
    [
        ['"abc"'],
        ['W/"abc"'],
        ['"x", "abc"'],
        ['"x","abc","y"'],
        ['"x", W/"abc" , W/"y"'],
        ['"x"', '"abc"'],
        ["*"],
        [" * "],
    ],
)
def test_a_tag_the_client_names_is_unchanged(lines: list[str]) -> None:
    assert is_unchanged(lines, None, TAG, MODIFIED)


@pytest.mark.parametrize(
    "lines", [['"other"'], ["abc"], ['"ab'], ['"abcd"'], ['"x*"'], [""], ['w/"ABC"'], ['"a,b"']]
)
def test_any_other_tag_is_a_change(lines: list[str]) -> None:
    assert not is_unchanged(lines, None, TAG, MODIFIED)


def test_a_comma_inside_a_tag_does_not_part_it() -> None:
    assert is_unchanged(['"a,b"'], None, '"a,b"', MODIFIED)


def test_the_date_counts_when_there_is_no_tag() -> None:
    assert is_unchanged([], http(LATER), TAG, MODIFIED)
    assert is_unchanged([], http(MODIFIED), TAG, MODIFIED)  # dates have no fractions
    assert not is_unchanged([], http(LONG_AGO), TAG, MODIFIED)


def test_the_date_does_not_count_beside_a_tag() -> None:
    assert not is_unchanged(['"other"'], http(LATER), TAG, MODIFIED)
    assert is_unchanged(['"abc"'], http(LONG_AGO), TAG, MODIFIED)


@pytest.mark.parametrize("date", ["", "yesterday", "2026-99-99", "Tue, 99 Mar 2026 14:00:00 GMT"])
def test_a_date_that_is_none_is_ignored(date: str) -> None:
    assert not is_unchanged([], date, TAG, MODIFIED)


def test_the_three_forms_of_dates_are_read() -> None:
    for date in (
        "Wed, 04 Mar 2026 14:00:00 GMT",
        "Wednesday, 04-Mar-26 14:00:00 GMT",
        "Wed Mar  4 14:00:00 2026",
    ):
        assert is_unchanged([], date, TAG, MODIFIED)


def test_the_client_is_given_what_it_can_ask_with() -> None:
    given = validators(TAG, MODIFIED)

    assert is_unchanged([given["ETag"]], None, TAG, MODIFIED)
    assert is_unchanged([], given["Last-Modified"], TAG, MODIFIED)
    assert given["Last-Modified"] == "Tue, 03 Mar 2026 14:00:07 GMT"


@given(st.lists(st.text()), st.none() | st.text())
def test_whatever_a_client_sends_is_answered(lines: list[str], date: str | None) -> None:
    if is_unchanged(lines, date, TAG, MODIFIED) and lines:
        assert TAG in ", ".join(lines) or "*" in "".join(lines)
