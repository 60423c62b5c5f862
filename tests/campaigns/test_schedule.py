"""When a newsletter is due: cron's rules, also on the days on which clocks change."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.campaigns.schedule import next_after

NEW_YORK, PARIS = "America/New_York", "Europe/Paris"


def instants(rule: str, zone: str, after: str, count: int) -> list[str]:
    """The next so many instants, in UTC; `after` too."""
    moment, found = datetime.fromisoformat(f"{after}+00:00"), []
    for _ in range(count):
        moment = next_after(rule, zone, moment)
        found.append(f"{moment:%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("0 9 * * 1", "2026-03-02 09:00"),  # a Monday: APScheduler would say Tuesday
        ("0 9 * * 0", "2026-03-08 09:00"),
        ("0 9 * * 7", "2026-03-08 09:00"),
        ("0 9 * * mon", "2026-03-02 09:00"),
        ("0 9 * * 1-5", "2026-03-02 09:00"),
        ("0 9 1 * *", "2026-04-01 09:00"),
        ("30 8,17 * * *", "2026-03-01 17:30"),
        ("*/15 * * * *", "2026-03-01 12:15"),
        ("0 9 * * 2#1", "2026-03-03 09:00"),
        ("0 9 L * *", "2026-03-31 09:00"),
        ("0 9 31 * *", "2026-03-31 09:00"),
        ("0 9 30 2,4 *", "2026-04-30 09:00"),
    ],
)
def test_a_rule_is_read_as_cron_reads_it(rule: str, expected: str) -> None:
    assert instants(rule, "UTC", "2026-03-01 12:00", 1) == [expected]


@pytest.mark.parametrize(
    ("rule", "zone", "after", "expected"),
    [
        # Hours that a spring change skips: the first instant after the gap, once.
        ("30 2 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-08 07:00", "2026-03-09 06:30"]),
        ("0 2 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-08 07:00", "2026-03-09 06:00"]),
        ("0,30 2 * * *", NEW_YORK, "2026-03-08 05:00", ["2026-03-08 07:00", "2026-03-09 06:00"]),
        ("30 2 * * *", PARIS, "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:30"]),
        # Hours that an autumn change repeats: the first time round, once.
        ("30 1 * * *", NEW_YORK, "2026-10-31 12:00", ["2026-11-01 05:30", "2026-11-02 06:30"]),
        ("30 1 * * 0", NEW_YORK, "2026-10-31 12:00", ["2026-11-01 05:30", "2026-11-08 06:30"]),
        ("30 2 * * *", PARIS, "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        # And from within the second time round: never an instant that has been.
        ("45 1 * * *", NEW_YORK, "2026-11-01 06:10", ["2026-11-02 06:45"]),
        ("30 2 * * *", PARIS, "2026-10-25 01:15", ["2026-10-26 01:30"]),
        # Midnights around a change are not lost.
        ("0 0 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-08 05:00", "2026-03-09 04:00"]),
        ("0 0 * * *", PARIS, "2026-03-28 12:00", ["2026-03-28 23:00", "2026-03-29 22:00"]),
        ("0 0 * * 1", NEW_YORK, "2026-03-02 12:00", ["2026-03-09 04:00", "2026-03-16 04:00"]),
        ("0 0 * * 1", PARIS, "2026-03-23 12:00", ["2026-03-29 22:00", "2026-04-05 22:00"]),
        ("0 0 1 * *", NEW_YORK, "2026-03-01 12:00", ["2026-04-01 04:00", "2026-05-01 04:00"]),
        ("0 0 1 * *", PARIS, "2026-03-01 12:00", ["2026-03-31 22:00", "2026-04-30 22:00"]),
        # Nine in the morning is nine in the morning.
        ("0 9 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-07 14:00", "2026-03-08 13:00"]),
        ("0 9 * * *", PARIS, "2026-10-24 00:00", ["2026-10-24 07:00", "2026-10-25 08:00"]),
        # Ends of months, and the day that comes every four years.
        ("0 9 31 * *", PARIS, "2026-03-31 12:00", ["2026-05-31 07:00", "2026-07-31 07:00"]),
        ("0 9 L * *", NEW_YORK, "2027-02-01 00:00", ["2027-02-28 14:00", "2027-03-31 13:00"]),
        ("0 9 29 2 *", NEW_YORK, "2026-03-01 12:00", ["2028-02-29 14:00", "2032-02-29 14:00"]),
    ],
)
def test_days_on_which_clocks_change_have_one_outcome(
    rule: str, zone: str, after: str, expected: list[str]
) -> None:
    assert instants(rule, zone, after, 2)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-0.1, "2026-03-02 09:00"), (0, "2026-03-09 09:00"), (0.5, "2026-03-09 09:00")],
)
def test_the_next_time_is_later_than_now_to_the_fraction_of_a_second(
    seconds: float, expected: str
) -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC) + timedelta(seconds=seconds)

    assert f"{next_after('0 9 * * 1', 'UTC', now):%Y-%m-%d %H:%M}" == expected


@given(
    rule=st.builds(
        "{} {} * * {}".format, st.integers(0, 59), st.integers(0, 23), st.integers(0, 7)
    ),
    zone=st.sampled_from([NEW_YORK, PARIS, "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]),
    after=st.integers(1_480_000_000, 1_830_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
)
@example(rule="45 1 * * 0", zone=NEW_YORK, after=datetime(2026, 11, 1, 6, 10, tzinfo=UTC))
def test_a_weekly_rule_comes_once_a_week_at_its_hour(rule: str, zone: str, after: datetime) -> None:
    minute, hour, _, _, weekday = rule.split()
    found = [after]
    for _ in range(8):
        found.append(next_after(rule, zone, found[-1]))

    for earlier, later in itertools.pairwise(found):
        assert earlier < later <= earlier + timedelta(days=8)
    for instant in found[1:]:
        local = instant.astimezone(ZoneInfo(zone))
        as_said = local.replace(hour=int(hour), minute=int(minute), fold=0)
        assert local.isoweekday() % 7 == int(weekday) % 7
        assert timedelta(0) <= local.replace(tzinfo=None) - as_said.replace(tzinfo=None)
        assert local.replace(tzinfo=None) - as_said.replace(tzinfo=None) <= timedelta(hours=1)
        assert instant.tzinfo is UTC
