"""Connections shared by workers: never more than there are, fairly, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from pipeline.db import writing
from pipeline.schema import slots
from pipeline.throttle import Need, return_slots, take_slots
from tests.throttle.gate import DOMAIN, PROVIDER, later

LEASE = 60


@dataclass
class Hall:
    """A provider that allows so many connections."""

    engine: Engine
    limit: int

    def take(self, worker: str, wanted: int = 99, at: float = 0, in_use: int = 0) -> int:
        with writing(self.engine) as connection:
            times = later(at), later(at + LEASE)
            return take_slots(
                connection, PROVIDER, worker, Need(wanted, in_use), self.limit, *times
            )

    def leave(self, worker: str) -> None:
        with writing(self.engine) as connection:
            return_slots(connection, worker)


@pytest.fixture
def hall(engine: Engine) -> Callable[[int], Hall]:
    return lambda limit: Hall(engine, limit)


Make = Callable[[int], Hall]


def test_one_worker_gets_all_and_no_more_than_it_wants(hall: Make) -> None:
    assert hall(20).take("a") == 20
    assert hall(20).take("a", 8) == 8


def test_a_newcomer_gets_what_is_free_up_to_its_share(hall: Make) -> None:
    house = hall(20)
    house.take("a", 14)

    assert house.take("b") == 6
    assert hall(20).take("c", 2) == 0


def test_who_holds_more_than_its_share_hands_it_on_at_its_next_call(hall: Make) -> None:
    house = hall(20)
    house.take("a")

    assert house.take("b") == 0
    assert house.take("a") == 10
    assert house.take("b") == 10


def test_what_is_still_open_is_handed_on_when_it_is_closed(hall: Make) -> None:
    house = hall(20)
    house.take("a")
    house.take("b")

    assert house.take("a", in_use=12) == 10
    assert house.take("b") == 8
    assert house.take("a", in_use=10) == 10
    assert house.take("b") == 10


def test_what_a_silent_worker_held_is_free_again(hall: Make) -> None:
    house = hall(20)
    house.take("a")

    assert house.take("b", at=2 * LEASE - 1) == 0
    assert house.take("b", at=2 * LEASE) == 20
    assert house.take("a", at=2 * LEASE) == 0


def test_who_leaves_gives_all_back(hall: Make) -> None:
    house = hall(20)
    house.take("a")
    house.leave("a")

    assert house.take("b") == 20


def test_who_wants_nothing_holds_up_nobody(hall: Make) -> None:
    house = hall(20)
    house.take("a")
    house.take("b", 0)
    house.take("a", 0)

    assert house.take("c") == 20


def test_scopes_have_slots_each_for_itself(hall: Make) -> None:
    house = hall(4)
    house.take("a")
    with writing(house.engine) as connection:
        assert take_slots(connection, DOMAIN, "b", Need(9), 3, later(0), later(9)) == 3


def test_a_clock_put_back_keeps_no_dead_worker_in_its_place(hall: Make) -> None:
    house = hall(20)
    house.take("dead", at=1e6)

    assert house.take("a", at=0) == 0
    assert house.take("a", at=2 * LEASE) == 20


def test_workers_whose_clocks_differ_share_all_the_same(hall: Make) -> None:
    house = hall(20)
    for at in (0, 20, 40):
        ahead, behind = house.take("ahead", at=at + LEASE + 10), house.take("behind", at=at)

    assert (ahead, behind) == (10, 10)


@pytest.mark.parametrize("limit", [1, 2])
def test_more_workers_than_slots_take_turns(hall: Make, limit: int) -> None:
    house = hall(limit)
    held = dict.fromkeys("abcd", 0)
    for at in range(0, 1_200, 20):
        for worker in held:
            held[worker] += house.take(worker, at=at)

    assert min(held.values()) > 5


CALLS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from([0, 1, 3, 99]),
        st.sampled_from([0, 1, 20, 45, 61, 121, 200]),
    ),
    max_size=40,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CALLS, st.integers(1, 9))
def test_live_workers_never_hold_more_than_there_is(
    hall: Make, calls: list[tuple[str, int, int]], limit: int
) -> None:
    house = hall(limit)
    with writing(house.engine) as connection:
        connection.execute(delete(slots))
    held: dict[str, tuple[int, int]] = {}
    at = 0
    for worker, wanted, wait in calls:
        at += wait
        count = house.take(worker, wanted, at)
        held[worker] = (count, at + LEASE)
        assert count <= wanted
        assert sum(count for count, until in held.values() if until > at) <= limit
