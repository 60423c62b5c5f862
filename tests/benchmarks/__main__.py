"""`make bench`: run every bench_*.py, show the figures, keep them in var/bench.json.

Ends with 1 when a bound is missed. To add a measurement, add a file with `measure()`.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measuring import ROOT, Row

RESULT = ROOT / "var" / "bench.json"


def main() -> int:
    """Measure, show, keep; gives the exit code."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    rows = []
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        module = importlib.import_module(f"tests.benchmarks.{file.stem}")
        console.print((module.__doc__ or file.stem).splitlines()[0], style="dim", soft_wrap=True)
        rows += list(module.measure())
    about = describe_machine()
    console.print(show(rows, about))
    keep(rows, about)
    missed = [row.name for row in rows if not row.holds]
    console.print(
        f"Missed: {', '.join(missed)}" if missed else "Every bound is kept.",
        style="red" if missed else "green",
    )
    return 1 if missed else 0


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
    for heading in ("measured", "value", "unit", "yardstick", "ratio", "must be", ""):
        table.add_column(heading, justify="right" if heading in {"value", "ratio"} else "left")
    for row in rows:
        table.add_row(
            row.name,
            number(row.value),
            row.unit,
            f"{number(row.yardstick)} {row.against}" if row.yardstick else "",
            f"{row.ratio:.3g}" if row.ratio else "",
            promise := bound(row),
            (promise and "kept") if row.holds else "MISSED",
            style="" if row.holds else "red",
        )
    return table


def number(value: float) -> str:
    """As many digits as the measurement is worth."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def bound(row: Row) -> str:
    """What the row promises, in words."""
    if row.ratio_at_most is not None:
        return f"ratio at most {row.ratio_at_most}"
    return f"at most {number(row.at_most)} {row.unit}" if row.at_most is not None else ""


def keep(rows: list[Row], about: dict[str, str]) -> None:
    """Write the figures to var/bench.json."""
    RESULT.parent.mkdir(exist_ok=True)
    kept = [{**asdict(row), "ratio": row.ratio, "holds": row.holds} for row in rows]
    RESULT.write_text(json.dumps({**about, "rows": kept}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
