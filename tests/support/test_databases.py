"""Each test has a database of its own, of both kinds, and no server is left behind."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import schema
from pipeline.db import make_engine, reading, writing
from tests.support.postgresql import Server
from tests.support.programs import need


def test_a_fresh_database_has_every_table(engine: Engine) -> None:
    tables = sa.inspect(engine).get_table_names()

    assert set(schema.metadata.tables) <= set(tables)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_one_test_writes_no_other_test_sees(engine: Engine, turn: str) -> None:
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE footprints (turn TEXT)"))
        connection.execute(sa.text("INSERT INTO footprints VALUES (:turn)"), {"turn": turn})

    with reading(engine) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM footprints")) == 1


def test_an_empty_database_has_no_table(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)

    assert sa.inspect(engine).get_table_names() == []

    engine.dispose()


@pytest.mark.postgresql
def test_postgresql_sorts_by_bytes_and_keeps_utf8(postgresql_server: Server) -> None:
    engine = make_engine(postgresql_server.url("postgres"))
    with reading(engine) as connection:
        encoding = connection.scalar(sa.text("SHOW server_encoding"))
        collation = connection.scalar(
            sa.text("SELECT datcollate FROM pg_database WHERE datname = current_database()")
        )
    engine.dispose()

    assert encoding == "UTF8"
    assert collation == "C.UTF-8"


@pytest.mark.postgresql
def test_a_server_ends_when_the_process_that_started_it_is_killed() -> None:
    program = textwrap.dedent("""
        import os, pathlib, signal, sys
        from tests.support.postgresql import run_server

        with run_server(pathlib.Path(sys.argv[1])) as server:
            started = (server.folder / "data" / "postmaster.pid").read_text().split()[0]
            print(started, server.folder, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    killed = subprocess.run(
        [sys.executable, "-c", program, need("postgresql").parent],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    process, folder = killed.stdout.split()
    ended = _ends(int(process))
    shutil.rmtree(folder)

    assert killed.returncode == -signal.SIGKILL
    assert ended


def _ends(process: int) -> bool:
    # Not our child: a descriptor of the process becomes readable when it is gone.
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    readable, _, _ = select.select([descriptor], [], [], 20)
    os.close(descriptor)
    return bool(readable)
