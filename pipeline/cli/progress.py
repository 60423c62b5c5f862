"""Progress in the terminal: stages, then a bar with rate and time left; plain when piped."""

from __future__ import annotations

import sys
from collections import Counter
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from pipeline.cli.console import PlainConsole
from pipeline.schema import DeliveryStatus


class _Rate(ProgressColumn):
    """Messages per second."""

    def render(self, task: Task) -> Text:
        """Draw the rate, once there is one."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


class Display:
    """Shows what a pass is doing, on standard error, so that results alone can be piped."""

    def __init__(self, *, show: bool) -> None:
        self._console = PlainConsole(stderr=True, quiet=not show, markup=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not show or not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("Sending", total=None, visible=False)

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

    def progress(self, counts: Counter[DeliveryStatus], total: int) -> None:
        """Move the bar; called by the worker's writer."""
        settled = sum(counts.values())
        self._progress.update(self._task, completed=settled, total=total, visible=True)
