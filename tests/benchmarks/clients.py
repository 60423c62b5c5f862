"""The clients that are held against each other: what sends, what it spends, what arrives."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import ROOT
from tests.benchmarks.sink import run_sink

AS_INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}  # compiled once, as for users


@dataclass(frozen=True)
class Spent:
    """What a process and its children took; `peak_bytes` is that of the largest of them."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Sent:
    """One run of one client."""

    messages: int
    rate: float  # messages a second
    spent: Spent

    @property
    def micros(self) -> float:
        """CPU microseconds a message, all included."""
        return self.spent.cpu_seconds / self.messages * 1e6


@dataclass(frozen=True)
class SmtpSource:
    """Postfix's test generator, sending one message again and again."""

    program: Path
    message: Path
    connections: int
    messages: int

    def send(self, port: int) -> Spent:
        """Send to 127.0.0.1, each connection kept open to the end."""
        return spend([
            self.program, "-d", "-N", "-s", str(self.connections), "-m", str(self.messages),
            "-F", self.message, "-f", "letter@larkfield.example", "-t", "reader@readers.example",
            f"127.0.0.1:{port}",
        ])  # fmt: skip


def spend(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> Spent:
    """Run a command to its end. Raises RuntimeError with its output when it fails."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.spent", *command],
        cwd=ROOT,
        env={**os.environ, **AS_INSTALLED, **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
    )
    if finished.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{finished.stderr}")
    return Spent(**json.loads(finished.stdout))


def into_sink(
    sink: Path,
    send: Callable[[int], Spent],
    messages: int,
    *,
    body_ms: int = 0,
    travel_ms: int = 0,
) -> Sent:
    """Let a client send to a fresh sink, whose clock counts. Raises RuntimeError for a loss."""
    with run_sink(sink, body_ms=body_ms, travel_ms=travel_ms) as running:
        spent = send(running.port)
        taken = running.stop()
    if taken.messages != messages:
        raise RuntimeError(f"{taken.messages} of {messages} messages arrived")
    return Sent(messages, taken.rate, spent)


def median(runs: Sequence[Sent], figure: Callable[[Sent], float]) -> float:
    """The median of one figure over several runs."""
    return statistics.median(map(figure, runs))


def rate(run: Sent) -> float:
    """Messages a second."""
    return run.rate


def micros(run: Sent) -> float:
    """CPU microseconds a message, all included."""
    return run.micros
