"""How long `pipeline --help` takes: what every command waits for before it begins."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measuring import Row, at_most, medians_in_turn, run_python

ROUNDS = 7
HELP = "import sys; from pipeline.cli import main; sys.argv = ['pipeline', '--help']; main()"


def measure() -> Iterator[Row]:
    """Start both in turn; the first round only warms the disk's cache."""
    works = [lambda: run_python("-c", HELP), lambda: run_python("-c", "pass")]
    medians_in_turn(works, 1)
    ours, bare = medians_in_turn(works, ROUNDS)
    yield Row(
        "pipeline --help",
        ours,
        "s",
        yardstick=bare,
        against="python -c pass",
        bound=at_most(0.3),
    )
