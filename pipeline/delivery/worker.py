"""The worker: takes ranges of the ledger and carries their messages over its connections.

One thread (the caller's) leases ranges and hands out their people; each connection has a thread
of its own; one recorder writes for all. What a thread does for one person reads from top to
bottom in `_carry_one`.
"""

from __future__ import annotations

import queue
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from pipeline import ledger
from pipeline.config import Config, Smtp
from pipeline.db import reading, writing
from pipeline.delivery.letters import LetterBook
from pipeline.delivery.recorder import Recorder
from pipeline.delivery.replies import accepted, failed, retry_at
from pipeline.delivery.smtp import Connection
from pipeline.delivery.standing import Standing
from pipeline.delivery.worker_name import gone_workers, new_worker_name
from pipeline.errors import TransportError, TransportUnavailable
from pipeline.ledger import Range, Recipient, Start
from pipeline.schema import DeliveryStatus

Progress = Callable[[Counter[DeliveryStatus]], None]


class _Lent:
    """A range in work: given back when the last of its people is settled."""

    def __init__(self, lent: Range, people: int, recorder: Recorder) -> None:
        self.range = lent
        self._open = people
        self._lock = threading.Lock()
        self._recorder = recorder
        recorder.hold(lent)
        if people == 0:
            recorder.release(lent)

    def settle_one(self) -> None:
        with self._lock:
            self._open -= 1
            if self._open == 0:
                self._recorder.release(self.range)


@dataclass(frozen=True)
class _Job:
    recipient: Recipient
    lent: _Lent


class Worker:
    """Sends what is due, through one provider, until nothing is due or it is told to stop."""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        provider: Smtp,
        letters: LetterBook,
        *,
        now: Callable[[], datetime],
        on_progress: Progress = lambda _: None,
    ) -> None:
        self._engine = engine
        self._config = config
        self._provider = provider
        self._letters = letters
        self._now = now
        self._name = new_worker_name()
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=2 * provider.connections)
        self._stop = threading.Event()
        # The first connection goes alone until the provider has accepted something: what it has
        # against us then costs one message, not one for each connection.
        self._proven = threading.Event()
        self._standing = Standing(self._was_ever_accepted)
        self._carrying = provider.connections
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._recorder = Recorder(
            engine, self._name, config.delivery.lease_seconds, now, on_progress
        )

    def stop(self) -> None:
        """Finish what is in flight, give the rest back; returns at once."""
        self._stop.set()

    def run(self) -> None:
        """Send all that is due now.

        Raises TransportUnavailable when the provider cannot be used: what was not handed over
        stays planned or deferred.
        """
        self._recorder.open()
        carriers = [
            threading.Thread(target=self._carry, args=(number,), name=f"connection-{number}")
            for number in range(self._provider.connections)
        ]
        for carrier in carriers:
            carrier.start()
        try:
            while not self._stop.is_set() and (lent := self._next_range()):
                self._hand_out(lent)
        except BaseException:
            self._stop.set()  # interrupted: what waits in the queue stays planned
            raise
        finally:
            self._proven.set()
            for _ in carriers:
                self._jobs.put(None)
            for carrier in carriers:
                carrier.join()
            self._recorder.close()
        self._finish()

    def _finish(self) -> None:
        failure = self._failure or self._recorder.failure
        if failure is not None:
            raise failure
        with writing(self._engine) as connection:
            ledger.finish_campaigns(connection, self._now())

    def _next_range(self) -> Range | None:
        """Lease a range that waits, else open the next one of a roster."""
        rehearsal = self._config.rehearsal
        settings = self._config.delivery
        now = self._now()
        with writing(self._engine) as connection:
            gone = gone_workers(ledger.read_workers(connection))
            while True:
                lent = ledger.lease_range(
                    connection,
                    self._name,
                    now,
                    settings.lease_seconds,
                    rehearsal=rehearsal,
                    gone=gone,
                )
                if lent or not ledger.open_range(
                    connection, settings.range_size, now, rehearsal=rehearsal
                ):
                    return lent

    def _hand_out(self, lent: Range) -> None:
        with reading(self._engine) as connection:
            people = ledger.read_recipients(connection, lent, self._now())
        in_work = _Lent(lent, len(people), self._recorder)
        for recipient in people:
            self._jobs.put(_Job(recipient, in_work))

    def _carry(self, number: int) -> None:
        """One connection's thread: carry people's messages until there are no more."""
        if number > 0:
            self._proven.wait()
        connection = Connection(self._provider, self._config.site.authority)
        carrying = True
        while carrying and (job := self._jobs.get()) is not None:
            try:
                if not self._stop.is_set():
                    self._carry_one(connection, job)
            except TransportUnavailable as error:
                carrying = self._retire(error)
            except BaseException as error:  # noqa: BLE001  # raised again by run()
                self._fail(error)
            finally:
                job.lent.settle_one()
        connection.close()

    def _retire(self, error: TransportUnavailable) -> bool:
        """End this connection alone while others work; the last one ends the run and drains it.

        A provider may allow fewer connections than are set. Whoever was not sent to stays planned
        or deferred, and the others' ranges come to them.
        """
        with self._lock:
            alone = self._carrying == 1 or not self._proven.is_set()
            if not alone:
                self._carrying -= 1
                return False
        self._fail(error)
        return True

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._stop.set()

    def _carry_one(self, connection: Connection, job: _Job) -> None:
        """The walk of one message: connected, written, started, handed over, recorded."""
        campaign_id = job.lent.range.campaign_id
        wish = Start(campaign_id, job.recipient.subscriber_id)
        letter = self._letters.letter(campaign_id)
        connection.ready()
        # Written before it is started: what cannot be written leaves nobody in doubt.
        message = letter.write(self._letters.reader(wish, job.recipient), self._now())
        attempt = self._recorder.start(wish)
        if attempt is not None:
            self._hand_over(connection, wish, attempt, job.recipient.email, message)

    def _hand_over(
        self, connection: Connection, wish: Start, attempt: int, email: str, message: bytes
    ) -> None:
        sender = self._letters.envelope_sender(wish.campaign_id)
        try:
            reply = connection.send(sender, email, message)
        except TransportError as error:
            self._record_failure(wish, attempt, error)
            if isinstance(error, TransportUnavailable):
                raise
        else:
            self._standing.accept(wish.campaign_id)
            self._proven.set()
            self._recorder.record(accepted(wish, attempt, reply.code, reply.text))

    def _record_failure(self, wish: Start, attempt: int, error: TransportError) -> None:
        judged = self._standing.judge(wish.campaign_id, error)
        again_at = self._retry_at(wish.campaign_id, attempt)
        self._recorder.record(failed(wish, attempt, judged.error, again_at))
        if judged.stop is not None:
            self._fail(judged.stop)

    def _was_ever_accepted(self, campaign_id: int) -> bool:
        with reading(self._engine) as connection:
            return ledger.has_accepted(connection, campaign_id)

    def _retry_at(self, campaign_id: int, attempt: int) -> datetime | None:
        return retry_at(
            attempt,
            self._letters.launched_at(campaign_id),
            self._now(),
            self._config.delivery,
            random.random(),  # noqa: S311  # spreads load, guards nothing
        )
