"""Which troubles a trial has, in which order: chosen by its seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from random import Random

from pipeline.proving.dying import Point
from pipeline.proving.trial import SLOTS


class Kind(StrEnum):
    """What is done to a worker, or to all."""

    KILL = "kill -9"  # at `moment`
    CANCEL = "cancelled"  # a campaign, in mid-send
    FREEZE = "frozen"  # SIGSTOP past the lease, then SIGCONT
    STALE = "outdated result"  # frozen with an answer on its way, while others send again
    PAUSE = "paused"  # the campaigns rest for a while
    STORM = "storm"  # connections break, 421, 450
    DISK = "full disk"  # nothing can be written any more, and then again
    SESSIONS = "database sessions ended"  # as by a server that stops at once


# Where the sink holds a connection while its worker is killed; "" is at any time.
HELD = ("MAIL", "RCPT", "DATA", "part", "lost", "kept", "reply", "")
# These take two: somebody else has to be killed first.
_COSTS = {Point.TAKEOVER: 2, Point.RECONCILE: 2}


@dataclass(frozen=True)
class Trouble:
    """One thing that happens."""

    kind: Kind
    slot: int
    moment: str = ""

    @property
    def name(self) -> str:
        """What it is counted under."""
        if self.kind is not Kind.KILL:
            return str(self.kind)
        return f"{self.kind} at {self.moment or 'any time'}"


def plan(kills: int, chance: Random, *, postgresql: bool = False) -> tuple[Trouble, ...]:
    """All of a trial's troubles: every way to be killed in turn, and what else there is.

    First a campaign is launched, is cancelled in mid-send, and comes to rest.
    """
    first = [(Kind.KILL, Point.LAUNCH), (Kind.CANCEL, ""), (Kind.KILL, Point.SETTLE)]
    if kills < 2:
        first = [(Kind.CANCEL, "")]
    killed = sum(kind is Kind.KILL for kind, _ in first)
    found = [(Kind.KILL, moment) for moment in _moments(kills - killed, chance)]
    found += [(Kind.SESSIONS if postgresql else Kind.DISK, "")] * (1 + kills // 20)
    found += [(Kind.STALE, "")] * (2 + kills // 25)
    found += [(Kind.FREEZE, "")] * (1 + kills // 10)
    found += [(Kind.PAUSE, "")] * ((kills + 5) // 20)
    found += [(Kind.STORM, "")] * ((kills + 4) // 10)
    chance.shuffle(found)
    return tuple(Trouble(kind, chance.randrange(SLOTS), at) for kind, at in (*first, *found))


def _moments(kills: int, chance: Random) -> Iterator[str]:
    """Where to kill so many times."""
    apart = (Point.LAUNCH, Point.SETTLE)
    moments = [*HELD, *(point for point in Point if point not in apart)]
    chance.shuffle(moments)
    for moment in cycle(moments):
        cost = _COSTS.get(moment, 1)  # type: ignore[call-overload]
        if kills <= 0:
            return
        if cost <= kills:
            yield moment
            kills -= cost
