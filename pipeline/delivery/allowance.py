"""What limits allow a worker to begin now: booked in the database, and then in hand.

It asks the throttle for as many messages as there are connections free, so that nothing booked lies
about; other processes book from the same limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pipeline import throttle
from pipeline.config import DomainLimit, Provider
from pipeline.db import reading, writing
from pipeline.delivery.pause import Pause
from pipeline.delivery.sharing import Sharing
from pipeline.throttle import Scope

# Minutes are waited for in memory, as limits of a minute need it; hours and trouble are not.
LONGEST_WAIT = timedelta(seconds=65)
LONGEST_WAIT_IN_TROUBLE = timedelta(seconds=5)
AN_ANSWER = timedelta(seconds=1)  # to what is under way: it may come at any time
LOOK_AGAIN = timedelta(seconds=5)  # at what other workers have learned, and who waits for a share


class Allowance:
    """The limits of one worker's providers and their receivers. For use by one thread."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        providers: Sequence[Provider],
        limits: Sequence[DomainLimit],
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._providers = providers
        self._now = now
        self._rules = throttle.make_rules(providers, limits)
        self._group_of = {domain: one.name for one in limits for domain in one.domains}
        connections = {Scope(one.name): one.connections for one in providers}
        in_flight = {
            Scope(provider.name, one.name): one.connections
            for provider in providers
            for one in limits
            if one.connections
        }
        self._sharing = Sharing(engine, worker, connections, in_flight, now)
        self._paced: frozenset[Scope] = frozenset()
        self._limited = self._find_limited()
        self._under_way: Counter[Scope] = Counter()
        self._in_hand: Counter[Scope] = Counter()
        self._taken_at: dict[Scope, datetime] = {}
        self._again_at: dict[Scope, datetime] = {}
        self._troubles: set[Scope] = set()
        self._accepted: Counter[Scope] = Counter()
        self._looking = Pause(now)

    # --- who is meant ----------------------------------------------------------------------------

    @property
    def binds(self) -> bool:
        """Whether anything is limited at all; nearly always nothing is."""
        return bool(self._rules or self._paced or self._most_under_way)

    def domain_of(self, email: str) -> str:
        """The group or domain whose limits count for an address; "" where none do."""
        if not self._limited:
            return ""
        domain = self._receiver(email)
        return domain if domain in self._limited else ""

    def _receiver(self, email: str) -> str:
        domain = email.rpartition("@")[2].lower()
        return self._group_of.get(domain, domain)

    @property
    def _most_under_way(self) -> Mapping[Scope, int]:
        return self._sharing.in_flight

    def _find_limited(self) -> frozenset[str]:
        scopes = (*self._rules, *self._paced, *self._most_under_way)
        return frozenset(scope.domain for scope in scopes if scope.domain)

    def _scopes(self, provider: str, domain: str) -> list[Scope]:
        scopes = dict.fromkeys((Scope(provider), Scope(provider, domain)))
        return [one for one in scopes if one in self._rules or one in self._paced]

    # --- what may be begun -----------------------------------------------------------------------

    def blocks(self, provider: str, domain: str) -> bool:
        """Whether nothing may be begun now, as far as is known without asking."""
        return self.opens_at(provider, domain) is not None

    def is_shut(self, provider: str) -> bool:
        """Whether nobody may be begun through it for longer than people wait in memory."""
        opens_at = self.opens_at(provider, "")
        return opens_at is not None and opens_at - self._now() > LONGEST_WAIT

    def opens_at(self, provider: str, domain: str) -> datetime | None:
        """When something may be begun again; None: now."""
        if not self.binds:
            return None
        now = self._now()
        whole = Scope(provider, domain)
        if whole in self._most_under_way and self._under_way[whole] >= self._most_under_way[whole]:
            return now + AN_ANSWER
        times = [
            self._again_at[scope]
            for scope in self._scopes(provider, domain)
            if self._in_hand[scope] < 1 and self._again_at.get(scope, now) > now
        ]
        return max(times, default=None)

    def spend(self, provider: str, domain: str, wanted: int) -> bool:
        """Begin one message, of so many that are wanted now; False when it must wait."""
        if not self.binds:
            return True
        scopes = self._scopes(provider, domain)
        lacking = [scope for scope in scopes if self._in_hand[scope] < 1]
        if lacking:
            self._book(lacking, wanted)
        if any(self._in_hand[scope] < 1 for scope in scopes):
            return False
        for scope in scopes:
            self._in_hand[scope] -= 1
        if (whole := Scope(provider, domain)) in self._most_under_way:
            self._under_way[whole] += 1
        return True

    def _book(self, scopes: Sequence[Scope], wanted: int) -> None:
        """Book the receiver's part first: of the provider's no more than that can use."""
        now = self._now()
        with writing(self._engine) as connection:
            for scope in reversed(scopes):
                grant = throttle.take(connection, {scope: wanted}, self._rules, now)[scope]
                self._in_hand[scope] += grant.count
                self._taken_at[scope] = now
                if grant.again_at is not None:
                    self._again_at[scope] = grant.again_at
                wanted = grant.count
                if not wanted:
                    return

    def return_unused(self) -> None:
        """Give back what is in hand: begun later, it would go beyond a limit by then."""
        unused = {scope: count for scope, count in self._in_hand.items() if count > 0}
        self._in_hand.clear()
        if not unused:
            return
        with writing(self._engine) as connection:
            for scope, count in unused.items():
                throttle.give_back(connection, {scope: count}, self._taken_at[scope])
                self._again_at.pop(scope, None)

    def end(self, provider: str, domain: str) -> None:
        """A message that was begun is no longer under way."""
        if self._most_under_way and (whole := Scope(provider, domain)) in self._most_under_way:
            self._under_way[whole] -= 1

    def patience(self, domain: str) -> timedelta:
        """How long people wait in memory until they may be begun."""
        paced = any(scope.domain == domain for scope in self._paced)
        return LONGEST_WAIT_IN_TROUBLE if paced else LONGEST_WAIT

    def through_at(self, provider: str, domain: str, people: int) -> datetime | None:
        """When so many messages can have been begun; None when nothing limits them."""
        remaining = dict.fromkeys(self._scopes(provider, domain), people)
        with reading(self._engine) as connection:
            return throttle.finish_at(connection, remaining, self._rules, self._now())

    # --- what is learned -------------------------------------------------------------------------

    def note_trouble(self, provider: str, email: str) -> None:
        """A receiver asked us to slow down (421, 4.7.x)."""
        self._troubles.add(Scope(provider, self._receiver(email)))

    def note_accepted(self, provider: str, domain: str) -> None:
        """A receiver has taken a message."""
        if domain and (scope := Scope(provider, domain)) in self._paced:
            self._accepted[scope] += 1

    def learn(self) -> bool:
        """Keep what was noted since, and see what other workers have learned and booked.

        Whether other receivers are limited now than before.
        """
        if self._troubles or self._accepted:
            with writing(self._engine) as connection:
                throttle.learn(connection, self._troubles, self._accepted, self._now())
            self._troubles, self._accepted = set(), Counter()
        elif self._looking.lasts:
            return False
        return self._look()

    def _look(self) -> bool:
        self._looking.begin(LOOK_AGAIN)
        with reading(self._engine) as connection:
            learned = throttle.read_learned(connection)
            full = throttle.read_full(connection, self._rules, self._now())
            self._sharing.look(connection)
        names = {one.name for one in self._providers}
        self._paced = frozenset(scope for scope in learned if scope.provider in names)
        self._again_at = {scope: learned[scope].next_at for scope in self._paced} | full
        before, self._limited = self._limited, self._find_limited()
        return self._limited != before

    # --- what is shared with other workers -------------------------------------------------------

    def share(self, lease_seconds: int, open_now: Mapping[str, int]) -> dict[str, int] | None:
        """How many connections of each provider are ours until we ask again; to be called often.

        `open_now` has those that are open, by provider. None when nothing has to be asked yet.
        """
        opened = {Scope(name): count for name, count in open_now.items()}
        return self._sharing.share(lease_seconds, {**self._under_way, **opened})

    def close(self) -> None:
        """Give back what is in hand, and the connections."""
        self.return_unused()
        self._sharing.close()
