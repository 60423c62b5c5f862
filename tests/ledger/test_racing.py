"""Two workers on the same rows at the same time: each message leaves once, and nobody hangs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import Engine, event

from pipeline.db import make_engine
from tests.ledger.books import Books, later
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


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run jobs in threads of their own, from one moment on; raises what one of them raised."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
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
