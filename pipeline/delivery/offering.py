"""Who is next, and by which connection: people, providers and limits are brought together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from pipeline.delivery.allowance import Allowance
from pipeline.delivery.carriers import Carrier, Carriers
from pipeline.delivery.connection import Connection
from pipeline.delivery.dialogue import Failed
from pipeline.delivery.jobs import MOST_WAITING, Job, Lane, Stock
from pipeline.delivery.letters import LetterBook

LONGEST_ASIDE = timedelta(minutes=15)  # then limits are looked at anew: they may have been raised
ASIDE = timedelta(minutes=1)  # where nothing says when they can have been begun
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
        open_now = {carrier.name: carrier.pool.open for carrier in self._carriers}
        shared = self._allowance.share(self._lease_seconds, open_now)
        if shared is not None:
            for carrier in self._carriers:
                carrier.pool.allow(shared[carrier.name])
            self._stock.look_again()
        if self._allowance.learn():
            self._stock.sort_anew()
        self._fetch()
        lanes = self._stock.lanes
        for carrier in self._carriers.working:
            carrier.pool.open_for(self._carriers.people_for(carrier, lanes))

    def _fetch(self) -> None:
        """Fetch people for the providers that are open; some also if others have all connections.

        Who has none to give them to waits with them for its share.
        """
        open_now = self._carriers.open(self._allowance)
        named = [carrier.provider.lists for carrier in open_now]
        lists = None if () in named else frozenset(name for lists in named for name in lists)
        self._stock.fill(sum(max(1, 2 * carrier.pool.most) for carrier in open_now), lists)

    def make(self) -> Iterator[Refusal]:
        """Give connections that are free the next envelopes; tells of those that cannot be."""
        self._carriers.look_around()
        now = self._now()
        for lane in self._stock.lanes:
            while lane.jobs and (carrier := self._carriers.next_for(lane, self._allowance)):
                yield from self._offer(carrier, lane.jobs.popleft(), now)
            self._keep_back(lane)
        self._allowance.return_unused()
        for carrier in self._carriers:
            for connection in carrier.pool:
                if connection.spent or carrier.failure is not None:
                    connection.dialogue.leave()
            for connection in carrier.pool.surplus:
                connection.dialogue.leave()

    def _offer(self, carrier: Carrier, job: Job, now: datetime) -> Iterator[Refusal]:
        try:
            # Written before it is started: what cannot be written leaves nobody in doubt.
            sender = self._letters.envelope_sender(job.wish.campaign_id)
            job.message = self._letters.write(job.wish, job.recipient, now)
        except BaseException:
            self.put_back(carrier, job)
            raise
        connection = carrier.free.pop()
        error = connection.why_not(sender, job.recipient.email, job.message)
        if error is None:
            carrier.begun += 1
            connection.offer(job, sender, job.recipient.email)
            return
        yield carrier, connection, Failed(job, error, begun=False)
        if connection in carrier.pool and connection.free:
            carrier.free.append(connection)

    def _keep_back(self, lane: Lane) -> None:
        """Let go of people whom a limit keeps waiting for long, or whom nobody can carry now."""
        now = self._now()
        if not self._carriers.able(lane.list_name):
            self._stock.set_aside(lane, now, now)
            return
        lane.opens_at = self._carriers.opens_at(lane, self._allowance) if lane.jobs else None
        if lane.opens_at is None:
            return
        if lane.opens_at - now > self._allowance.patience(lane.domain):
            self._set_aside(lane, lane.opens_at, keep=0)
        elif self._stock.is_full:
            self._set_aside(lane, lane.opens_at, MOST_WAITING // (2 * len(self._stock.lanes)))

    def _set_aside(self, lane: Lane, opens_at: datetime, keep: int) -> None:
        now = self._now()
        latest = now + LONGEST_ASIDE
        through_at = self._carriers.through_at(lane, self._allowance) or now + ASIDE
        opens_at = min(opens_at, latest)
        self._stock.set_aside(lane, opens_at, max(opens_at, min(through_at, latest)), keep)

    def settle(self, carrier: Carrier, job: Job) -> None:
        """Somebody who was offered is done with, for now."""
        self._allowance.end(carrier.name, job.domain)
        self._stock.settle(job)

    def put_back(self, carrier: Carrier, job: Job) -> None:
        """Somebody who was offered is to be the next again."""
        self._allowance.end(carrier.name, job.domain)
        self._stock.put_back(job)
