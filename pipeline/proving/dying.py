"""Points inside a worker at which its process kills itself: where no signal from outside can aim.

They stand around the doors of ledger and delivery, so that nothing behind those knows of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from pipeline import ledger
from pipeline.delivery import Worker
from pipeline.proving.sabotage import replace
from pipeline.proving.store import count_doubts


class Point(StrEnum):
    """Where a worker may die."""

    LAUNCH = "launch"  # a campaign is being made
    ROSTER = "roster"  # a range was planned and not committed
    TAKEOVER = "takeover"  # a range was taken over, rows in doubt and all, and not committed
    START = "start"  # rows were started and not committed
    STARTED = "started"  # rows are started, and nothing has left
    RECORD = "record"  # replies were read and not committed
    SETTLE = "settle"  # a range of a cancelled campaign was settled and not committed
    RECONCILE = "reconcile"  # rows in doubt were decided about and not committed


class Doom:
    """The next point at which this process dies; an empty one is never reached."""

    def __init__(self, point: str) -> None:
        self.point = point
        self._begun = False  # rows were started since a worker last wrote to its connections
        self._lease: Any = ledger.lease_range
        self._start: Any = ledger.start
        self._record: Any = ledger.record

    def place_points(self) -> None:
        """Let this process come by its points."""
        replace(ledger, "count_eligible", self._followed(Point.LAUNCH, ledger.count_eligible))
        replace(ledger, "open_range", self._followed(Point.ROSTER, ledger.open_range))
        replace(ledger, "settle_range", self._followed(Point.SETTLE, ledger.settle_range))
        replace(ledger, "reconcile", self._followed(Point.RECONCILE, ledger.reconcile))
        replace(ledger, "lease_range", self._lease_range)
        replace(ledger, "start", self._start_rows)
        replace(ledger, "record", self._record_rows)
        replace(Worker, "_write", self._delayed(vars(Worker)["_write"]))

    def _reach(self, point: Point) -> None:
        if self.point == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def _followed(self, point: Point, function: Callable[..., Any]) -> Callable[..., Any]:
        def followed(*values: Any, **options: Any) -> Any:
            answer = function(*values, **options)
            if answer:  # else nothing was done
                self._reach(point)
            return answer

        return followed

    def _lease_range(self, connection: Connection, *values: Any, **options: Any) -> Any:
        awaited = self.point == Point.TAKEOVER
        before = count_doubts(connection) if awaited else 0
        lent = self._lease(connection, *values, **options)
        if awaited and count_doubts(connection) > before:
            self._reach(Point.TAKEOVER)
        return lent

    def _start_rows(self, *values: Any) -> Any:
        attempts = self._start(*values)
        if attempts:
            self._begun = True
            self._reach(Point.START)
        return attempts

    def _record_rows(self, connection: Connection, results: Any, now: Any) -> None:
        self._record(connection, results, now)
        if results:
            self._reach(Point.RECORD)

    def _delayed(self, write: Callable[..., None]) -> Callable[..., None]:
        def delayed(*values: Any) -> None:
            if self._begun:
                self._begun = False
                self._reach(Point.STARTED)
            write(*values)

        return delayed
