"""What a measurement is, and how times are taken."""

from __future__ import annotations

import functools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.support.programs import PROGRAMS, find, sentence

Measured = TypeVar("Measured")

FULL = os.environ.get("FULL") == "1"  # whole lists of a million; else what fits into minutes
ROOT = Path(__file__).parents[2]


class Missing(Exception):
    """What this machine lacks for a measurement, in a sentence."""


@dataclass(frozen=True)
class Bound:
    """What a figure must keep, and where it should come to; either may be absent."""

    must: float | None = None
    goal: float | None = None
    least: bool = False  # whether more is better

    def kept_by(self, figure: float) -> bool:
        """Whether a figure is on the right side of what it must keep."""
        return self._is_reached(self.must, figure)

    def met_by(self, figure: float) -> bool:
        """Whether it is where it should come to."""
        return self._is_reached(self.goal, figure)

    def _is_reached(self, limit: float | None, figure: float) -> bool:
        return limit is None or (figure >= limit if self.least else figure <= limit)


def at_most(must: float | None = None, *, goal: float | None = None) -> Bound:
    """Less is better."""
    return Bound(must, goal)


def at_least(must: float | None = None, *, goal: float | None = None) -> Bound:
    """More is better."""
    return Bound(must, goal, least=True)


@dataclass(frozen=True)
class Row:
    """One figure; `yardstick` is in the same unit and was taken in the same minute.

    `bound` holds the value and `ratio_bound` the ratio; a figure without a bound informs.
    """

    name: str
    value: float
    unit: str
    yardstick: float | None = None
    against: str = ""  # what the yardstick is
    bound: Bound = Bound()
    ratio_bound: Bound = Bound()

    @property
    def ratio(self) -> float | None:
        """The value in yardsticks."""
        return self.value / self.yardstick if self.yardstick else None

    @property
    def holds(self) -> bool:
        """Whether the figure is what it must be."""
        return self.bound.kept_by(self.value) and self.ratio_bound.kept_by(self.ratio or 0)

    @property
    def arrived(self) -> bool:
        """Whether the figure is where it should come to."""
        return self.bound.met_by(self.value) and self.ratio_bound.met_by(self.ratio or 0)


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, by the clock on the wall."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_python(*arguments: str | Path) -> str:
    """What a fresh interpreter prints; it starts in the project's folder."""
    finished = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return finished.stdout


def in_turn(works: Sequence[Callable[[], Measured]], rounds: int) -> list[list[Measured]]:
    """What each gives in all rounds, taken in turn so that a busy moment falls on all of them."""
    given = [[work() for work in works] for _ in range(rounds)]
    return [list(column) for column in zip(*given, strict=True)]


def medians_in_turn(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The median seconds of each, taken in turn."""
    times = in_turn([functools.partial(seconds, work) for work in works], rounds)
    return [statistics.median(column) for column in times]


def need(name: str) -> Path:
    """Where a program of tests/support/programs.py is. Raises Missing."""
    found = find(PROGRAMS[name])
    if found is None:
        raise Missing(sentence(name))
    return found
