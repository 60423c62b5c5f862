"""The people a worker has in hand: leased range by range, handed to connections one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from pipeline import ledger
from pipeline.config import Delivery
from pipeline.db import reading, writing
from pipeline.delivery.recorder import Recorder
from pipeline.delivery.worker_name import gone_workers
from pipeline.ledger import Range, Recipient, Start


@dataclass(eq=False)
class Lent:
    """A range in work, and how many of its people are not settled."""

    range: Range
    open: int


@dataclass(eq=False)
class Job:
    """One person's message, from the lease of their range until it is settled."""

    recipient: Recipient
    lent: Lent
    wish: Start
    message: bytes = field(default=b"", repr=False)
    attempt: int = 0  # once it is started
    tries: int = 0  # fresh connections that ended before the body


class Stock:
    """Takes ranges while there is work that is due; gives them back when they are settled."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        settings: Delivery,
        now: Callable[[], datetime],
        recorder: Recorder,
        *,
        rehearsal: bool,
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._settings = settings
        self._now = now
        self._recorder = recorder
        self._rehearsal = rehearsal
        self._waiting: deque[Job] = deque()
        self._dry = False

    def __len__(self) -> int:
        """How many people wait for a connection."""
        return len(self._waiting)

    def fill(self, count: int) -> None:
        """Have at least `count` people waiting, as long as the ledger has any that are due."""
        while len(self._waiting) < count and not self._dry:
            lent = self._next_range()
            if lent is None:
                self._dry = True
                return
            with writing(self._engine) as connection:
                gone = ledger.skip_gone(connection, lent, self._now())
                people = ledger.read_recipients(connection, lent, self._now())
            self._recorder.note_skipped(gone)
            self._take(lent, people)

    def look_again(self) -> None:
        """Ask the ledger once more, though it had nobody left."""
        self._dry = False

    def _take(self, lent: Range, people: tuple[Recipient, ...]) -> None:
        self._recorder.hold(lent)
        if not people:
            self._recorder.release(lent)
        in_work = Lent(lent, len(people))
        self._waiting += (
            Job(one, in_work, Start(lent.campaign_id, one.subscriber_id)) for one in people
        )

    def _next_range(self) -> Range | None:
        """Lease a range that waits, else open the next one of a roster."""
        now = self._now()
        with writing(self._engine) as connection:
            gone = gone_workers(ledger.read_workers(connection))
            while True:
                lent = ledger.lease_range(
                    connection,
                    self._worker,
                    now,
                    self._settings.lease_seconds,
                    rehearsal=self._rehearsal,
                    gone=gone,
                )
                if lent or not ledger.open_range(
                    connection, self._settings.range_size, now, rehearsal=self._rehearsal
                ):
                    return lent

    def next(self) -> Job:
        """The person whose turn it is."""
        return self._waiting.popleft()

    def put_back(self, job: Job) -> None:
        """Let a person whose message was not begun be the next again."""
        self._waiting.appendleft(job)

    def settle(self, job: Job) -> None:
        """A person is done with, for now; with the last of a range it is given back."""
        job.message = b""
        job.lent.open -= 1
        if job.lent.open == 0:
            self._recorder.release(job.lent.range)

    def clear(self) -> None:
        """Let go of everybody who waits: they stay planned."""
        while self._waiting:
            self.settle(self._waiting.popleft())

    def look_after(self, lent: Lent) -> None:
        """Let go of a range's people who wait, if it was taken over or its campaign stopped."""
        with reading(self._engine) as connection:
            held = ledger.is_held(connection, lent.range, self._worker)
        if held:
            return
        waiting, self._waiting = self._waiting, deque()
        for job in waiting:
            if job.lent is lent:
                self.settle(job)
            else:
                self._waiting.append(job)
