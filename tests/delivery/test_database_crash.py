"""PostgreSQL is stopped at once in the middle of a campaign, and comes back: the books close."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipeline.db import make_engine, upgrade
from pipeline.errors import DatabaseUnavailable
from tests.delivery.sending import (
    address,
    copies,
    make_sending,
    meanwhile,
    outcome,
    send_all,
    some_people,
)
from tests.support.postgresql import START_SECONDS, run_server
from tests.support.programs import need
from tests.support.smtp import CapturingServer

CONNECTIONS = 4


@pytest.mark.parametrize("command", ["DATA", "."])
def test_a_database_that_is_stopped_at_once_loses_nobody_and_doubles_nobody(
    command: str, smtp_server: CapturingServer, tmp_path: Path
) -> None:
    with run_server(need("postgresql").parent, durable=True) as database:
        engine = make_engine(database.create("ledger"))
        upgrade(engine)
        sending = make_sending(engine, tmp_path)
        sending.launch(some_people(60))
        is_back = threading.Event()

        def crash() -> None:
            database.crash()
            is_back.set()

        meanwhile(smtp_server, command, crash, after=20)

        error = outcome(sending.worker(smtp_server, connections=CONNECTIONS))
        assert is_back.wait(START_SECONDS)
        assert isinstance(error, DatabaseUnavailable)
        assert max(copies(smtp_server).values()) == 1
        sending.clock.forward(minutes=10)
        send_all(sending, smtp_server)

        counts = sending.counts
        assert counts.get("unknown", 0) <= CONNECTIONS
        assert counts["sent"] + counts.get("unknown", 0) == 60
        for number in range(1, 61):
            status = sending.row(address(number)).status
            assert copies(smtp_server)[address(number)] in ((1,) if status == "sent" else (0, 1))
        engine.dispose()
