"""An import that is killed, or whose disk is full, can be run again; nothing is half."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.db import reading
from pipeline.schema import SubscriptionState, receipts, subscriptions, suppressions
from tests.audience.conftest import NOW, WriteFile

PEOPLE = 12_000
KILLS = 10
IMPORT = """
import resource, sys
from datetime import datetime, UTC
from pathlib import Path
from pipeline import audience
from pipeline.audience import importer
from pipeline.db import make_engine
from pipeline.errors import PipelineError

importer.PART = 500
limit = int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
engine = make_engine(sys.argv[1])
stages = lambda stage, done, total: print(stage, flush=True)
try:
    audience.import_file(engine, Path(sys.argv[2]), datetime.now(UTC), on_progress=stages)
except PipelineError as error:
    sys.exit(f"{error} ({error.hint})")
"""


def start(engine: Engine, file: Path, limit: int = 0) -> subprocess.Popen[str]:
    url = engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, url, str(file), str(limit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def people(write: WriteFile) -> Path:
    """One in five left there, one in ten is a dead address."""
    words = ["subscribed"] * 7 + ["unsubscribed"] * 2 + ["cleaned"]
    rows = "".join(
        f"p{number}@larkfield.example,{words[number % 10]}\n" for number in range(PEOPLE)
    )
    return write(f"email,status\n{rows}")


def counts(engine: Engine) -> tuple[int, int, int]:
    """Who is confirmed, unsubscribed, suppressed."""
    with reading(engine) as connection:
        found: dict[str, int] = {}
        for row in connection.execute(sa.select(subscriptions.c.state)):
            found[row.state] = found.get(row.state, 0) + 1
        dead = len(connection.execute(sa.select(suppressions)).all())
    confirmed, left = SubscriptionState.CONFIRMED, SubscriptionState.UNSUBSCRIBED
    return found.get(confirmed, 0), found.get(left, 0), dead


def test_killed_again_and_again_an_import_comes_to_the_same_end(
    engine: Engine, write: WriteFile
) -> None:
    file = people(write)
    chance = random.Random(4)
    for _ in range(KILLS):
        with start(engine, file) as process:
            assert process.stdout is not None
            for _line in range(chance.randrange(1, 30)):
                process.stdout.readline()
            time.sleep(chance.random() / 50)
            process.send_signal(signal.SIGKILL)
        confirmed, left, dead = counts(engine)
        # Nobody joins before every opt-out of the file is kept.
        assert not confirmed or (left, dead) == (PEOPLE // 5, PEOPLE // 10)

    audience.import_file(engine, file, NOW)
    assert counts(engine) == (PEOPLE * 7 // 10, PEOPLE // 5, PEOPLE // 10)
    with reading(engine) as connection:
        (batch,) = audience.read_batches(connection)
        assert len(connection.execute(sa.select(receipts)).all()) == 1
    assert (batch.joined, batch.left, batch.suppressed) == counts(engine)
    assert batch.finished_at is not None


def test_a_disk_that_fills_is_told_in_one_sentence_and_the_import_can_go_on(
    engine: Engine, write: WriteFile
) -> None:
    if engine.dialect.name != "sqlite":
        return  # its disk is the server's
    file = people(write)
    for limit in (100_000, 300_000, 700_000):
        with start(engine, file, limit) as process:
            _, told = process.communicate()
        assert process.returncode == 1
        assert told.count("\n") == 1
        assert "cannot be used" in told
        assert "has room" in told

    report = audience.import_file(engine, file, NOW)
    assert report.batch is not None
    assert counts(engine) == (PEOPLE * 7 // 10, PEOPLE // 5, PEOPLE // 10)
