"""The worker: takes ranges of the ledger and carries their messages over its connections.

One loop looks after all connections, none of which ever blocks. Each turn reads what the server
said, commits what was learned together with what is to begin (the fence), and only then lets
bodies leave: `_turn` reads from top to bottom.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Engine

from pipeline import ledger
from pipeline.config import Config, Smtp
from pipeline.db import reading, writing
from pipeline.delivery.connection import GOODBYE_SECONDS, Connection
from pipeline.delivery.dialogue import Accepted, Event, Failed, Ready, unavailable
from pipeline.delivery.jobs import Job, Lent, Stock
from pipeline.delivery.letters import LetterBook
from pipeline.delivery.pool import LONGEST_SLEEP_SECONDS, Pool
from pipeline.delivery.recorder import Recorder
from pipeline.delivery.replies import Reply, accepted, failed, retry_at
from pipeline.delivery.standing import Standing
from pipeline.delivery.worker_name import new_worker_name
from pipeline.errors import TransportError, TransportUnavailable
from pipeline.ledger import Result, Start
from pipeline.schema import DeliveryStatus

Progress = Callable[[Counter[DeliveryStatus]], None]
GATHER_SECONDS = 0.004  # a commit costs as much as several messages: it waits for some company
MOST_TRIES = 2  # fresh connections that end over one message


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
        self._place = f"{provider.host}:{provider.port}"
        self._letters = letters
        self._now = now
        name = new_worker_name()
        self._recorder = Recorder(engine, name, config.delivery.lease_seconds, now, on_progress)
        self._stock = Stock(
            engine, name, config.delivery, now, self._recorder, rehearsal=config.rehearsal
        )
        self._standing = Standing(self._was_ever_accepted)
        self._pool = Pool(provider, config.site.authority)
        self._ready: list[tuple[Connection[Job], Job]] = []
        self._unwritten = False  # the database refused a commit: its results are tried at the end
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None

    def stop(self) -> None:
        """Finish what is in flight, give the rest back; returns at once. For any thread."""
        self._stop.set()
        self._pool.wake()

    def run(self) -> None:
        """Send all that is due now.

        Raises TransportUnavailable when the provider cannot be used: what was not handed over
        stays planned or deferred.
        """
        # In a thread of its own, so that Ctrl-C cannot come between a reply and its record. Its
        # end is waited for by an event: a join that Ctrl-C interrupts takes the thread for ended.
        threading.Thread(target=self._run, name="sender").start()
        try:
            self._ended.wait()
        except BaseException:
            self.stop()
            self._ended.wait()
            raise
        if self._failure is not None:
            raise self._failure
        with writing(self._engine) as connection:
            ledger.finish_campaigns(connection, self._now())

    def _run(self) -> None:
        try:
            self._send_all()
            self._say_goodbye()
        except BaseException as error:  # noqa: BLE001  # raised again by run()
            self._fail(error)
        finally:
            self._pool.close()
            self._ended.set()

    def _send_all(self) -> None:
        going_on = True
        while going_on:
            try:
                going_on = self._turn()
            except BaseException as error:
                if self._failure is not None:
                    raise
                self._fail(error)  # and wait for the answers to what has left

    # --- one turn --------------------------------------------------------------------------------

    def _turn(self) -> bool:
        """Offer, gather answers, commit, let bodies leave; False when nothing is left to do."""
        if self._stop.is_set():
            self._let_go()
        else:
            self._stock.fill(2 * self._pool.limit)
            self._pool.open_for(len(self._stock))
            self._offer()
        for connection in self._pool:
            self._write(connection)
        if not self._under_way:
            self._stock.look_again()
            return self._recorder.has_work and self._commit()
        self._gather()
        if self._commit_is_due:
            self._commit()
        return True

    @property
    def _under_way(self) -> bool:
        """Whether somebody waits for a connection, or a connection for an answer."""
        return len(self._stock) > 0 or self._answers_are_due

    @property
    def _answers_are_due(self) -> bool:
        return any(one.dialogue.waits for one in self._pool)

    @property
    def _commit_is_due(self) -> bool:
        return not self._unwritten and (bool(self._ready) or self._recorder.has_work)

    def _offer(self) -> None:
        """Give each connection that is free the next person's envelope."""
        for connection in self._pool:
            while connection in self._pool and connection.free and self._stock:
                self._offer_one(connection, self._stock.next())
            if connection.spent:
                connection.dialogue.leave()

    def _offer_one(self, connection: Connection[Job], job: Job) -> None:
        try:
            # Written before it is started: what cannot be written leaves nobody in doubt.
            sender = self._letters.envelope_sender(job.wish.campaign_id)
            job.message = self._letters.write(job.wish, job.recipient, self._now())
        except BaseException:
            self._stock.put_back(job)
            raise
        if error := connection.why_not(sender, job.recipient.email, len(job.message)):
            self._take(connection, Failed(job, error, begun=False))
        else:
            connection.offer(job, sender, job.recipient.email)

    def _write(self, connection: Connection[Job]) -> None:
        if connection in self._pool and connection.has_words:
            self._take_all(connection, connection.send())
            self._pool.watch(connection)

    def _gather(self) -> None:
        """Read answers; once there is something to commit, see for a moment what else comes."""
        self._read(0 if self._commit_is_due else LONGEST_SLEEP_SECONDS)
        until = time.monotonic() + GATHER_SECONDS
        while self._commit_is_due and self._answers_are_due:
            left = until - time.monotonic()
            if left <= 0:
                return
            self._read(left)

    def _read(self, seconds: float) -> None:
        for found in self._pool.wait(seconds):
            if isinstance(found, TransportUnavailable):
                self._retire(found)
            elif found in self._pool:
                self._take_all(found, found.receive())
                self._write(found)
        for connection in self._pool.overdue():
            self._take_all(connection, connection.give_up())

    def _commit(self) -> bool:
        """Write what was learned and what begins; then, and only then, let bodies leave.

        False when the database would not.
        """
        ready, self._ready = self._ready, []
        begin = [] if self._stop.is_set() else [job.wish for _, job in ready]
        attempts: dict[Start, int] = {}
        refused: set[Lent] = set()
        try:
            attempts = self._recorder.commit(begin)
        except BaseException as error:  # noqa: BLE001  # raised again by run()
            self._unwritten = True
            self._fail(error)
        for connection, job in ready:
            # Each attempt is given out once: two connections may wish for one message when a
            # worker that was held up has leased its own range again.
            attempt = attempts.pop(job.wish, None)
            if attempt is None:
                # The server waits for a body that must not be sent: only hanging up says so.
                self._pool.drop(connection)
                self._stock.settle(job)
                refused.add(job.lent)
            else:
                job.attempt = attempt
                connection.dialogue.give_body(job.message)
        for lent in () if self._unwritten else refused:
            self._stock.look_after(lent)
        return not self._unwritten

    # --- what a server said ----------------------------------------------------------------------

    def _take_all(self, connection: Connection[Job], events: Iterable[Event[Job]]) -> None:
        for event in events:
            self._take(connection, event)
        if connection in self._pool and connection.dialogue.closing is not None:
            self._lose(connection)

    def _take(self, connection: Connection[Job], event: Event[Job]) -> None:
        if isinstance(event, Ready):
            self._ready.append((connection, event.job))
        elif isinstance(event, Accepted):
            self._accept(connection, event.job, event.reply)
        else:
            self._refuse(connection, event)

    def _accept(self, connection: Connection[Job], job: Job, reply: Reply) -> None:
        connection.carried += 1
        self._standing.accept(job.wish.campaign_id)
        self._pool.prove()
        self._recorder.record(accepted(job.wish, job.attempt, reply.code, reply.text))
        self._stock.settle(job)

    def _refuse(self, connection: Connection[Job], event: Failed[Job]) -> None:
        job = event.job
        judged = self._standing.judge(job.wish.campaign_id, event.error)
        if event.begun:
            self._recorder.record(self._result(job, job.attempt, judged.error))
        else:
            self._recorder.fail(job.wish, lambda attempt: self._result(job, attempt, judged.error))
        self._stock.settle(job)
        if judged.stop is not None:
            self._fail(judged.stop)
        elif isinstance(event.error, TransportUnavailable):
            self._pool.drop(connection)
            self._retire(event.error)

    def _result(self, job: Job, attempt: int, error: TransportError) -> Result:
        again_at = retry_at(
            attempt,
            self._letters.launched_at(job.wish.campaign_id),
            self._now(),
            self._config.delivery,
            random.random(),  # noqa: S311  # spreads load, guards nothing
        )
        return failed(job.wish, attempt, error, again_at)

    def _was_ever_accepted(self, campaign_id: int) -> bool:
        with reading(self._engine) as connection:
            return ledger.has_accepted(connection, campaign_id)

    def _lose(self, connection: Connection[Job]) -> None:
        """A connection has ended; whoever's body had not left is offered to another.

        Servers close after so many messages or seconds, and that is normal. One that ends fresh
        connections takes no mail from us now.
        """
        dialogue = connection.dialogue
        job, why = dialogue.envelope_out, dialogue.closing
        self._pool.drop(connection)
        self._ready = [one for one in self._ready if one[0] is not connection]
        fresh = connection.carried == 0 and not dialogue.leaving
        if job is None:
            if fresh and connection.offered == 0 and why is not None:
                self._retire(unavailable(self._place, why))
            return
        job.tries += fresh
        if job.tries < MOST_TRIES or why is None:
            self._stock.put_back(job)
            return
        self._refuse(connection, Failed(job, unavailable(self._place, why), begun=False))

    def _retire(self, error: TransportUnavailable) -> None:
        """Do without a connection while others work; without any, nothing more can be sent."""
        if not self._pool.shrink():
            self._fail(error)

    # --- the end ---------------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._stop.set()

    def _let_go(self) -> None:
        """Keep only what awaits the answer to a body; everybody else stays planned."""
        for connection in self._pool:
            job = connection.dialogue.envelope_out
            if job is not None and connection.dialogue.body_out is None:
                self._pool.drop(connection)
                self._stock.settle(job)
        self._ready = []
        self._stock.clear()

    def _say_goodbye(self) -> None:
        for connection in self._pool:
            connection.dialogue.leave()
        until = time.monotonic() + GOODBYE_SECONDS
        while any(self._pool) and time.monotonic() < until:
            for connection in self._pool:
                self._write(connection)
            self._read(until - time.monotonic())
