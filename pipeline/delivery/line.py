"""One message after the other over one connection, each until its answer is there."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable

from pipeline.config import Provider
from pipeline.delivery.connection import Connection
from pipeline.delivery.dialogue import Accepted, Event, Failed, unavailable
from pipeline.delivery.opening import open_connection
from pipeline.delivery.replies import Reply
from pipeline.errors import TransportError


class NotTaken(Exception):
    """The server did not take a message; `begun` says whether its body had left."""

    def __init__(self, error: TransportError, *, begun: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.begun = begun


class Line:
    """An open connection, for one thread."""

    def __init__(self, provider: Provider, hello: str) -> None:
        """Open it. Raises TransportUnavailable."""
        server = open_connection(provider, hello)
        if server.sock is None:  # pragma: no cover  # smtplib keeps it as long as it is open
            raise unavailable(provider.place, Reply(0, "the connection was closed"))
        self._provider = provider
        self._connection: Connection[str] = Connection(server, server.sock, provider)
        self._events: list[Event[str]] = []
        self.has_carried = False  # it worked: if it ends now, that is no fault of the provider

    @property
    def is_free(self) -> bool:
        """Whether another message may be carried."""
        return self._connection.free

    def carry(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand a message over. Raises NotTaken."""
        error = self._connection.why_not(sender, recipient, [message])
        if error is not None:
            raise NotTaken(error, begun=False)
        self._connection.offer(recipient, sender, recipient)
        while True:
            event = self._next()
            if isinstance(event, Accepted):
                self.has_carried = True
                return event.reply
            if isinstance(event, Failed):
                raise NotTaken(event.error, begun=event.begun)
            self._connection.dialogue.give_body((message,))

    def _next(self) -> Event[str]:
        dialogue = self._connection.dialogue
        while not self._events:
            if dialogue.closing is not None:
                error = unavailable(self._provider.place, dialogue.closing)
                raise NotTaken(error, begun=False)
            self._look()
        return self._events.pop(0)

    def _look(self) -> None:
        self._events += self._connection.send()
        deadline = self._connection.deadline
        patience = 0.0 if deadline is None else max(0.0, deadline - time.monotonic())
        writes: Iterable[Connection[str]] = (
            [self._connection] if self._connection.has_unsent else []
        )
        reads, sends, _ = select.select([self._connection], writes, [], patience)
        if reads:
            self._events += self._connection.receive()
        elif not sends and deadline is not None and time.monotonic() >= deadline:
            self._events += self._connection.give_up()

    def close(self) -> None:
        """Say goodbye, wait a moment for the answer, and hang up."""
        dialogue = self._connection.dialogue
        dialogue.leave()
        while dialogue.leaving and dialogue.closing is None:
            self._look()
        self._connection.close()
