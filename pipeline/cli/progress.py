"""Progress in the terminal: stages, then a bar with rate and time left; plain when piped."""

from __future__ import annotations

import math
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
)
from rich.text import Text

from pipeline.cli.console import PlainConsole
from pipeline.schema import DeliveryStatus


class _Rate(ProgressColumn):
    """Messages per second."""

    def render(self, task: Task) -> Text:
        """Draw the rate, once there is one."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


class _TimeLeft(ProgressColumn):
    """What is left at the present rate, and no less than limits allow."""

    def __init__(self) -> None:
        super().__init__()
        self.finish_at: datetime | None = None

    def render(self, task: Task) -> Text:
        """Draw hours, minutes and seconds, once they can be told."""
        limited = (self.finish_at - datetime.now(UTC)).total_seconds() if self.finish_at else 0
        seconds = max(task.time_remaining or 0, limited)
        known = task.time_remaining is not None or limited > 0
        left = str(timedelta(seconds=math.ceil(seconds))) if known else "-:--:--"
        return Text(left, style="cyan")


class Display:
    """Shows what a pass is doing, on standard error, so that results alone can be piped."""

    def __init__(self, *, show: bool, work: str = "Sending") -> None:
        self._console = PlainConsole(stderr=True, quiet=not show, markup=False, emoji=False)
        self._time_left = _TimeLeft()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            self._time_left,
            console=self._console,
            disable=not show or not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task(work, total=None, visible=False)
        self._stage = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def stage(self, name: str) -> None:
        """Say what begins."""
        self._console.print(f"{name} …", style="dim", highlight=False)

    def work(self, stage: str, done: int, total: int) -> None:
        """Move the bar; a new stage is said once, and begins it anew."""
        if stage != self._stage:
            self._stage = stage
            if self._progress.disable:
                self.stage(stage)
            self._progress.reset(self._task, description=stage, visible=True)
        self._progress.update(self._task, completed=done, total=total)

    def foresee(self, finish_at: datetime | None) -> None:
        """Promise no earlier end than this one."""
        self._time_left.finish_at = finish_at

    def progress(self, counts: Counter[DeliveryStatus], total: int) -> None:
        """Move the bar; called by the worker's writer."""
        settled = sum(counts.values())
        self._progress.update(self._task, completed=settled, total=total, visible=True)
