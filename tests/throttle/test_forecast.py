"""When all will have left: never earlier than it takes, and little later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from pipeline.config import Limits
from pipeline.throttle import Rule
from pipeline.throttle.forecast import forecast
from pipeline.throttle.pace import Pace, speed_up
from pipeline.throttle.throttle import Throttle, grant, settle
from tests.throttle.gate import NOW, PROVIDER, Gate, later, limits

DAY = 86_400


def really(throttle: Throttle, count: int, rule: Rule, now: datetime) -> datetime:
    """Take as much as is granted, whenever there is more to be had; all of it is accepted."""
    while True:
        throttle, granted = grant(settle(throttle, now), count, rule, now)
        count -= granted.count
        if not count:
            return now
        if throttle.pace is not None:
            throttle = replace(throttle, pace=speed_up(throttle.pace, granted.count, now))
        now = granted.again_at or now


def used(rule: Rule, asks: list[tuple[int, int]]) -> tuple[Throttle, datetime]:
    """A throttle after some asking, and the time then."""
    throttle, now = Throttle(PROVIDER), NOW
    for wait, count in asks:
        now += timedelta(seconds=wait)
        throttle, _ = grant(settle(throttle, now), count, rule, now)
    return settle(throttle, now), now


PER_WINDOW = {"per_second": 1, "per_minute": 60, "per_hour": 3_600, "per_day": DAY}
SOME_LIMITS = st.fixed_dictionaries(
    {}, optional={name: st.integers(1, 40) for name in PER_WINDOW}
).map(lambda some: Limits(**some))
ASKS = st.lists(
    st.tuples(st.sampled_from([0, 1, 7, 60, 900, 3_600, 40_000]), st.integers(1, 30)), max_size=8
)
COUNT = st.integers(1, 400)


@given(SOME_LIMITS, ASKS, COUNT)
def test_under_limits_it_is_never_early_and_a_twentieth_late_at_most(
    some: Limits, asks: list[tuple[int, int]], count: int
) -> None:
    rule = Rule(some)
    throttle, now = used(rule, asks)
    promised, real = forecast(throttle, count, rule, now), really(throttle, count, rule, now)

    windows = [window for name, window in PER_WINDOW.items() if getattr(some, name)]
    assert real <= promised
    assert promised - now <= (real - now) * 1.06 + timedelta(seconds=0.11 * max(windows, default=0))


@given(SOME_LIMITS, st.integers(1, 20), ASKS, st.integers(1, 300))
def test_with_a_ramp_up_it_is_never_early_and_a_few_hours_late_at_most(
    some: Limits, first_day: int, asks: list[tuple[int, int]], count: int
) -> None:
    rule = Rule(some, first_day)
    throttle, now = used(rule, asks)
    promised, real = forecast(throttle, count, rule, now), really(throttle, count, rule, now)

    assert real <= promised
    assert promised - now <= (real - now) * 1.15 + timedelta(hours=5)


@given(SOME_LIMITS, st.floats(0.05, 1_800), st.integers(-50, 50), COUNT)
def test_while_a_domain_recovers_it_is_never_early(
    some: Limits, seconds: float, wait: int, count: int
) -> None:
    next_at = later(wait)
    throttle = Throttle(PROVIDER, pace=Pace(seconds, next_at, next_at))
    promised = forecast(throttle, count, Rule(some), NOW)

    assert really(throttle, count, Rule(some), NOW) <= promised


@pytest.mark.parametrize("count", [1, 2, 40, 500])
def test_a_recovery_alone_is_foretold_to_the_second(count: int) -> None:
    throttle = Throttle(PROVIDER, pace=Pace(30, later(30), later(30)))
    late = forecast(throttle, count, Rule(), NOW) - really(throttle, count, Rule(), NOW)

    assert timedelta() <= late < timedelta(seconds=1)


def test_nothing_binds_where_all_can_be_begun_now(engine: Engine) -> None:
    assert Gate(engine).finish_at(1_000_000) is None
    assert Gate(engine, limits(per_minute=10)).finish_at(10) is None
    assert Gate(engine, limits(per_minute=10)).finish_at(0) is None


def test_what_is_booked_already_counts(engine: Engine) -> None:
    gate = Gate(engine, limits(per_hour=10))
    gate.take(10)
    gate.take(10, 3_600)

    assert gate.finish_at(10, 7_000) == later(7_200 + 180)  # the hour before may yet grow
    assert gate.finish_at(20, 7_200) == later(10_800)


def test_a_million_at_14_a_second_and_50_000_a_day_take_19_days_and_some_hours(
    engine: Engine,
) -> None:
    gate = Gate(engine, limits(per_second=14, per_day=50_000))
    found = gate.finish_at(1_000_000)

    assert found is not None
    assert timedelta(days=19, hours=1) < found - NOW < timedelta(days=19, hours=3)


def test_a_ramp_up_to_a_million_takes_ten_days(engine: Engine) -> None:
    found = Gate(engine, Rule(first_day=1_000)).finish_at(1_000_000)

    assert found is not None
    assert timedelta(days=9) <= found - NOW < timedelta(days=10)


def test_the_slowest_scope_decides(engine: Engine) -> None:
    gate = Gate(engine, limits(per_minute=10))
    gate.trouble()

    assert gate.finish_at(1) == later(30)
    assert gate.finish_at(2) == later(60.000001)  # rounded up
