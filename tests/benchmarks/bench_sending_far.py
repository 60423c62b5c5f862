"""Sending to a provider far away and busy: 50 ms for each body, 20 ms for each round trip."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.clients import Sent, median, rate
from tests.benchmarks.measuring import FULL, Row, at_least, at_most, in_turn
from tests.benchmarks.workshop import open_workshop

MESSAGES = 10_000 if FULL else 2_000
RATE = 500  # messages a second that are to be held
MANY, FEW = 60, 40  # connections
ROUNDS = 3
DELAYS = {"body_ms": 50, "travel_ms": 20}


def measure() -> Iterator[Row]:
    """With more and with fewer connections in turn, beside smtp-source, which does not pipeline."""
    with open_workshop() as workshop:
        mailing = workshop.mailing(MESSAGES)
        source = workshop.smtp_source(MANY, MESSAGES)
        many, few, theirs = in_turn(
            [
                lambda: workshop.send(mailing, MANY, **DELAYS),
                lambda: workshop.send(mailing, FEW, **DELAYS),
                lambda: workshop.into_sink(source.send, MESSAGES, **DELAYS),
            ],
            ROUNDS,
        )
        startup = workshop.startup(mailing).cpu_seconds

    def cores(run: Sent) -> float:
        return (run.spent.cpu_seconds - startup) / run.messages * RATE

    yield Row(
        f"a provider at 50 + 20 ms, {MANY} connections",
        median(many, rate),
        "messages/s",
        yardstick=median(theirs, rate),
        against=f"smtp-source, {MANY} connections",
        bound=at_least(RATE),
    )
    yield Row(
        f"a provider at 50 + 20 ms, {FEW} connections",
        median(few, rate),
        "messages/s",
        bound=at_least(goal=RATE),
    )
    yield Row(
        f"the same, cores for {RATE} a second, {MANY} connections",
        median(many, cores),
        "cores",
        bound=at_most(0.25),
    )
    yield Row(
        f"the same, cores for {RATE} a second, {FEW} connections",
        median(few, cores),
        "cores",
        bound=at_most(goal=0.12),
    )
