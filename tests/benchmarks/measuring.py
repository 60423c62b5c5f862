"""What a measurement is, and how times are taken."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Row:
    """One figure; `yardstick` is in the same unit and was taken in the same minute.

    `at_most` bounds the value and `ratio_at_most` the ratio; a figure without a bound informs.
    """

    name: str
    value: float
    unit: str
    yardstick: float | None = None
    against: str = ""  # what the yardstick is
    at_most: float | None = None
    ratio_at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value in yardsticks."""
        return self.value / self.yardstick if self.yardstick else None

    @property
    def holds(self) -> bool:
        """Whether the bounds are kept."""
        by_value = self.at_most is None or self.value <= self.at_most
        by_ratio = self.ratio_at_most is None or (self.ratio or 0) <= self.ratio_at_most
        return by_value and by_ratio


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


def medians_in_turn(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The median seconds of each, taken in turn so that a busy moment falls on all of them."""
    times = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)]
