from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.content.dates import parse_moment

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-01", "2026-03-01 05:00"),
        ("2026-3-1", "2026-03-01 05:00"),
        ("2026-03-01 09:30", "2026-03-01 14:30"),
        ("2026-03-01T09:30:15", "2026-03-01 14:30:15"),
        ("2026-03-01t09:30:15.999z", "2026-03-01 09:30:15"),
        ("2026-03-01 09:30 +01:00", "2026-03-01 08:30"),
        ("2026-03-01 09:30-0530", "2026-03-01 15:00"),
        ("2026-03-01 09:30+1", "2026-03-01 08:30"),
        ("2026-07-01 09:30", "2026-07-01 13:30"),
    ],
)
def test_dates_become_instants_in_utc(written: str, utc: str) -> None:
    moment = parse_moment(written, NEW_YORK)
    assert moment is not None
    assert moment.at == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert moment.at.tzinfo is UTC


def test_a_time_that_the_clocks_skip_is_moved_on_by_the_hour_they_skip() -> None:
    moment = parse_moment("2026-03-08 02:30", NEW_YORK)
    assert moment is not None
    assert moment.at.astimezone(NEW_YORK).isoformat() == "2026-03-08T03:30:00-04:00"


def test_a_time_that_the_clocks_show_twice_is_the_first() -> None:
    moment = parse_moment("2026-11-01 01:30", NEW_YORK)
    assert moment is not None
    assert moment.at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_the_day_is_the_one_that_was_written() -> None:
    moment = parse_moment("2026-03-01 23:30-08:00", NEW_YORK)
    assert moment is not None
    assert (moment.day, moment.at.date()) == (date(2026, 3, 1), date(2026, 3, 2))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026",
        "2026-03",
        "01.03.2026",
        "3/1/2026",
        "2026-13-01",
        "2026-02-29",
        "2026-03-01 24:00",
        "2026-03-01 09:60",
        "2026-03-01 23:59:60",
        "2026-03-01 09:30+25:00",
        "2026-03-01 09:30+01:60",
        "2026-03-01 09:30 EST",
        "1899-12-31",
        "9999-12-31 23:59-12:00",
        "\uff12\uff10\uff12\uff16-03-01",
        "2026-03-01 9",
    ],
)
def test_anything_else_is_no_date(written: str) -> None:
    assert parse_moment(written, NEW_YORK) is None


@given(st.datetimes(datetime(1900, 1, 3), datetime(2999, 12, 28)), st.sampled_from(["", "Z"]))  # noqa: DTZ001 (written as naive text)
def test_every_date_and_time_can_be_written(local: datetime, zone: str) -> None:
    moment = parse_moment(local.replace(microsecond=0).isoformat() + zone, NEW_YORK)
    assert moment is not None
    assert moment.day == local.date()
    assert abs((moment.at.replace(tzinfo=None) - local).total_seconds()) < 6 * 3600


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:?\d\d)?"))
def test_no_text_makes_the_reader_of_dates_fail(text: str) -> None:
    moment = parse_moment(text, NEW_YORK)
    assert moment is None or moment.at.tzinfo is UTC
