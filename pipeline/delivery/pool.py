"""The connections of one worker: how many there may be, opened, watched, and closed."""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterator

from pipeline.config import Provider
from pipeline.delivery.connection import Connection
from pipeline.delivery.jobs import LONGEST_SLEEP_SECONDS, Job
from pipeline.delivery.openings import Openings
from pipeline.errors import TransportUnavailable

REGROW_SECONDS = 60  # after which one more connection is tried where the provider had refused one


class Pool:
    """Open connections to one provider. For use by one thread, `wake` excepted."""

    def __init__(
        self, provider: Provider, hello: str, selector: selectors.BaseSelector, owner: object
    ) -> None:
        """`selector` gets `owner` and the connection as data; without one, to `welcome` some."""
        self._provider = provider
        self._openings = Openings(provider, hello)
        self._selector = selector
        self._owner = owner
        self._selector.register(self._openings, selectors.EVENT_READ, (owner, None))
        self._connections: dict[Connection[Job], None] = {}  # oldest first
        self._proven = False
        self._regrow_at = 0.0
        self._look_at = 0.0
        # The first connection goes alone until the provider has accepted something: what it has
        # against us then costs one message, not one for each connection.
        self.limit = 1
        self._most = provider.connections

    def __iter__(self) -> Iterator[Connection[Job]]:
        """The open connections as they are now; they may be dropped meanwhile."""
        return iter(tuple(self._connections))

    def __contains__(self, connection: Connection[Job]) -> bool:
        """Whether it was not dropped."""
        return connection in self._connections

    def wake(self) -> None:
        """End a `wait` that is under way. For any thread."""
        self._openings.wake()

    def prove(self) -> None:
        """The provider has accepted a message: all connections may be used."""
        if not self._proven:
            self._proven = True
            self.limit = self._most

    def allow(self, most: int) -> None:
        """Use at most so many, of those that are set: other workers have the rest."""
        if self._proven and self.limit == self._most:
            self.limit = most
        self._most = most

    @property
    def most(self) -> int:
        """How many may be open."""
        return min(self.limit, self._most)

    @property
    def open(self) -> int:
        """How many are open, or being opened."""
        return len(self._connections) + self._openings.under_way

    @property
    def is_proven(self) -> bool:
        """Whether the provider has accepted a message in this run."""
        return self._proven

    @property
    def usable(self) -> list[Connection[Job]]:
        """Those that may be given more to do."""
        return self._staying[: self._most]

    @property
    def surplus(self) -> list[Connection[Job]]:
        """Those that are more than may be open."""
        return self._staying[self._most :]

    @property
    def _staying(self) -> list[Connection[Job]]:
        return [one for one in self._connections if not one.dialogue.leaving]

    def open_for(self, people: int) -> None:
        """Open as many more as are allowed and as there are people without one."""
        if self._proven and self.limit < self._most:
            self._regrow()
        under_way = self._openings.under_way
        allowed = self.most - self.open
        free = sum(one.free for one in self._connections) + under_way
        for _ in range(min(allowed, people - free)):
            self._openings.begin()

    def _regrow(self) -> None:
        now = time.monotonic()
        if now >= self._regrow_at:
            self.limit += 1
            self._regrow_at = now + REGROW_SECONDS

    def shrink(self) -> bool:
        """Do with the connections that work, for a while; False when none does.

        A provider may allow fewer than are set.
        """
        others = self.open
        if not self._proven or others == 0:
            return False
        self.limit = others
        self._regrow_at = time.monotonic() + REGROW_SECONDS
        return True

    def welcome(self) -> Iterator[TransportUnavailable]:
        """Take in the connections that were opened; tells of those that are not to be had."""
        for opened in self._openings.take():
            if isinstance(opened, TransportUnavailable):
                yield opened
            elif opened.sock is not None:
                connection: Connection[Job] = Connection(opened, opened.sock, self._provider)
                self._connections[connection] = None
                data = (self._owner, connection)
                self._selector.register(connection, selectors.EVENT_READ, data)

    def watch(self, connection: Connection[Job]) -> None:
        """Be told when it has room to write, too, if something waits for that."""
        if connection in self._connections:
            events = selectors.EVENT_READ | (connection.has_unsent and selectors.EVENT_WRITE)
            if self._selector.get_key(connection).events != events:
                self._selector.modify(connection, events, (self._owner, connection))

    def overdue(self) -> tuple[Connection[Job], ...]:
        """Those whose server has been silent for too long; looked for now and then."""
        now = time.monotonic()
        if now < self._look_at:
            return ()
        self._look_at = now + LONGEST_SLEEP_SECONDS
        return tuple(one for one in self if one.deadline is not None and one.deadline <= now)

    def drop(self, connection: Connection[Job]) -> None:
        """Hang up."""
        if connection in self._connections:
            del self._connections[connection]
            self._selector.unregister(connection)
            connection.close()

    def close(self) -> None:
        """Hang up all; those that are being opened are closed when they are there."""
        for connection in self:
            self.drop(connection)
        self._selector.unregister(self._openings)
        self._openings.close()
