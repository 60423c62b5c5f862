"""While messages go out, are put off, refused or lost, the sheet closes whenever it is read."""

from __future__ import annotations

import threading
from typing import Self

import pytest
from sqlalchemy import Engine

from pipeline import ledger
from pipeline.campaigns import Step, move_campaign
from pipeline.db import make_engine, reading, writing
from pipeline.ledger import Sheet
from pipeline.schema import DeliveryStatus
from tests.delivery.sending import Sending, meanwhile, run_in_thread, some_people
from tests.support.smtp import CapturingServer

PEOPLE = 60


class Watcher:
    """Reads a campaign's sheet again and again, on an engine of its own, as `status` does."""

    def __init__(self, engine: Engine, campaign_id: int) -> None:
        self.sheets: list[Sheet] = []
        self._engine = engine
        self._campaign_id = campaign_id
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._engine.dispose()

    def look(self) -> None:
        with reading(self._engine) as connection:
            self.sheets.append(ledger.read_sheet(connection, self._campaign_id))

    def _watch(self) -> None:
        while not self._ended.is_set():
            self.look()


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_sheet_closes_at_every_instant_and_meets_the_count_of_the_launch(
    sending: Sending, database_url: str, smtp_server: CapturingServer, *, cancelled: bool
) -> None:
    sending.launch(some_people(PEOPLE))
    smtp_server.answer("RCPT", "450 4.2.1 later", after=9, times=2)
    smtp_server.answer("RCPT", "550 5.1.1 nobody", after=20, times=2)
    if cancelled:
        meanwhile(smtp_server, ".", lambda: cancel(sending), after=30)
    with Watcher(make_engine(database_url), sending.campaign_id) as watcher:
        meanwhile(smtp_server, "MAIL", watcher.look, after=15)  # at least once in mid-send
        failure = run_in_thread(sending.worker(smtp_server, connections=3))()
        watcher.look()

    assert failure is None
    for sheet in watcher.sheets:
        assert sheet.closes
        assert sheet.recipients == PEOPLE
        assert min(sheet.counts.values()) >= 0
    assert any(0 < sheet.counts[DeliveryStatus.SENT] < PEOPLE - 10 for sheet in watcher.sheets)
    if not cancelled:
        assert sending.rows == PEOPLE


def cancel(sending: Sending) -> None:
    with writing(sending.engine) as connection:
        move_campaign(connection, sending.campaign_id, Step.CANCEL, "ada", sending.clock())
