"""One rule of delivery switched off, in this process alone: a proof must notice each of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pipeline import ledger
from pipeline.delivery import Worker
from pipeline.ledger import Result, Start
from pipeline.proving.sabotage_store import await_result, plan_again, start_anybody


def _open_fence() -> None:
    """Rule 4: every row may be started, in whatever state it is."""
    careful = ledger.start

    def start(
        connection: Connection, wishes: Collection[Start], worker: str, now: datetime
    ) -> Mapping[Start, int]:
        plan_again(connection, wishes)
        return careful(connection, wishes, worker, now)

    replace(ledger, "start", start)


def _forget_leavers() -> None:
    """Rule 4: it does not matter who left or is suppressed."""
    replace(ledger, "start", start_anybody)
    replace(ledger, "skip_gone", lambda *_: 0)


def _believe_every_result() -> None:
    """Rule 5: a result is taken whatever attempt it is of and wherever the row stands."""
    careful = ledger.record

    def record(connection: Connection, results: Sequence[Result], now: datetime) -> None:
        for result in results:
            await_result(connection, result)
        careful(connection, results, now)

    replace(ledger, "record", record)


def _start_late() -> None:
    """Rule 4: bodies leave first, and their rows are started afterwards."""

    class Hasty(Worker):
        def _commit(self) -> bool:
            ready, self._ready = self._ready, []
            for carrier, connection, job in ready:
                connection.dialogue.give_body(job.message)
                self._write(carrier, connection)
            attempts = self._recorder.commit([job.wish for _, _, job in ready])
            for _, _, job in ready:
                job.attempt = attempts.get(job.wish, 0)
            return True

    replace(Worker, "_commit", vars(Hasty)["_commit"])


SABOTAGES: dict[str, Callable[[], None]] = {
    "fence": _open_fence,
    "attempt": _believe_every_result,
    "late-start": _start_late,
    "leave-check": _forget_leavers,
}


def replace(owner: object, name: str, function: Callable[..., Any]) -> None:
    """Put a function in another's place. Raises AttributeError where there was none."""
    getattr(owner, name)
    setattr(owner, name, function)
