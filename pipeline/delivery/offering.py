"""Who is next, and by which connection: people, providers and limits are brought together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from pipeline.delivery.allowance import Allowance
from pipeline.delivery.carriers import Carrier, Carriers
from pipeline.delivery.connection import Connection
from pipeline.delivery.dialogue import Failed
from pipeline.delivery.jobs import Job, Lane, Stock
from pipeline.delivery.letters import LetterBook

LONGEST_ASIDE = timedelta(minutes=15)  # then limits are looked at anew: they may have been raised
Refusal = tuple[Carrier, Connection[Job], Failed[Job]]


class Offering:
    """Hands the people in stock to connections, as fast as limits allow."""

    def __init__(
        self,
        stock: Stock,
        carriers: Carriers,
        allowance: Allowance,
        letters: LetterBook,
        now: Callable[[], datetime],
        lease_seconds: int,
    ) -> None:
        self._stock = stock
        self._carriers = carriers
        self._allowance = allowance
        self._letters = letters
        self._now = now
        self._lease_seconds = lease_seconds

    def prepare(self) -> None:
        """Have people and connections ready, as many as may be used now."""
        shared = self._allowance.share(self._lease_seconds)
        if shared is not None:
            for carrier in self._carriers:
                carrier.pool.allow(shared[carrier.name])
        if self._allowance.learn():
            self._stock.sort_anew()
        self._stock.fill(2 * self._carriers.room, self._carriers.lists)
        for carrier in self._carriers.working:
            carrier.pool.open_for(self._stock.ready)

    def make(self) -> Iterator[Refusal]:
        """Give connections that are free the next envelopes; tells of those that cannot be."""
        self._carriers.look_around()
        for lane in self._stock.lanes:
            while lane.jobs and (carrier := self._carriers.next_for(lane, self._allowance)):
                yield from self._offer(carrier, lane.jobs.popleft())
            self._keep_back(lane)
        for carrier in self._carriers:
            surplus = carrier.pool.surplus
            for connection in carrier.pool:
                if connection.spent or surplus > 0:
                    connection.dialogue.leave()
                    surplus -= 1

    def _offer(self, carrier: Carrier, job: Job) -> Iterator[Refusal]:
        try:
            # Written before it is started: what cannot be written leaves nobody in doubt.
            sender = self._letters.envelope_sender(job.wish.campaign_id)
            job.message = self._letters.write(job.wish, job.recipient, self._now())
        except BaseException:
            self.put_back(carrier, job)
            raise
        connection = carrier.free.pop()
        error = connection.why_not(sender, job.recipient.email, len(job.message))
        if error is None:
            carrier.begun += 1
            connection.offer(job, sender, job.recipient.email)
            return
        yield carrier, connection, Failed(job, error, begun=False)
        if connection in carrier.pool and connection.free:
            carrier.free.append(connection)

    def _keep_back(self, lane: Lane) -> None:
        """Let go of people whom a limit keeps waiting for long, or whom nobody can carry now."""
        if not self._carriers.able(lane.list_name):
            self._stock.set_aside(lane)
            return
        lane.opens_at = self._carriers.opens_at(lane, self._allowance)
        if lane.opens_at is None:
            return
        now = self._now()
        if lane.opens_at - now > self._allowance.patience(lane.domain) or self._stock.is_full:
            through_at = self._carriers.through_at(lane, self._allowance) or lane.opens_at
            self._stock.set_aside(lane, min(max(lane.opens_at, through_at), now + LONGEST_ASIDE))

    def settle(self, carrier: Carrier, job: Job) -> None:
        """Somebody who was offered is done with, for now."""
        self._allowance.end(carrier.name, job.domain)
        self._stock.settle(job)

    def put_back(self, carrier: Carrier, job: Job) -> None:
        """Somebody who was offered is to be the next again."""
        self._allowance.end(carrier.name, job.domain)
        self._stock.put_back(job)
