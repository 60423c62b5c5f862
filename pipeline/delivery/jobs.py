"""The people a worker has in hand: leased range by range, handed to connections one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from pipeline import ledger
from pipeline.config import Delivery
from pipeline.db import LastingConnection
from pipeline.delivery.recorder import Recorder
from pipeline.delivery.worker_name import gone_workers
from pipeline.ledger import Range, Recipient, Start

LONGEST_SLEEP_SECONDS = 0.25
MOST_WAITING = 5_000  # people; so memory stays flat, whoever is kept back by a limit


@dataclass(eq=False)
class Lent:
    """A range in work, and how many of its people are not settled."""

    range: Range
    open: int
    not_before: datetime | None = None  # when the first who was set aside may be begun


@dataclass(eq=False)
class Job:
    """One person's message, from the lease of their range until it is settled."""

    recipient: Recipient
    lent: Lent
    wish: Start
    message: tuple[bytes, ...] = field(default=(), repr=False)  # in pieces
    attempt: int = 0  # once it is started
    tries: int = 0  # fresh connections that ended before the body
    domain: str = ""  # the receiver whose limits count for it


@dataclass(eq=False)
class Lane:
    """The people who wait for the same: of one list, and at a receiver with limits of its own."""

    list_name: str
    domain: str
    jobs: deque[Job] = field(default_factory=deque)
    opens_at: datetime | None = None  # when the next of them may be begun; None: now


class Stock:
    """Takes ranges while there is work that is due; gives them back when they are settled."""

    def __init__(
        self,
        database: LastingConnection,
        worker: str,
        settings: Delivery,
        now: Callable[[], datetime],
        recorder: Recorder,
        domain_of: Callable[[str], str],
        *,
        rehearsal: bool,
    ) -> None:
        self._database = database
        self._worker = worker
        self._settings = settings
        self._now = now
        self._recorder = recorder
        self._domain_of = domain_of
        self._rehearsal = rehearsal
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._dry = False

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Where somebody waits."""
        return tuple(lane for lane in self._lanes.values() if lane.jobs)

    def __len__(self) -> int:
        """How many people wait for a connection."""
        return sum(len(lane.jobs) for lane in self._lanes.values())

    @property
    def ready(self) -> int:
        """How many of them may be begun now."""
        return sum(len(lane.jobs) for lane in self._lanes.values() if lane.opens_at is None)

    def fill(self, count: int, lists: Collection[str] | None) -> None:
        """Have at least `count` people ready, as long as the ledger has any that are due.

        They are of `lists`, or of any.
        """
        while self.ready < count and not self.is_full and not self._dry:
            now = self._now()
            with self._database.writing() as connection:
                lent = self._next_range(connection, lists, now)
                if lent is None:
                    self._dry = True
                    return
                gone = ledger.skip_gone(connection, lent, now)
                people = ledger.read_recipients(connection, lent, now)
            self._recorder.note_skipped(gone)
            self._take(lent, people)

    @property
    def is_full(self) -> bool:
        """Whether so many wait that nobody is fetched before some have gone."""
        return len(self) >= MOST_WAITING

    def seconds_to_wait(self, now: datetime) -> float:
        """Until the next who waits for a limit may be begun; at most a moment."""
        times = [lane.opens_at for lane in self.lanes if lane.opens_at is not None]
        seconds = [LONGEST_SLEEP_SECONDS, *((at - now).total_seconds() for at in times)]
        return max(0.0, min(seconds))

    def look_again(self) -> None:
        """Ask the ledger once more, though it had nobody left."""
        self._dry = False

    def _take(self, lent: Range, people: tuple[Recipient, ...]) -> None:
        self._recorder.hold(lent)
        if not people:
            self._recorder.release(lent)
        in_work = Lent(lent, len(people))
        for one in people:
            self._join(Job(one, in_work, Start(lent.campaign_id, one.subscriber_id)))

    def _join(self, job: Job) -> None:
        self._lane_of(job).jobs.append(job)

    def _lane_of(self, job: Job) -> Lane:
        job.domain = self._domain_of(job.recipient.email)
        key = job.lent.range.list_name, job.domain
        if key not in self._lanes:
            self._lanes[key] = Lane(*key)
        return self._lanes[key]

    def _next_range(
        self, connection: Connection, lists: Collection[str] | None, now: datetime
    ) -> Range | None:
        """Lease a range that waits, else open the next one of a roster."""
        gone = gone_workers(ledger.read_workers(connection))
        while True:
            lent = ledger.lease_range(
                connection,
                self._worker,
                now,
                self._settings.lease_seconds,
                rehearsal=self._rehearsal,
                lists=lists,
                gone=gone,
            )
            if lent or not ledger.open_range(
                connection,
                self._settings.range_size,
                now,
                rehearsal=self._rehearsal,
                lists=lists,
            ):
                return lent

    def put_back(self, job: Job) -> None:
        """Let a person whose message was not begun be the next again."""
        self._lane_of(job).jobs.appendleft(job)

    def sort_anew(self) -> None:
        """Other receivers have limits now."""
        waiting = [job for lane in self._lanes.values() for job in lane.jobs]
        self._lanes = {}
        for job in waiting:
            self._join(job)

    def settle(self, job: Job) -> None:
        """A person is done with, for now; with the last of a range it is given back."""
        job.message = ()
        job.lent.open -= 1
        if job.lent.open == 0:
            self._recorder.release(job.lent.range, job.lent.not_before)

    def set_aside(
        self, lane: Lane, opens_at: datetime, through_at: datetime, keep: int = 0
    ) -> None:
        """Let go of the people of a lane, the first `keep` excepted: they stay planned.

        They are due again one after the other, from `opens_at` for the first to `through_at`.
        """
        jobs = tuple(lane.jobs)
        lane.jobs = deque(jobs[:keep])
        for place, job in enumerate(jobs[keep:], keep):
            again_at = opens_at + (through_at - opens_at) * place / len(jobs)
            job.lent.not_before = min(job.lent.not_before or again_at, again_at)
            self.settle(job)

    def clear(self) -> None:
        """Let go of everybody who waits: they stay planned, and are due at once."""
        now = self._now()
        for lane in self.lanes:
            self.set_aside(lane, now, now)

    def look_after(self, lent: Lent) -> None:
        """Let go of a range's people who wait, if it was taken over or its campaign stopped."""
        with self._database.writing() as connection:
            held = ledger.is_held(connection, lent.range, self._worker)
        if held:
            return
        for lane in self.lanes:
            theirs = [job for job in lane.jobs if job.lent is lent]
            lane.jobs = deque(job for job in lane.jobs if job.lent is not lent)
            for job in theirs:
                self.settle(job)
