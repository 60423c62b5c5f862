"""What a throttle learns: trouble slows a domain down, acceptance speeds it up again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from pipeline import throttle
from pipeline.db import reading, writing
from pipeline.throttle import Grant, Pace, Scope
from tests.throttle.gate import DOMAIN, NOW, PROVIDER, Gate, later, limits


@pytest.fixture
def gate(engine: Engine) -> Gate:
    return Gate(engine, scope=DOMAIN)


def slowed(gate: Gate, times: int) -> float:
    """Have trouble with every message so often; gives the time of the next."""
    at = 0.0
    for _ in range(times):
        gate.trouble(at)
        assert gate.pace is not None
        at = (gate.pace.next_at - NOW).total_seconds()
        assert gate.take(1, at) == 1
    return at


def test_the_first_trouble_makes_a_domain_wait(gate: Gate) -> None:
    gate.trouble()

    assert gate.pace == Pace(30, later(30), later(30))
    assert gate.ask(20, 29) == Grant(0, later(30))
    assert gate.ask(20, 30) == Grant(1, later(60))


def test_only_that_domain_is_slowed_down(gate: Gate) -> None:
    gate.trouble()

    assert Gate(gate.engine, scope=PROVIDER).take(50) == 50
    assert Gate(gate.engine, scope=Scope("relay", "elsewhere.example")).take(50) == 50


def test_twenty_connections_learn_one_trouble(gate: Gate) -> None:
    for tenths in range(20):
        gate.trouble(tenths / 10)

    assert gate.pace == Pace(30, later(30), later(30))


def test_trouble_with_the_next_message_doubles_the_wait(gate: Gate) -> None:
    gate.trouble()
    gate.take(1, 30)
    gate.trouble(31)  # before the one after it would be due

    assert gate.pace == Pace(60, later(91), later(91))


def test_the_wait_has_an_end(gate: Gate) -> None:
    slowed(gate, 12)

    assert gate.pace is not None
    assert gate.pace.interval_seconds == 1_800


def test_what_was_begun_before_the_trouble_and_accepted_after_it_eases_nothing(gate: Gate) -> None:
    with writing(gate.engine) as connection:
        throttle.learn(connection, [DOMAIN], {DOMAIN: 19}, NOW)
    gate.accept(19, 5)

    assert gate.pace == Pace(30, later(30), later(30))


def test_each_acceptance_eases_by_a_tenth(gate: Gate) -> None:
    gate.trouble()
    gate.take(1, 30)
    gate.accept(2, 31)

    assert gate.pace is not None
    assert gate.pace.interval_seconds == pytest.approx(24.3)


def test_full_speed_is_back_about_ten_intervals_later(gate: Gate) -> None:
    gate.trouble()
    at = 30.0
    while gate.pace is not None:
        gate.accept(gate.take(1, at), at)
        if gate.pace is not None:
            at = (gate.pace.next_at - NOW).total_seconds()

    assert 300 < at < 340
    assert gate.take(500, at) == 500


def test_at_a_short_interval_no_more_than_a_second_holds_is_granted_at_once(gate: Gate) -> None:
    gate.trouble()
    gate.accept(45, 30)
    assert gate.pace is not None
    second = int(1 / gate.pace.interval_seconds)

    granted = gate.ask(500, 3_000)
    assert granted.count == second > 1
    assert granted.again_at is not None
    assert granted.again_at > later(3_000)


def test_a_pace_and_limits_hold_both(gate: Gate) -> None:
    slow = replace(gate, rule=limits(per_day=1))
    slow.trouble()

    assert slow.take(5, 40) == 1
    assert slow.ask(5, 80) == Grant(0, later(86_440))


def test_trouble_of_the_provider_is_learned_for_the_provider(engine: Engine) -> None:
    provider = Gate(engine)
    provider.trouble()
    with reading(engine) as connection:
        assert set(throttle.read_learned(connection)) == {PROVIDER}
    assert provider.take(5) == 0


def test_nothing_is_written_while_all_goes_well(gate: Gate) -> None:
    gate.accept(20)

    assert gate.pace is None
