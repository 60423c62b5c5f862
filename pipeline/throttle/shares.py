"""How workers share what a provider allows at one time: each its part, each in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

TURN = timedelta(seconds=60)  # with more workers than slots, how long one keeps what others await


class Need(NamedTuple):
    """What one worker asks for, and what it still uses of what it had."""

    wanted: int
    in_use: int = 0


@dataclass(frozen=True)
class Share:
    """What one live worker holds, or since when it waits for some if that is nothing."""

    worker: str
    count: int
    since: datetime


def divide(mine: Share, others: Sequence[Share], wanted: int, limit: int, now: datetime) -> int:
    """How many `mine` may hold from now on: no more than is free, and no more than is fair.

    What is free goes to those who wait, in their order, before anybody holds more than before.
    """
    free = max(0, limit - sum(other.count for other in others))
    workers = len(others) + 1
    waiting = [other for other in others if not other.count]
    if mine.count and waiting and workers > limit and now - mine.since >= TURN:
        return 0
    first = [other for other in waiting if mine.count or _place(other) < _place(mine)]
    fair = max(1, limit // workers)
    return min(wanted, fair, free, max(mine.count, free - len(first)))


def _place(share: Share) -> tuple[datetime, str]:
    return share.since, share.worker
