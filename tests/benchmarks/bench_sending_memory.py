"""Memory while sending: a long list must not need more than a short one."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measuring import FULL, Row, at_most
from tests.benchmarks.workshop import open_workshop

SHORT = 10_000
LONG = 1_000_000 if FULL else 100_000
CONNECTIONS = 20
MEGABYTE = 1_000_000


def measure() -> Iterator[Row]:
    """Each once: a peak of memory hardly varies."""
    with open_workshop() as workshop:
        short, long = (
            workshop.send(workshop.mailing(people), CONNECTIONS).spent.peak_bytes / MEGABYTE
            for people in (SHORT, LONG)
        )
    yield Row(
        f"peak memory at {LONG:,} recipients",
        long,
        "MB",
        yardstick=short,
        against=f"at {SHORT:,}",
        bound=at_most(200, goal=100),
        ratio_bound=at_most(1.2, goal=1.05),
    )
