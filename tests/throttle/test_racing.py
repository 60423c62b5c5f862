"""Several processes at one throttle at the same time: the limit holds, and nobody hangs."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline import throttle
from pipeline.db import make_engine, writing
from pipeline.throttle import Need, Scope, take_slots
from tests.throttle.gate import DOMAIN, NOW, PROVIDER, later, limits

ASKS = 60
RULES = {PROVIDER: limits(per_day=100), DOMAIN: limits(per_hour=70)}
FRESH = [Scope("relay", f"{name}.example") for name in range(6)]


def take_again_and_again(url: str, number: int) -> dict[Scope, int]:
    """What one process gets; it learns and takes in one transaction, the domains in its order."""
    engine = make_engine(url)
    got = dict.fromkeys((PROVIDER, DOMAIN, *FRESH), 0)
    order = list(got) if number else list(reversed(got))
    for ask in range(ASKS):
        with writing(engine) as connection:
            troubled = FRESH[ask % 6 if number else -ask % 6]
            throttle.learn(connection, [troubled], {}, NOW)
            for scope in order:
                rules = {**RULES, **dict.fromkeys(FRESH, limits(per_day=9))}
                granted = throttle.take(connection, {scope: 3}, rules, later(ask / 1_000))
                got[scope] += granted[scope].count
    engine.dispose()
    return got


def share_again_and_again(url: str, number: int) -> list[int]:
    engine = make_engine(url)
    got = []
    for ask in range(ASKS):
        with writing(engine) as connection:
            now = later(ask)
            count = take_slots(connection, PROVIDER, str(number), Need(99), 5, now, later(ask + 60))
            rows = connection.exec_driver_sql("SELECT sum(count) FROM slots").scalar_one()
            assert rows <= 5
            got.append(count)
    engine.dispose()
    return got


def at_once(work: Any, url: str) -> list[Any]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        running = [pool.submit(work, url, number) for number in range(2)]
        return [each.result(timeout=60) for each in running]


@pytest.fixture
def url(engine: Engine, database_url: str) -> str:
    engine.dispose()
    return database_url


def test_processes_get_no_more_than_the_limit_together(url: str) -> None:
    one, other = at_once(take_again_and_again, url)

    assert one[PROVIDER] + other[PROVIDER] == 100
    assert one[DOMAIN] + other[DOMAIN] == 70


def test_processes_share_slots(url: str) -> None:
    one, other = at_once(share_again_and_again, url)

    assert 0 < max(one + other) <= 5
