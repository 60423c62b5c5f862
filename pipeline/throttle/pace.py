"""A learned pace: a domain had trouble with us, so it gets less, and slowly more again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from pipeline.throttle.windows import LATE

FIRST_SECONDS = 30.0
LONGEST_SECONDS = 1_800.0
SHORTEST_SECONDS = 0.05  # below it, a pace is forgotten
EASE = 0.9  # of the interval is left after a message was accepted


@dataclass(frozen=True)
class Pace:
    """A message each `interval_seconds`, the next one at `next_at`.

    What is heard before `heard_from` is about messages begun before the trouble was known.
    """

    interval_seconds: float
    next_at: datetime
    heard_from: datetime

    @property
    def interval(self) -> timedelta:
        """The time between two messages."""
        return timedelta(seconds=self.interval_seconds)


def slow_down(pace: Pace | None, now: datetime) -> Pace:
    """A domain had trouble: wait, and twice as long as the last time if it is new trouble."""
    if pace is not None and now < pace.heard_from:
        return pace
    seconds = min(pace.interval_seconds * 2, LONGEST_SECONDS) if pace else FIRST_SECONDS
    until = now + timedelta(seconds=seconds)
    return Pace(seconds, until, until)


def speed_up(pace: Pace | None, accepted: int, now: datetime) -> Pace | None:
    """A domain accepted messages: ease; None when there is nothing left to ease."""
    if pace is None or now < pace.heard_from:
        return pace
    eased = pace.interval_seconds * EASE**accepted
    return replace(pace, interval_seconds=eased) if eased >= SHORTEST_SECONDS else None


def settle(pace: Pace, now: datetime) -> Pace:
    """Bring a wait that only a wrong clock can have written back to one interval."""
    latest = now + timedelta(seconds=LONGEST_SECONDS) + LATE
    if max(pace.next_at, pace.heard_from) <= latest:
        return pace
    until = now + pace.interval
    return replace(pace, next_at=min(pace.next_at, until), heard_from=min(pace.heard_from, until))


def ready(pace: Pace, now: datetime) -> int:
    """How many may be begun now: those whose time has come, and at most a second's worth."""
    if now < pace.next_at:
        return 0
    return min((now - pace.next_at) // pace.interval + 1, _at_once(pace))


def move_on(pace: Pace, count: int, now: datetime) -> Pace:
    """The pace after `count` were begun."""
    if not count:
        return pace
    oldest = now - (_at_once(pace) - 1) * pace.interval
    return replace(pace, next_at=max(pace.next_at, oldest) + count * pace.interval)


def move_back(pace: Pace, count: int, taken_at: datetime) -> Pace:
    """The pace after `count` were not begun after all; what was learned meanwhile holds."""
    earlier = max(pace.next_at - count * pace.interval, taken_at, pace.heard_from)
    return replace(pace, next_at=min(pace.next_at, earlier))


def recovery(pace: Pace, count: int, now: datetime) -> timedelta:
    """How long `count` messages take, if all are accepted from now on."""
    waits = [timedelta(seconds=each) for each in islice(_intervals(pace), count - 1)]
    rounded = timedelta.resolution * len(waits)
    return sum(waits, max(pace.next_at - now, timedelta()) + rounded)


def _intervals(pace: Pace) -> Iterator[float]:
    seconds = pace.interval_seconds
    while seconds >= SHORTEST_SECONDS:
        yield seconds
        seconds *= EASE


def _at_once(pace: Pace) -> int:
    return max(1, int(1 / pace.interval_seconds))
