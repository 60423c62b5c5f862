"""The ledger in PostgreSQL instead of SQLite, both keeping every commit through a power cut."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.clients import Sent, Spent, median, micros, rate
from tests.benchmarks.mailings import Mailing, make_mailing
from tests.benchmarks.measuring import FULL, Row, at_least, in_turn, need
from tests.benchmarks.workshop import Workshop, open_workshop
from tests.support import postgresql
from tests.support.databases import database_on

MESSAGES = 100_000 if FULL else 10_000
CONNECTIONS = 20
ROUNDS = 3


def measure() -> Iterator[Row]:
    """Both in turn, each time on a fresh copy of the database."""
    programs = need("postgresql").parent
    with open_workshop() as workshop, postgresql.run_server(programs, durable=True) as server:
        light = workshop.mailing(MESSAGES)
        root = workshop.folder / "postgresql"
        full = make_mailing(root, MESSAGES, server.create("prepared"))
        sqlite, postgres = in_turn(
            [
                lambda: workshop.send(light, CONNECTIONS),
                lambda: _send(workshop, full, server),
            ],
            ROUNDS,
        )
    yield Row(
        f"sending {MESSAGES:,}, ledger in PostgreSQL",
        median(postgres, rate),
        "messages/s",
        yardstick=median(sqlite, rate),
        against="SQLite",
        ratio_bound=at_least(0.5, goal=0.8),
    )
    yield Row(
        "ledger in PostgreSQL: CPU a message, server's left out",
        median(postgres, micros),
        "µs",
        yardstick=median(sqlite, micros),
        against="SQLite",
    )


def _send(workshop: Workshop, mailing: Mailing, server: postgresql.Server) -> Sent:
    with database_on(server, "copy", "prepared") as url:
        copy = mailing.copy(workshop.folder / "copy-postgresql", url)

        def send(port: int) -> Spent:
            return copy.send(port, CONNECTIONS)

        return workshop.into_sink(send, MESSAGES)
