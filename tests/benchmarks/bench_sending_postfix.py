"""Sending into a real Postfix, which writes each message into its queue and then discards it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.benchmarks.clients import Sent, Spent, median, micros, rate
from tests.benchmarks.mailings import Mailing
from tests.benchmarks.measuring import FULL, Row, at_least, in_turn, need
from tests.benchmarks.postfix import Postfix, run_postfix
from tests.benchmarks.workshop import Workshop, open_workshop

MESSAGES = 50_000 if FULL else 5_000
CONNECTIONS = 20
ROUNDS = 3


def measure() -> Iterator[Row]:
    """Both in turn, each into an empty queue."""
    with open_workshop() as workshop, run_postfix(need("postfix")) as postfix:
        mailing = workshop.mailing(MESSAGES)
        source = workshop.smtp_source(CONNECTIONS, MESSAGES)
        ours, theirs = in_turn(
            [
                lambda: _send(workshop, mailing, postfix),
                lambda: _into(postfix, source.send, lambda spent: spent.seconds),
            ],
            ROUNDS,
        )
    yield Row(
        f"sending {MESSAGES:,} into Postfix, {CONNECTIONS} connections",
        median(ours, rate),
        "messages/s",
        yardstick=median(theirs, rate),
        against="smtp-source",
        ratio_bound=at_least(0.90, goal=0.95),
    )
    yield Row(
        "into Postfix: client CPU a message",
        median(ours, micros),
        "µs",
        yardstick=median(theirs, micros),
        against="smtp-source",
    )


def _send(workshop: Workshop, mailing: Mailing, postfix: Postfix) -> Sent:
    copy = mailing.copy(workshop.folder / "copy")
    return _into(
        postfix,
        lambda port: copy.send(port, CONNECTIONS),
        lambda _: copy.sending_seconds(),  # by the ledger: without our start-up
    )


def _into(
    postfix: Postfix, send: Callable[[int], Spent], seconds: Callable[[Spent], float]
) -> Sent:
    spent = send(postfix.port)
    sent = Sent(MESSAGES, MESSAGES / seconds(spent), spent)
    postfix.wait_until_empty()
    return sent
