from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pasted.dates import is_labelled, read_date
from tests.pasted.reader import TODAY

NOVEMBER_30 = date(2023, 11, 30)


@pytest.mark.parametrize(
    "text",
    [
        "Nov 30, 2023",
        "Nov. 30, 2023",
        "November 30, 2023",
        "november 30 2023",
        "NOVEMBER 30, 2023",
        "November 30th, 2023",
        "30 November 2023",
        "30 Nov 2023",
        "30th of November 2023",
        "30-Nov-2023",
        "30. November 2023",
        "30. Nov. 2023",
        "Donnerstag, 30. November 2023",
        "Donnerstag, den 30. November 2023, 9:15 Uhr",
        "Veröffentlicht am 30. November 2023",
        "30.11.2023",
        "30.11.23",
        "2023-11-30",
        "2023/11/30",
        "2023-11-30T09:15:00Z",
        "2023-11-30 09:15:00+01:00",
        "Thursday, November 30, 2023",
        "Thu, 30 Nov 2023",
        "Posted on November 30, 2023",
        "Posted: Nov 30, 2023",
        "Published: 30 November 2023",
        "Published on Thursday, November 30, 2023 at 9:15 AM EST",
        "Date: Nov 30, 2023, 9:15 am",
        "  Nov\u00a030,  2023 ",
        "Nov 30, 2023 | 14:05",
    ],
)
def test_a_day_is_read_in_each_of_its_usual_forms(text: str) -> None:
    read = read_date(text, today=TODAY)
    assert read is not None
    assert read.day == NOVEMBER_30
    assert read.note == ""


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1. März 2024", date(2024, 3, 1)),
        ("3. Mai 2024", date(2024, 5, 3)),
        ("24. Dezember 2023", date(2023, 12, 24)),
        ("7. Jänner 2024", date(2024, 1, 7)),
        ("Sept 9, 2024", date(2024, 9, 9)),
        ("May 1st, 2024", date(2024, 5, 1)),
        ("29 February 2024", date(2024, 2, 29)),
    ],
)
def test_months_are_known_in_english_and_german(text: str, day: date) -> None:
    read = read_date(text, today=TODAY)
    assert read is not None
    assert read.day == day


@pytest.mark.parametrize(
    ("text", "day", "note"),
    [
        ("11/30/2023", date(2023, 11, 30), "reading the month first"),
        ("03/04/2024", date(2024, 3, 4), "reading the month first"),
        ("11/30/23", date(2023, 11, 30), "reading the month first"),
        ("30/11/2023", date(2023, 11, 30), "reading the day first, as 30 is no month"),
        (
            "November 2023",
            date(2023, 11, 1),
            "as the first of the month, since no day stands there",
        ),
        ("November 20", date(2026, 11, 20), "in 2026, since no year stands there"),
        ("30. November", date(2025, 11, 30), "in 2025, since no year stands there"),
        ("1/2/99", date(1999, 1, 2), "reading the month first"),
    ],
)
def test_what_could_be_read_otherwise_is_said(text: str, day: date, note: str) -> None:
    read = read_date(text, today=TODAY)
    assert read is not None
    assert (read.day, read.note) == (day, note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "2023",
        "November",
        "Feb 30, 2023",
        "31/31/2023",
        "2023-13-01",
        "May 5 patients came",
        "On Nov 30, 2023 we opened",
        "Nov 30, 2023 was a Thursday",
        "1. Introduction",
        "12 weeks",
        "3/4",
        "Call 555-01-2023",
    ],
)
def test_what_is_no_date_or_no_real_day_is_not_read(text: str) -> None:
    assert read_date(text, today=TODAY) is None


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_is_read_as_it_was_written(day: date) -> None:
    for form in ("%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"):
        read = read_date(day.strftime(form), today=TODAY)
        assert read is not None
        assert read.day == day


@given(st.integers(min_value=0, max_value=300))
def test_a_day_without_a_year_is_never_still_to_come(days: int) -> None:
    today = date(2025, 3, 1) + timedelta(days)
    read = read_date("June 15", today=today)
    assert read is not None
    assert timedelta(0) <= today - read.day < timedelta(366)


@given(st.text(max_size=40))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    read = read_date(text, today=TODAY)
    assert read is None or read.day.year > 0


def test_a_label_is_told_from_a_word_that_starts_alike() -> None:
    assert is_labelled("Posted on Nov 30, 2023")
    assert is_labelled("Published: yesterday")
    assert not is_labelled("Posters on the wall")
