"""The one writer of a worker process: what all connections have gathered commits together.

A commit costs about as much as a message; so while one commit is under way, starts and results
gather, and the next takes them all: tens of microseconds a message instead of a millisecond.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from pipeline import audience, ledger
from pipeline.db import writing
from pipeline.delivery.replies import kills_address
from pipeline.ledger import Range, Result, Start
from pipeline.schema import DeliveryStatus

MOST_AT_ONCE = 200  # events in one commit


@dataclass(frozen=True)
class _StartWish:
    wish: Start
    attempt: Future[int | None]


@dataclass(frozen=True)
class _Release:
    lent: Range


_Event = _StartWish | Result | _Release


class Recorder:
    """Writes starts, results and returned ranges of one worker; also keeps its leases."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        lease_seconds: int,
        now: Callable[[], datetime],
        on_progress: Callable[[Counter[DeliveryStatus]], None],
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._lease_seconds = lease_seconds
        self._now = now
        self._on_progress = on_progress
        self._events: queue.SimpleQueue[_Event | None] = queue.SimpleQueue()
        self._held: set[int] = set()
        self._renew_at = now()
        self._thread = threading.Thread(target=self._run, name="recorder")
        self.counts: Counter[DeliveryStatus] = Counter()
        self.failure: BaseException | None = None

    def open(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what has gathered and end."""
        self._events.put(None)
        self._thread.join()

    def start(self, wish: Start) -> int | None:
        """Wait until the row is `started`; its attempt, or None when it must not be sent.

        Raises what the database raised, now or before: after a failure nothing more begins.
        """
        if self.failure is not None:
            raise self.failure
        attempt: Future[int | None] = Future()
        self._events.put(_StartWish(wish, attempt))
        return attempt.result()

    def record(self, result: Result) -> None:
        """Write a result with the next commit."""
        self._events.put(result)

    def hold(self, lent: Range) -> None:
        """Keep the lease of a range until it is released."""
        self._held.add(lent.id)

    def release(self, lent: Range) -> None:
        """Give a range back, after all results put in before."""
        self._events.put(_Release(lent))

    def _run(self) -> None:
        unwritten: list[_Event] = []
        ended = False
        while not ended:
            events, ended = self._gather()
            unwritten = self._try_to_write([*unwritten, *events])
        if unwritten:
            self._try_to_write(unwritten)

    def _try_to_write(self, events: Sequence[_Event]) -> list[_Event]:
        """Write, and give back what is to be tried again when the database would not.

        Replies are: a message that was accepted must not be in doubt because the database was
        away for a moment. Starts are not: whoever waits for one is told.
        """
        try:
            self._write(events)
        except BaseException as error:  # noqa: BLE001  # handed to every waiting thread
            self.failure = self.failure or error
            return self._refuse(events, error)
        return []

    def _gather(self) -> tuple[list[_Event], bool]:
        """Wait for one event (or for the time to renew leases) and take what else is there."""
        events: list[_Event] = []
        try:
            event = self._events.get(timeout=self._lease_seconds / 3)
            while event is not None:
                events.append(event)
                if len(events) == MOST_AT_ONCE:
                    return events, False
                event = self._events.get_nowait()
        except queue.Empty:
            return events, False
        return events, True

    def _write(self, events: Sequence[_Event]) -> None:
        now = self._now()
        wishes = [event for event in events if isinstance(event, _StartWish)]
        results = [event for event in events if isinstance(event, Result)]
        releases = [event.lent for event in events if isinstance(event, _Release)]
        with writing(self._engine) as connection:
            ledger.record(connection, results, now)
            _suppress_dead(connection, results, now)
            started = ledger.start(connection, [one.wish for one in wishes], self._worker, now)
            for lent in releases:
                ledger.release_range(connection, lent, self._worker, now)
            self._held.difference_update(lent.id for lent in releases)
            self._renew(connection, now)
        # Each attempt is given out once: two connections may wish for one message at the same
        # time, when a worker that was held up has leased its own range again.
        unclaimed = dict(started)
        for one in wishes:
            one.attempt.set_result(unclaimed.pop(one.wish, None))
        self._count(results, skipped=len(wishes) - len(started))

    def _renew(self, connection: Connection, now: datetime) -> None:
        if self._held and now >= self._renew_at:
            until = now + timedelta(seconds=self._lease_seconds)
            ledger.renew_leases(connection, self._worker, tuple(self._held), until)
            self._renew_at = now + timedelta(seconds=self._lease_seconds / 3)

    def _count(self, results: Sequence[Result], skipped: int) -> None:
        if results or skipped:
            self.counts.update(result.status for result in results)
            self.counts[DeliveryStatus.SKIPPED] += skipped
            self._on_progress(self.counts)

    def _refuse(self, events: Sequence[_Event], error: BaseException) -> list[_Event]:
        """Fail the starts that wait; the other events."""
        for event in events:
            if isinstance(event, _StartWish) and not event.attempt.done():
                event.attempt.set_exception(error)
        return [event for event in events if not isinstance(event, _StartWish)]


def _suppress_dead(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    dead = [result.subscriber_id for result in results if kills_address(result)]
    audience.suppress(connection, dead, "hard_bounce", now)
