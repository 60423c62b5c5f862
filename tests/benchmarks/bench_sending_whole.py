"""A campaign leaves over 20 connections, beside smtp-source and beside a naive sender."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.clients import Sent, Spent, median, micros, rate, spend
from tests.benchmarks.measuring import FULL, Row, at_least, at_most, in_turn
from tests.benchmarks.workshop import Workshop, open_workshop

MESSAGES = 200_000 if FULL else 20_000
NAIVE_MESSAGES = 300
CONNECTIONS = 20
ROUNDS = 3


def measure() -> Iterator[Row]:
    """All three in turn, into the same kind of sink, the same message."""
    with open_workshop() as workshop:
        mailing = workshop.mailing(MESSAGES)
        source = workshop.smtp_source(CONNECTIONS, MESSAGES)
        ours, theirs, naive = in_turn(
            [
                lambda: workshop.send(mailing, CONNECTIONS),
                lambda: workshop.into_sink(source.send, MESSAGES),
                lambda: _send_naively(workshop),
            ],
            ROUNDS,
        )
        startup = workshop.startup(mailing)
    yield from _beside_smtp_source(ours, theirs, startup)
    yield from _beside_a_naive_sender(ours, naive)


def _beside_smtp_source(
    ours: Sequence[Sent], theirs: Sequence[Sent], startup: Spent
) -> Iterator[Row]:
    yield Row(
        f"sending {MESSAGES:,}, {CONNECTIONS} connections, SQLite",
        median(ours, rate),
        "messages/s",
        yardstick=median(theirs, rate),
        against="smtp-source",
        ratio_bound=at_least(0.25, goal=0.45),
    )
    yield Row(
        "sending: CPU a message, start-up included",
        median(ours, micros),
        "µs",
        yardstick=median(theirs, micros),
        against="smtp-source",
        ratio_bound=at_most(8, goal=4),
    )
    yield Row("sending: start-up's share of that", startup.cpu_seconds / MESSAGES * 1e6, "µs")


def _beside_a_naive_sender(ours: Sequence[Sent], naive: Sequence[Sent]) -> Iterator[Row]:
    yield Row(
        "sending, beside a naive sender",
        median(ours, rate),
        "messages/s",
        yardstick=median(naive, rate),
        against="naive",
        ratio_bound=at_least(30),
    )
    yield Row(
        "sending: CPU a message, beside a naive sender",
        median(ours, micros),
        "µs",
        yardstick=median(naive, micros),
        against="naive",
    )


def _send_naively(workshop: Workshop) -> Sent:
    database = workshop.folder / "naive.db"
    database.unlink(missing_ok=True)

    def send(port: int) -> Spent:
        words: list[str | Path] = [str(port), str(NAIVE_MESSAGES), database]
        return spend([sys.executable, "-m", "tests.benchmarks.naive_sender", *words])

    return workshop.into_sink(send, NAIVE_MESSAGES)
