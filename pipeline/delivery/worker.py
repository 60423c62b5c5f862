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
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from pipeline import ledger
from pipeline.config import Config, Provider
from pipeline.db import LastingConnection, reading, writing
from pipeline.delivery.allowance import Allowance
from pipeline.delivery.carriers import Carrier, Carriers
from pipeline.delivery.connection import GOODBYE_SECONDS, Connection
from pipeline.delivery.dialogue import Accepted, Event, Failed, Ready, unavailable
from pipeline.delivery.jobs import Job, Lent, Stock
from pipeline.delivery.letters import LetterBook
from pipeline.delivery.offering import Offering
from pipeline.delivery.recorder import Recorder
from pipeline.delivery.replies import Reply, accepted, asks_to_slow_down, failed, retry_at
from pipeline.delivery.worker_name import new_worker_name
from pipeline.errors import TransportError, TransportUnavailable
from pipeline.ledger import Result, Start
from pipeline.schema import DeliveryStatus

Progress = Callable[[Counter[DeliveryStatus]], None]
GATHER_SECONDS = 0.010  # a commit costs as much as several messages: it waits for some company
MOST_TRIES = 2  # fresh connections that end over one message
MOST_SLOWED = 5  # receivers in a row that want less: then it is the provider that does


class Worker:
    """Sends what is due, through its providers, until nothing is due or it is told to stop."""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        providers: Sequence[Provider],
        letters: LetterBook,
        *,
        now: Callable[[], datetime],
        on_progress: Progress = lambda _: None,
        on_problem: Callable[[TransportUnavailable], None] = lambda _: None,
    ) -> None:
        """`on_problem` is told of a provider that cannot be used, while others can."""
        self._engine = engine
        self._config = config
        self._letters = letters
        self._now = now
        self._on_problem = on_problem
        name = new_worker_name()
        self._database = LastingConnection(engine)
        self._recorder = Recorder(
            self._database, name, config.delivery.lease_seconds, now, on_progress
        )
        limits = () if config.rehearsal else config.throttles
        self._allowance = Allowance(engine, name, providers, limits, now)
        self._stock = Stock(
            self._database,
            name,
            config.delivery,
            now,
            self._recorder,
            self._allowance.domain_of,
            rehearsal=config.rehearsal,
        )
        self._carriers = Carriers(providers, config.site.authority, self._was_ever_accepted)
        self._offering = Offering(
            self._stock,
            self._carriers,
            self._allowance,
            letters,
            now,
            config.delivery.lease_seconds,
        )
        self._ready: list[tuple[Carrier, Connection[Job], Job]] = []
        self._unwritten = False  # the database refused a commit: its results are tried at the end
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None

    def stop(self) -> None:
        """Finish what is in flight, give the rest back; returns at once. For any thread."""
        self._stop.set()
        self._carriers.wake()

    @property
    def failed(self) -> frozenset[str]:
        """The names of the providers that could not be used, or no longer."""
        return frozenset(one.name for one in self._carriers if one.failure is not None)

    def run(self) -> None:
        """Send all that is due now.

        Raises TransportUnavailable when no provider can be used: what was not handed over stays
        planned or deferred.
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
            self._allowance.close()
        except BaseException as error:  # noqa: BLE001  # raised again by run()
            self._fail(error)
        finally:
            self._carriers.close()
            self._database.close()
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
            self._offering.prepare()
            for carrier, connection, failed in self._offering.make():
                self._refuse(carrier, connection, failed)
        for carrier, connection in self._carriers.connections:
            self._write(carrier, connection)
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
        return any(one.dialogue.waits for carrier in self._carriers for one in carrier.pool)

    @property
    def _commit_is_due(self) -> bool:
        return not self._unwritten and (bool(self._ready) or self._recorder.has_work)

    def _write(self, carrier: Carrier, connection: Connection[Job]) -> None:
        if connection in carrier.pool and connection.has_words:
            self._take_all(carrier, connection, connection.send())
            carrier.pool.watch(connection)

    def _gather(self) -> None:
        """Read answers; once there is something to commit, see for a moment what else comes."""
        self._read(0 if self._commit_is_due else self._stock.seconds_to_wait(self._now()))
        until = time.monotonic() + GATHER_SECONDS
        while self._commit_is_due and self._answers_are_due:
            left = until - time.monotonic()
            if left <= 0:
                return
            self._read(left)

    def _read(self, seconds: float) -> None:
        for carrier, found in self._carriers.wait(seconds):
            if isinstance(found, TransportUnavailable):
                self._retire(carrier, found)
            elif found in carrier.pool:
                self._take_all(carrier, found, found.receive())
                self._write(carrier, found)
        for carrier in self._carriers:
            for connection in carrier.pool.overdue():
                self._take_all(carrier, connection, connection.give_up())

    def _commit(self) -> bool:
        """Write what was learned and what begins; then, and only then, let bodies leave.

        False when the database would not.
        """
        ready, self._ready = self._ready, []
        begin = [] if self._stop.is_set() else [job.wish for _, _, job in ready]
        attempts: dict[Start, int] = {}
        refused: set[Lent] = set()
        try:
            attempts = self._recorder.commit(begin)
        except BaseException as error:  # noqa: BLE001  # raised again by run()
            self._unwritten = True
            self._fail(error)
        for carrier, connection, job in ready:
            # Each attempt is given out once: two connections may wish for one message when a
            # worker that was held up has leased its own range again.
            attempt = attempts.pop(job.wish, None)
            if attempt is None:
                # The server waits for a body that must not be sent: only hanging up says so.
                carrier.pool.drop(connection)
                self._offering.settle(carrier, job)
                refused.add(job.lent)
            else:
                job.attempt = attempt
                connection.dialogue.give_body(job.message)
        for lent in () if self._unwritten else refused:
            self._stock.look_after(lent)
        return not self._unwritten

    # --- what a server said ----------------------------------------------------------------------

    def _take_all(
        self, carrier: Carrier, connection: Connection[Job], events: Iterable[Event[Job]]
    ) -> None:
        for event in events:
            self._take(carrier, connection, event)
        if connection in carrier.pool and connection.dialogue.closing is not None:
            self._lose(carrier, connection)

    def _take(self, carrier: Carrier, connection: Connection[Job], event: Event[Job]) -> None:
        if isinstance(event, Ready) and carrier.failure is not None and not self._stop.is_set():
            self._hang_up(carrier, connection)
            self._offering.put_back(carrier, event.job)
        elif isinstance(event, Ready):
            self._ready.append((carrier, connection, event.job))
        elif isinstance(event, Accepted):
            self._accept(carrier, connection, event.job, event.reply)
        else:
            self._refuse(carrier, connection, event)

    def _accept(
        self, carrier: Carrier, connection: Connection[Job], job: Job, reply: Reply
    ) -> None:
        connection.carried += 1
        carrier.slowed.clear()
        carrier.standing.accept(job.wish.campaign_id)
        carrier.pool.prove()
        self._allowance.note_accepted(carrier.name, job.domain)
        self._recorder.record(accepted(job.wish, job.attempt, reply.code, reply.text))
        self._offering.settle(carrier, job)

    def _refuse(self, carrier: Carrier, connection: Connection[Job], event: Failed[Job]) -> None:
        job = event.job
        if isinstance(event.error, TransportUnavailable):
            carrier.pool.drop(connection)
            self._retire(carrier, event.error)
            to_blame = carrier.failure is not None or job.tries < MOST_TRIES
            if to_blame and self._carriers.able(job.lent.range.list_name):
                self._offering.put_back(carrier, job)  # of which nothing has left: by another
                return
        judged = carrier.standing.judge(job.wish.campaign_id, event.error)
        if event.begun:
            self._recorder.record(self._result(job, job.attempt, judged.error))
        else:
            self._recorder.fail(job.wish, lambda attempt: self._result(job, attempt, judged.error))
        if asks_to_slow_down(event.error):
            self._allowance.note_trouble(carrier.name, job.recipient.email)
        self._offering.settle(carrier, job)
        if judged.stop is not None:
            self._do_without(carrier, judged.stop)

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

    def _lose(self, carrier: Carrier, connection: Connection[Job]) -> None:
        """A connection has ended; whoever's body had not left is offered to another.

        Servers close after so many messages or seconds, and that is normal. One that ends fresh
        connections takes no mail from us now.
        """
        dialogue = connection.dialogue
        job, why = dialogue.envelope_out, dialogue.closing
        self._hang_up(carrier, connection)
        fresh = connection.carried == 0 and not dialogue.leaving
        if job is None:
            if fresh and connection.offered == 0 and why is not None:
                self._retire(carrier, unavailable(carrier.place, why))
            return
        job.tries += fresh
        if fresh and self._was_slowed(carrier, connection):  # else perhaps this one alone
            self._allowance.note_trouble(carrier.name, job.recipient.email)
            carrier.slowed.add(job.recipient.email.rpartition("@")[2])
        enough = job.tries >= MOST_TRIES or len(carrier.slowed) >= MOST_SLOWED
        if why is None or not enough:
            self._offering.put_back(carrier, job)
            return
        failure = Failed(job, unavailable(carrier.place, why), begun=False)
        self._refuse(carrier, connection, failure)

    def _was_slowed(self, carrier: Carrier, connection: Connection[Job]) -> bool:
        """Whether a connection was ended because of a receiver, which a bare 421 may mean too."""
        why = connection.dialogue.closing
        # Behind another message it may be that one's verdict.
        bare = why is not None and why.code == 421 and connection.offered == 1
        return connection.dialogue.slowed or (bare and carrier.pool.is_proven)

    def _retire(self, carrier: Carrier, error: TransportUnavailable) -> None:
        """Do without a connection while others of the provider work."""
        if not carrier.pool.shrink():
            self._do_without(carrier, error)

    def _do_without(self, carrier: Carrier, error: TransportUnavailable) -> None:
        """A provider cannot be used now: the others go on; without any, nothing more can be sent.

        Whoever was offered to it goes to another.
        """
        if carrier.failure is not None:
            return
        carrier.failure = error
        if not self._carriers.working:
            self._fail(error)
            return
        self._on_problem(error)
        for connection, job in carrier.offered:
            self._hang_up(carrier, connection)
            self._offering.put_back(carrier, job)

    def _hang_up(self, carrier: Carrier, connection: Connection[Job]) -> None:
        carrier.pool.drop(connection)
        self._ready = [one for one in self._ready if one[1] is not connection]

    # --- the end ---------------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._stop.set()

    def _let_go(self) -> None:
        """Keep only what awaits the answer to a body; everybody else stays planned."""
        for carrier in self._carriers:
            for connection, job in carrier.offered:
                carrier.pool.drop(connection)
                self._offering.put_back(carrier, job)
        self._ready = []
        self._stock.clear()

    def _say_goodbye(self) -> None:
        for _, connection in self._carriers.connections:
            connection.dialogue.leave()
        until = time.monotonic() + GOODBYE_SECONDS
        while self._carriers.connections and time.monotonic() < until:
            for carrier, connection in self._carriers.connections:
                self._write(carrier, connection)
            self._read(until - time.monotonic())
