"""How many may be begun: no window holds more than its limit, and all of the limit can be had."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from pipeline import throttle
from pipeline.config import Limits
from pipeline.db import make_engine, reading, writing
from pipeline.schema import throttles
from pipeline.throttle import Grant, Rule, Scope
from tests.throttle.gate import DOMAIN, NOW, PROVIDER, Gate, later, limits, most_in_a_window

SECONDS = {"per_second": 1, "per_minute": 60, "per_hour": 3_600, "per_day": 86_400}


def rows(engine: Engine) -> list[sa.Row[tuple[object, ...]]]:
    with reading(engine) as connection:
        return list(connection.execute(sa.select(throttles)))


def forget(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(sa.delete(throttles))


# --- limits -------------------------------------------------------------------------------------


def test_without_a_rule_all_is_granted_and_nothing_is_written(engine: Engine) -> None:
    assert Gate(engine).ask(1_000) == Grant(1_000)
    assert rows(engine) == []


@pytest.mark.parametrize(("limit", "seconds"), SECONDS.items())
def test_a_limit_is_granted_once_in_its_window(engine: Engine, limit: str, seconds: int) -> None:
    gate = Gate(engine, limits(**{limit: 3}))

    assert gate.ask(2) == Grant(2)
    assert gate.ask(2) == Grant(1, later(seconds))
    assert gate.take(1, seconds - 0.001) == 0
    assert gate.take(9, seconds) == 3


def test_all_limits_hold_at_once(engine: Engine) -> None:
    gate = Gate(engine, limits(per_second=2, per_minute=3))

    assert gate.ask(5) == Grant(2, later(1))
    assert gate.ask(5, 1) == Grant(1, later(60))
    assert gate.ask(5, 60) == Grant(2, later(61))


def test_what_was_asked_for_bit_by_bit_is_granted_in_full_too(engine: Engine) -> None:
    gate = Gate(engine, limits(per_second=10))

    assert [gate.take(1, moment / 20) for moment in range(12)] == [1] * 10 + [0] * 2
    assert sum(gate.take(10, 1 + moment / 20) for moment in range(20)) == 10


def test_scopes_are_counted_each_by_itself(engine: Engine) -> None:
    rules = {PROVIDER: limits(per_minute=5), DOMAIN: limits(per_minute=2)}
    free = Scope("relay", "elsewhere.example")
    with writing(engine) as connection:
        given = throttle.take(connection, {PROVIDER: 9, DOMAIN: 9, free: 9}, rules, NOW)

    assert given == {PROVIDER: Grant(5, later(60)), DOMAIN: Grant(2, later(60)), free: Grant(9)}
    assert Gate(engine, limits(per_minute=2), Scope("other")).take(9) == 2


def test_a_limit_that_was_lowered_holds_for_what_was_begun_before(engine: Engine) -> None:
    Gate(engine, limits(per_minute=10)).take(6)
    Gate(engine, limits(per_minute=10)).take(4, 30)

    assert Gate(engine, limits(per_minute=4)).ask(9, 40) == Grant(0, later(90))


def test_a_rolled_back_transaction_books_nothing(engine: Engine) -> None:
    gate = Gate(engine, limits(per_minute=1))
    with engine.connect() as connection:
        throttle.take(connection, {PROVIDER: 1}, {PROVIDER: gate.rule}, NOW)
        connection.rollback()

    assert gate.take(1) == 1


def test_quotas_survive_a_restart(engine: Engine, database_url: str) -> None:
    Gate(engine, limits(per_day=5)).take(3)
    Gate(engine).trouble()
    engine.dispose()
    other = make_engine(database_url)

    assert Gate(other, limits(per_day=5)).take(9, 40) == 1  # the pace allows no more at once
    assert Gate(other).pace is not None
    other.dispose()


def test_few_numbers_are_kept_however_many_messages_leave(engine: Engine) -> None:
    gate = Gate(engine, limits(per_minute=100, per_hour=3_000))
    for second in range(0, 240, 2):
        gate.take(3, second)

    (row,) = rows(engine)
    assert {window: len(booked) < 45 for window, booked in row.bookings.items()} == {
        "60": True,
        "3600": True,
    }


ASKS = st.lists(
    st.tuples(st.one_of(st.sampled_from([0, 0.05, 1, 60]), st.floats(0, 100)), st.integers(1, 9)),
    min_size=1,
    max_size=25,
)
SOME_LIMITS = st.fixed_dictionaries(
    {}, optional={name: st.integers(1, 12) for name in SECONDS}
).filter(bool)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ASKS, SOME_LIMITS, st.lists(st.floats(0, 9), min_size=25, max_size=25))
@example([(0.02, 1)] * 20, {"per_second": 5}, [0.0] * 25)
def test_no_window_ever_holds_more_than_its_limit(
    engine: Engine, asks: list[tuple[float, int]], some: dict[str, int], lateness: list[float]
) -> None:
    forget(engine)
    gate = Gate(engine, limits(**some))
    at, latest, taken = 0.0, -9.0, []
    for (wait, wanted), late in zip(asks, lateness, strict=False):
        at = round(at + wait, 6)
        mine = round(at - late, 6)  # who waited for the database comes with an older time
        latest = max(latest, mine)  # and begins no earlier than who came first
        taken.append((latest, gate.take(wanted, mine)))

    for name, limit in some.items():
        assert most_in_a_window(taken, SECONDS[name]) <= limit


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SOME_LIMITS, st.integers(0, 5), st.integers(1, 15))
def test_who_comes_back_when_told_gets_more(
    engine: Engine, some: dict[str, int], first_day: int, wanted: int
) -> None:
    forget(engine)
    gate = Gate(engine, Rule(Limits(**some), first_day))
    at = NOW
    for _ in range(8):
        with writing(engine) as connection:
            given = throttle.take(connection, {PROVIDER: wanted}, {PROVIDER: gate.rule}, at)
        count, again_at = given[PROVIDER].count, given[PROVIDER].again_at
        assert count > 0
        assert (again_at is None) == (count == wanted)
        assert again_at is None or again_at > at
        at = again_at or at
        if again_at is None:
            return


# --- giving back --------------------------------------------------------------------------------


def test_what_is_given_back_can_be_had_again(engine: Engine) -> None:
    gate = Gate(engine, limits(per_second=5, per_day=5))
    gate.take(5)
    gate.give_back(2)

    assert gate.take(9) == 2


def test_nothing_of_another_time_is_given_back(engine: Engine) -> None:
    gate = Gate(engine, limits(per_second=5))
    gate.take(5)
    gate.take(5, 1)
    gate.give_back(5)

    assert gate.take(5, 1.5) == 0


def test_an_earlier_message_does_not_count_longer_for_a_later_one_given_back(
    engine: Engine,
) -> None:
    gate = Gate(engine, limits(per_second=10))
    gate.take(5)
    gate.take(5, 0.9)
    gate.give_back(5)

    assert gate.take(10, 1) == 5


def test_a_learned_pace_takes_back_too(engine: Engine) -> None:
    gate = Gate(engine)
    gate.trouble()
    gate.take(1, 40)
    gate.give_back(1, 40)

    assert gate.take(9, 40) == 1


# --- clocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [-5, -400, -90_000, -3e8])
def test_a_clock_put_back_stops_nothing_for_longer_than_a_window(
    engine: Engine, back: float
) -> None:
    gate = Gate(engine, limits(per_minute=5))
    gate.take(5)

    assert gate.take(9, back) == 0
    assert gate.take(9, back + 59) == 0
    assert gate.take(9, back + 71) == 5


def test_a_clock_put_back_brings_no_more_than_a_fresh_window(engine: Engine) -> None:
    gate = Gate(engine, limits(per_minute=5))
    gate.take(2)

    assert gate.take(9, -400) == 3
    assert gate.take(9, -341) == 0
    assert gate.take(9, -340) == 5


def test_a_clock_put_back_begins_the_ramp_up_anew(engine: Engine) -> None:
    gate = Gate(engine, Rule(first_day=3))
    gate.take(1)
    gate.take(1, -90_000)

    assert gate.take(99, 100) == 6  # more than a day after the second


def test_a_clock_put_back_holds_a_pace_for_one_interval(engine: Engine) -> None:
    gate = Gate(engine)
    gate.trouble()

    assert gate.ask(1, -90_000) == Grant(0, later(-89_970))
    assert gate.take(1, -89_970) == 1


# --- ramp-up ------------------------------------------------------------------------------------

DAY = 86_400


def test_a_ramp_up_doubles_each_day_until_the_daily_limit(engine: Engine) -> None:
    gate = Gate(engine, Rule(Limits(per_day=30), first_day=5))

    assert [gate.take(99, day * DAY) for day in range(5)] == [5, 10, 20, 30, 30]


def test_a_ramp_up_counts_any_24_hours(engine: Engine) -> None:
    gate = Gate(engine, Rule(first_day=4))
    gate.take(1)
    gate.take(3, 0.9 * DAY)

    assert gate.take(99, DAY) == 5  # of 8, three of which are not a day old


def test_a_ramp_up_says_when_its_next_day_begins(engine: Engine) -> None:
    gate = Gate(engine, Rule(first_day=1))
    gate.take(1)

    assert gate.ask(9, 1.4 * DAY) == Grant(2, later(2 * DAY))


def test_a_ramp_up_begins_with_the_first_message(engine: Engine) -> None:
    gate = Gate(engine, Rule(Limits(per_day=100), first_day=5))
    Gate(engine, limits(per_day=100)).take(1, -2 * DAY)

    assert gate.take(99) == 20


def test_a_ramp_up_without_a_daily_limit_grows_beyond_any_list(engine: Engine) -> None:
    gate = Gate(engine, Rule(first_day=1))
    gate.take(1)

    assert gate.take(10**9, 4_000 * DAY) == 10**9
