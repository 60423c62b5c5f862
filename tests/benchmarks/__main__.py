"""`make bench`: run every bench_*.py, show the figures, keep them in var/bench.json.

Words after the command pick the files whose names hold one of them. Ends with 1 when a figure is
not what it must be. To add a measurement, add a file with `measure()`.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measuring import ROOT, Missing, Row

RESULT = ROOT / "var" / "bench.json"


def main(words: Sequence[str]) -> int:
    """Measure, show, keep; gives the exit code."""
    console = Console(width=None if sys.stdout.isatty() else 170)
    modules = choose(words)
    if not modules:
        console.print(f"No file tests/benchmarks/bench_*.py is called {' or '.join(words)}.")
        return 2
    rows: list[Row] = []
    lacking = []
    for module in modules:
        console.print((module.__doc__ or "").splitlines()[0], style="dim", soft_wrap=True)
        try:
            rows += list(module.measure())
        except Missing as missing:
            lacking.append(f"Not measured, {module.__name__.rpartition('.')[2]}: {missing}")
    about = describe_machine()
    console.print(show(rows, about))
    keep(rows, about)
    for line in lacking:
        console.print(line, style="red", soft_wrap=True)
    missed = [row.name for row in rows if not row.holds]
    console.print(
        f"Missed: {', '.join(missed)}" if missed else "Every bound that was measured is kept.",
        style="red" if missed else "green",
    )
    return 1 if missed else 0


def choose(words: Sequence[str]) -> list[ModuleType]:
    """The measurements whose files' names hold one of `words`; without words, all."""
    names = [file.stem for file in sorted(Path(__file__).parent.glob("bench_*.py"))]
    chosen = [name for name in names if not words or any(word in name for word in words)]
    return [importlib.import_module(f"tests.benchmarks.{name}") for name in chosen]


def describe_machine() -> dict[str, str]:
    """Where, when and of which commit the figures are."""
    commit = subprocess.run(
        ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or "unknown",
    }


def show(rows: list[Row], about: dict[str, str]) -> Table:
    """The figures as a table."""
    table = Table(title=", ".join(about.values()), title_justify="left")
    for heading in ("measured", "value", "unit", "yardstick", "ratio", "must", "goal", ""):
        table.add_column(heading, justify="right" if heading in {"value", "ratio"} else "left")
    for row in rows:
        table.add_row(
            row.name,
            number(row.value),
            row.unit,
            f"{number(row.yardstick)} {row.against}" if row.yardstick else "",
            f"{row.ratio:.3g}" if row.ratio else "",
            limits(row, "must"),
            limits(row, "goal"),
            verdict(row),
            style="red" if not row.holds else "" if row.arrived else "yellow",
        )
    return table


def verdict(row: Row) -> str:
    """What became of the row's promise, in words."""
    if not row.holds:
        return "MISSED"
    if not row.arrived:
        return "kept, goal missed" if limits(row, "must") else "goal missed"
    return "kept" if limits(row, "must") or limits(row, "goal") else ""


def number(value: float) -> str:
    """As many digits as the measurement is worth."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def limits(row: Row, kind: str) -> str:
    """What the row must keep or should come to, in words."""
    return ", ".join(
        f"{subject}{'≥' if bound.least else '≤'} {number(limit)}"
        for subject, bound in (("", row.bound), ("ratio ", row.ratio_bound))
        if (limit := getattr(bound, kind)) is not None
    )


def keep(rows: list[Row], about: dict[str, str]) -> None:
    """Write the figures to var/bench.json."""
    RESULT.parent.mkdir(exist_ok=True)
    kept = [
        {**asdict(row), "ratio": row.ratio, "holds": row.holds, "arrived": row.arrived}
        for row in rows
    ]
    RESULT.write_text(json.dumps({**about, "rows": kept}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
