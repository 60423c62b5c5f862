"""The providers of a worker: which of them works, and which is to carry the next message."""

from __future__ import annotations

import selectors
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.config import Provider
from pipeline.delivery.allowance import Allowance
from pipeline.delivery.connection import Connection
from pipeline.delivery.jobs import Job, Lane
from pipeline.delivery.pool import Pool
from pipeline.delivery.routing import able_to_carry, choose
from pipeline.delivery.standing import Standing
from pipeline.errors import TransportUnavailable


@dataclass(eq=False)
class Carrier:
    """One provider in one run."""

    provider: Provider
    standing: Standing
    pool: Pool = field(init=False)
    free: list[Connection[Job]] = field(default_factory=list)  # as of the last look
    begun: int = 0
    slowed: set[str] = field(default_factory=set)  # receivers, and nothing was accepted since
    failure: TransportUnavailable | None = None  # why it is not used any more

    @property
    def name(self) -> str:
        """What the provider is called."""
        return self.provider.name

    @property
    def weight(self) -> int:
        """Its share of the mail, beside the others' weights."""
        return self.provider.weight

    @property
    def fallback(self) -> bool:
        """Whether it carries only what nobody else can."""
        return self.provider.fallback

    def may_carry(self, list_name: str) -> bool:
        """Whether mail to that list may go this way."""
        return self.provider.may_carry(list_name)

    @property
    def place(self) -> str:
        """Where it is reached."""
        return self.provider.place

    @property
    def offered(self) -> list[tuple[Connection[Job], Job]]:
        """Messages whose envelope alone is under way, on connections with nothing else to do."""
        found = [(one, one.dialogue.envelope_out, one.dialogue.body_out) for one in self.pool]
        return [(one, job) for one, job, body in found if job is not None and body is None]


class Carriers:
    """All of them, watched together."""

    def __init__(
        self, providers: Sequence[Provider], hello: str, was_accepted: Callable[[int], bool]
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._all = [Carrier(provider, Standing(was_accepted)) for provider in providers]
        self._able: dict[tuple[str, tuple[Carrier, ...]], tuple[Carrier, ...]] = {}
        for carrier in self._all:
            carrier.pool = Pool(carrier.provider, hello, self._selector, carrier)

    def __iter__(self) -> Iterator[Carrier]:
        return iter(self._all)

    @property
    def working(self) -> list[Carrier]:
        """Those that may be offered messages."""
        return [one for one in self._all if one.failure is None]

    @property
    def connections(self) -> list[tuple[Carrier, Connection[Job]]]:
        """The open connections as they are now; they may be dropped meanwhile."""
        return [(carrier, one) for carrier in self._all for one in carrier.pool]

    def open(self, allowance: Allowance) -> list[Carrier]:
        """Those that people should be fetched for: not if a limit keeps all of them for long."""
        usual = [one for one in self.working if not one.provider.fallback]
        carry_all = any(not one.provider.lists for one in usual)
        candidates = usual if carry_all else self.working
        return [one for one in candidates if not allowance.is_shut(one.name)]

    def able(self, list_name: str) -> tuple[Carrier, ...]:
        """Who may carry a list's mail now: fallbacks only where nobody else works."""
        working = tuple(self.working)
        key = list_name, working
        if key not in self._able:  # asked for each message
            self._able[key] = able_to_carry(working, list_name)
        return self._able[key]

    def look_around(self) -> None:
        """See which connections are free."""
        for carrier in self._all:
            working = carrier.failure is None
            carrier.free = [one for one in carrier.pool.usable if one.free] if working else []

    def next_for(self, lane: Lane, allowance: Allowance) -> Carrier | None:
        """Whose turn it is to carry the next of these people's messages, if it can be begun now.

        Mail is shared out by weight: who is behind is waited for while others have connections
        free, unless a limit keeps them.
        """
        able = [one for one in self.able(lane.list_name) if one.pool.most > 0]
        while open_now := [one for one in able if not allowance.blocks(one.name, lane.domain)]:
            carrier = open_now[0] if len(open_now) == 1 else _by_weight(open_now)
            if not carrier.free:
                return None
            wanted = min(len(lane.jobs), len(carrier.free))
            if allowance.spend(carrier.name, lane.domain, wanted):
                return carrier
        return None

    def people_for(self, carrier: Carrier, lanes: Sequence[Lane]) -> int:
        """How many may be begun now that it may carry."""
        ready = [lane for lane in lanes if lane.opens_at is None]
        return sum(len(lane.jobs) for lane in ready if carrier in self.able(lane.list_name))

    def opens_at(self, lane: Lane, allowance: Allowance) -> datetime | None:
        """When the next of these people may be begun; None: as soon as a connection is free."""
        able = self.able(lane.list_name)
        return _soonest([allowance.opens_at(one.name, lane.domain) for one in able])

    def through_at(self, lane: Lane, allowance: Allowance) -> datetime | None:
        """When all of these people can have been begun through one of them; None: at once."""
        able = self.able(lane.list_name)
        people = len(lane.jobs)
        return _soonest([allowance.through_at(one.name, lane.domain, people) for one in able])

    def wait(
        self, seconds: float
    ) -> Iterator[tuple[Carrier, Connection[Job] | TransportUnavailable]]:
        """Connections that have something to read or room to write, and those not to be had."""
        for key, _ in self._selector.select(seconds):
            carrier, connection = key.data
            if connection is not None:
                yield carrier, connection
            else:
                yield from ((carrier, failed) for failed in carrier.pool.welcome())

    def wake(self) -> None:
        """End a `wait` that is under way. For any thread."""
        self._all[0].pool.wake()

    def close(self) -> None:
        """Hang up everywhere."""
        for carrier in self._all:
            carrier.pool.close()
        self._selector.close()


def _by_weight(carriers: Sequence[Carrier]) -> Carrier:
    return choose(carriers, {one.name: one.begun for one in carriers})


def _soonest(times: Sequence[datetime | None]) -> datetime | None:
    """The first of them; None where one is now, or there is none."""
    return min((at for at in times if at), default=None) if all(times) else None
