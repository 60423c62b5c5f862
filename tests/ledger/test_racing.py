"""Two workers on the same rows at the same time: each message leaves once, and nobody hangs."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Barrier
from typing import TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event

from pipeline import ledger
from pipeline.db import make_engine, reading, writing
from pipeline.ledger import Result, Start
from pipeline.schema import DeliveryStatus, deliveries
from tests.ledger.books import LEASE, NOW, Books, later
from tests.ledger.conftest import Open

PEOPLE = 120
ROUNDS = 10
WORKERS = ("a", "b")


@contextmanager
def own_connections(campaign: Books, url: str) -> Iterator[tuple[Books, ...]]:
    """Books for each worker, on an engine of its own, as separate processes have."""
    with ExitStack() as stack:
        engines = [make_engine(url) for _ in WORKERS]
        for number, engine in enumerate(engines):
            stack.callback(engine.dispose)
            if engine.dialect.name == "postgresql":
                _look_differently(engine, number)
        yield tuple(replace(campaign, engine=engine) for engine in engines)


def _look_differently(engine: Engine, number: int) -> None:
    """Let each worker's statements walk the table another way: by rows, or by the index."""

    @event.listens_for(engine, "connect")
    def set_up(connection: object, _record: object) -> None:
        methods = ("indexscan", "bitmapscan") if number else ("seqscan", "bitmapscan")
        with connection.cursor() as cursor:  # type: ignore[attr-defined]  # psycopg's
            for method in methods:
                cursor.execute(f"SET enable_{method} = off")
        connection.commit()  # type: ignore[attr-defined]


T = TypeVar("T")


