"""Counting a segment, finding people and showing one, among a million, on both databases."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from pipeline import audience, ledger
from pipeline.audience import read_address, read_rule
from pipeline.db import make_engine, reading, writing
from pipeline.schema import mailing_lists
from tests.benchmarks.measuring import Row, at_most, need, seconds
from tests.support import databases, postgresql

PEOPLE = 1_000_000
ROUNDS = 3
AT = datetime(2026, 3, 3, tzinfo=UTC)
RULES = {
    "text and number": "plan = 'Pro' and visits > 3",
    "tag or date": "tag = 'press' or born < 1970-01-01",
    "neither of two": "not (plan = 'team' or visits <= 1)",
}
SEARCHES = ("reader-05", "@part-7.example", "änne 5", "r")
# How each database counts to a million.
_NUMBERS = {
    "sqlite": "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {people})"
    " SELECT n FROM c)",
    "postgresql": "(SELECT n FROM generate_series(1, {people}) AS n)",
}
_ATTRIBUTES = (
    """'{"plan": "' || CASE n % 3 WHEN 0 THEN 'Pro' WHEN 1 THEN 'free' ELSE 'Team' END"""
    """ || '", "visits": ' || (n % 10) || ', "city": "Larkfield", "born": "'"""
    """ || (1950 + n % 60) || '-05-17"}'"""
)


def measure() -> Iterator[Row]:
    """Each figure is the median of a few, by the clock, in a process of its own to the server."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgresql.run_server(need("postgresql").parent))
        for url in (f"sqlite:///{folder / 'pipeline.db'}", server.create("audience")):
            databases.migrate(url)
            engine = make_engine(url)
            _fill(engine)
            yield from _of_database(engine)
            engine.dispose()


def _of_database(engine: Engine) -> Iterator[Row]:
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine.dialect.name]
    with reading(engine) as connection:
        readers = audience.find_list(connection, "readers")
        for name, text in RULES.items():
            rule = read_rule(text)
            count = _median(lambda: audience.count_segment(connection, rule, AT, readers))  # noqa: B023
            yield Row(f"{kind}: segment of {PEOPLE:,}, {name}", count, "s", bound=at_most(1))
        slowest = max(_median(lambda: _search(connection, text)) for text in SEARCHES)  # noqa: B023
        yield Row(f"{kind}: search, slowest page", slowest * 1000, "ms", bound=at_most(100))
        page = _median(lambda: _history(connection))
        yield Row(f"{kind}: all about one person", page * 1000, "ms", bound=at_most(100))


def _median(work: Callable[[], object]) -> float:
    return statistics.median(seconds(work) for _ in range(ROUNDS))


def _search(connection: Connection, text: str) -> None:
    """The first two pages."""
    for search in audience.read_search(text):
        page = audience.find_people(connection, search)
        audience.find_people(connection, search, after=page.next)


def _history(connection: Connection) -> None:
    address = read_address("reader-0500000@part-0.example")
    person = audience.read_profile(connection, address)
    audience.consent_of(connection, address)
    ledger.deliveries_of(connection, person.id)


def _fill(engine: Engine) -> None:
    """A million people in a few statements of the database's own."""
    numbers = _NUMBERS[engine.dialect.name].format(people=PEOPLE)
    percent = "%%" if engine.dialect.name == "postgresql" else "%"  # as its driver reads them
    cast = "::jsonb" if engine.dialect.name == "postgresql" else ""
    number = "substr(CAST(10000000 + n AS TEXT), 2)"
    address = f"'reader-' || {number} || '@part-' || (n % 20) || '.example'"
    since = "'2026-01-01 00:00:00+00'" if cast else "'2026-01-01 00:00:00.000000'"
    statements = [
        f"""INSERT INTO subscribers
            (id, email, identity, domain, name, name_key, attributes, created_at)
            SELECT n, {address}, {address}, 'part-' || (n % 20) || '.example',
                'Änne ' || n, 'änne ' || n, ({_ATTRIBUTES}){cast}, {since}
            FROM {numbers} AS numbers""",  # noqa: S608
        """INSERT INTO subscriptions (list_id, subscriber_id, state, source, confirmed_at)
            SELECT 1, id, 'confirmed', 'a benchmark', created_at FROM subscribers""",
        """INSERT INTO subscriber_tags (tag, subscriber_id)
            SELECT 'press', id FROM subscribers WHERE id % 50 = 0""",
        """INSERT INTO suppressions (identity, reason, created_at)
            SELECT identity, 'manual', created_at FROM subscribers WHERE id % 200 = 0""",
    ]
    with writing(engine) as connection:
        connection.execute(mailing_lists.insert().values(id=1, name="readers", created_at=AT))
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", percent))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
