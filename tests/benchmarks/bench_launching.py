"""How soon after the commit of its launch a campaign's first message is at the server."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from pipeline.schema import campaigns
from tests.benchmarks.mailings import Mailing
from tests.benchmarks.measuring import FULL, ROOT, Row, at_most
from tests.benchmarks.sink import run_sink
from tests.benchmarks.workshop import Workshop, open_workshop
from tests.support.site import SiteFolder

PEOPLE = 1_000_000 if FULL else 100_000
CONNECTIONS = 20
ROUNDS = 3
LONGEST = 120  # seconds
LOOK_EVERY = 0.002  # seconds


@dataclass(frozen=True)
class Launch:
    """One launch, in seconds."""

    to_commit: float  # from the start of the process
    to_message: float  # from the commit to the first message at the server


def measure() -> Iterator[Row]:
    """`pipeline run` finds a post and a list; it is stopped when the first message is there."""
    with open_workshop() as workshop:
        mailing = workshop.mailing(PEOPLE, launched=False)
        SiteFolder(mailing.root).add_post("walking")
        launches = [_launch(workshop, mailing) for _ in range(ROUNDS)]
    yield Row(
        f"launch to {PEOPLE:,}, from commit to first message",
        statistics.median(launch.to_message for launch in launches),
        "s",
        bound=at_most(2, goal=0.5),
    )
    yield Row(
        f"launch to {PEOPLE:,}, from start to commit",
        statistics.median(launch.to_commit for launch in launches),
        "s",
    )


def _launch(workshop: Workshop, mailing: Mailing) -> Launch:
    copy = mailing.copy(workshop.folder / "copy")
    log = workshop.folder / "log"
    log.unlink(missing_ok=True)
    engine = copy.engine
    with run_sink(workshop.sink, log=log) as sink, engine.connect() as connection:
        started = time.monotonic()
        with _start(copy, sink.port) as process:
            committed = _wait(lambda: _is_launched(connection), process)
            _wait(lambda: log.stat().st_size > 0, process)
            process.send_signal(signal.SIGINT)
        taken = sink.stop()
    engine.dispose()
    return Launch(committed - started, taken.first_at - committed)


def _start(mailing: Mailing, port: int) -> subprocess.Popen[str]:
    environment = os.environ | mailing.environment(port, CONNECTIONS)
    return subprocess.Popen(
        mailing.command(), cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )


def _is_launched(connection: sa.Connection) -> bool:
    """Each look is a transaction of its own, so that it sees what was committed before it."""
    with connection.begin():
        return connection.scalar(sa.select(campaigns.c.id)) is not None


def _wait(happened: Callable[[], bool], process: subprocess.Popen[str]) -> float:
    """Wait until it has happened, and say when. Raises RuntimeError if it does not."""
    deadline = time.monotonic() + LONGEST
    while not happened():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"`pipeline run` sent nothing:\n{process.communicate()[1]}")
        time.sleep(LOOK_EVERY)
    return time.monotonic()
