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

    KILL = "kill"  # kill -9, at `moment`
    FREEZE = "freeze"  # SIGSTOP past the lease, then SIGCONT
    STALE = "stale"  # frozen with an answer on its way, while others decide and send again
    PAUSE = "pause"  # the campaign rests for a while
    STORM = "storm"  # connections break, 421, 450


# Where the sink holds a connection while its worker is killed; "" is at any time.
HELD = ("MAIL", "RCPT", "DATA", "part", "lost", "kept", "reply", "")


@dataclass(frozen=True)
class Trouble:
    """One thing that happens."""

    kind: Kind
    slot: int
    moment: str = ""


def plan(kills: int, chance: Random) -> tuple[Trouble, ...]:
    """All of a trial's troubles: every way to be killed in turn, and what else there is."""
    found = [(Kind.KILL, moment) for moment in _moments(kills - 1, chance)]
    found += [(Kind.STALE, "")] * (1 + kills // 10)
    found += [(Kind.FREEZE, "")] * (kills // 6)
    found += [(Kind.PAUSE, "")] * (kills // 10)
    found += [(Kind.STORM, "")] * ((kills + 4) // 5)
    chance.shuffle(found)
    launch: list[tuple[Kind, str]] = [(Kind.KILL, Point.LAUNCH)] if kills else []
    return tuple(Trouble(kind, chance.randrange(SLOTS), at) for kind, at in (*launch, *found))


def _moments(kills: int, chance: Random) -> Iterator[str]:
    """Where to kill so many times; who is to die in a takeover has to be killed before."""
    moments = [*HELD, *(point for point in Point if point is not Point.LAUNCH)]
    chance.shuffle(moments)
    for moment in cycle(moments):
        cost = 2 if moment == Point.TAKEOVER else 1
        if kills <= 0:
            return
        if cost <= kills:
            yield moment
            kills -= cost