def at_once(*jobs: Callable[[], T]) -> list[T]:
    """Run jobs in threads of their own, from one moment on; raises what one of them raised."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def in_some_order(seed: int) -> list[int]:
    chance = random.Random(seed)  # mixes rows, guards nothing
    return chance.sample(range(1, PEOPLE + 1), PEOPLE)


@pytest.mark.parametrize("size", [13, PEOPLE])
def test_each_message_is_started_exactly_once(books: Open, database_url: str, size: int) -> None:
    campaign = books(PEOPLE).launch()
    campaign.open_all(1000)
    for one in in_some_order(2):
        campaign.start([one])  # the table's order is now another than that of ids
        campaign.defer([one], later())

    with own_connections(campaign, database_url) as workers:
        for round_ in range(2, ROUNDS + 2):
            started: list[Counter[int]] = [Counter() for _ in workers]

            def work(number: int, started: list[Counter[int]] = started) -> None:
                order = in_some_order(number)
                for begin in range(0, PEOPLE, size):
                    wishes = order[begin : begin + size]
                    started[number].update(workers[number].start(wishes, WORKERS[number]).keys())

            at_once(lambda: work(0), lambda: work(1))

            assert started[0] + started[1] == Counter(range(1, PEOPLE + 1))
            assert {row.attempt for row in campaign.rows.values()} == {round_}
            campaign.defer(range(1, PEOPLE + 1), later(), attempt=round_)


ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)  # on SQLite one transaction writes at a time


@ON_POSTGRESQL
def test_who_wants_the_same_rows_waits_in_one_order_however_they_are_found(books: Open) -> None:
    campaign = books(2).launch()
    campaign.open_all()
    campaign.start([1])
    campaign.defer(
        [1], NOW
    )  # a scan of the table now meets 2 before 1, one of the index 1 before 2
    wishes = [Start(campaign.campaign_id, one) for one in (1, 2)]

    def start(without: str) -> int:
        with writing(campaign.engine) as connection:
            for kind in (without, "bitmapscan"):
                connection.execute(sa.text(f"SET LOCAL enable_{kind} = off"))
            return len(ledger.start(connection, wishes, without, NOW))

    with ThreadPoolExecutor(2) as pool:
        with writing(campaign.engine) as other:
            first = deliveries.c.subscriber_id == 1
            other.execute(sa.select(deliveries.c.attempt).where(first).with_for_update())
            by_index = pool.submit(start, "seqscan")
            wait_for_waiting(campaign, 1)
            by_table = pool.submit(start, "indexscan")
            wait_for_waiting(campaign, 2)
        assert sorted((by_index.result(), by_table.result())) == [0, 2]


def wait_for_waiting(books: Books, count: int) -> None:
    """Look until so many transactions wait for one that holds a row."""
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until = time.monotonic() + 20
    found = 0
    while found < count:
        assert time.monotonic() < until, f"{found} of {count} wait"
        with reading(books.engine) as connection:
            found = connection.execute(waiting).scalar_one()


@ON_POSTGRESQL
def test_a_range_is_taken_over_without_waiting_for_a_reply_on_its_way(books: Open) -> None:
    campaign = books(2).launch()
    campaign.open_all()
    lent = campaign.must_lease("a")
    campaign.start([1, 2], "a")
    late = later(seconds=LEASE + 1)

    with ThreadPoolExecutor(1) as pool, writing(campaign.engine) as slow:
        ledger.record(slow, [Result(campaign.campaign_id, 1, 1, DeliveryStatus.SENT)], late)
        taken = pool.submit(campaign.lease, "b", now=late).result(timeout=20)
        ledger.release_range(slow, lent, "a", late)

    assert taken == lent
    assert campaign.status(1) is DeliveryStatus.SENT
    assert campaign.status(2) is DeliveryStatus.UNKNOWN
    with reading(campaign.engine) as connection:
        assert ledger.read_workers(connection) == {"b"}


@ON_POSTGRESQL
def test_a_row_that_was_passed_over_is_taken_over_later(books: Open) -> None:
    campaign = books(1).launch()
    campaign.open_all()
    lent = campaign.must_lease("a")
    campaign.start([1], "a")
    late = later(seconds=LEASE + 1)
    with ThreadPoolExecutor(1) as pool, campaign.engine.connect() as dying:
        ledger.record(dying, [Result(campaign.campaign_id, 1, 1, DeliveryStatus.SENT)], late)
        pool.submit(campaign.lease, "b", now=late).result(timeout=20)
        dying.rollback()
    campaign.release(lent, "b", now=late)
    campaign.must_lease("b", now=late)

    assert campaign.status(1) is DeliveryStatus.UNKNOWN


@pytest.mark.parametrize("first", ["reply", "release"])
def test_a_range_is_not_finished_past_a_late_deferral(
    books: Open, database_url: str, first: str
) -> None:
    campaign = books(1).launch()
    campaign.open_all()
    campaign.must_lease("a")
    campaign.start([1], "a")
    late = later(seconds=LEASE + 1)
    lent = campaign.must_lease("b", now=late)
    deferred = Result(
        campaign.campaign_id, 1, 1, DeliveryStatus.DEFERRED, next_attempt_at=later(minutes=9)
    )

    def reply(connection: Connection) -> None:
        ledger.record(connection, [deferred], late)

    def release(connection: Connection) -> None:
        ledger.release_range(connection, lent, "b", late)
        ledger.finish_campaigns(connection, late)

    one, other = (reply, release) if first == "reply" else (release, reply)
    with own_connections(campaign, database_url) as workers, ThreadPoolExecutor(1) as pool:

        def in_its_own_transaction() -> None:
            with writing(workers[1].engine) as connection:
                other(connection)

        with writing(workers[0].engine) as connection:
            one(connection)
            waiting = pool.submit(in_its_own_transaction)
        waiting.result(timeout=20)
    campaign.finish(now=late)

    assert not campaign.is_sent()
    assert campaign.lease("c", now=later(minutes=9)) == lent


def test_each_range_is_lent_to_one_worker(books: Open, database_url: str) -> None:
    campaign = books(60).launch()
    campaign.open_all(2)
    with own_connections(campaign, database_url) as workers:

        def take_all(number: int) -> list[int]:
            found = []
            while lent := workers[number].lease(WORKERS[number]):
                found.append(lent.low)
            return found

        taken = at_once(lambda: take_all(0), lambda: take_all(1))

    assert sorted([*taken[0], *taken[1]]) == list(range(1, 61, 2))


def test_a_roster_opened_by_two_workers_has_everyone_once(books: Open, database_url: str) -> None:
    campaign = books(60).launch()
    with own_connections(campaign, database_url) as workers:
        at_once(lambda: workers[0].open_all(4), lambda: workers[1].open_all(4))
        campaign.open_all(4)

    assert list(campaign.rows) == list(range(1, 61))
    assert campaign.sheet.roster_complete
    assert campaign.sheet.closes
