"""Connections to the scripted server, closed again; and trust in the certificate it shows."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.config import Provider
from pipeline.delivery import opening
from pipeline.delivery.connection import Connection
from pipeline.delivery.dialogue import Accepted, Event, Failed
from pipeline.delivery.replies import Reply
from tests.delivery.lines import Place
from tests.delivery.sending import Sending, make_sending
from tests.support.smtp import Certificate

Connect = Callable[..., "Line"]
SENDER = "letter@larkfield.example"


def settings_for(server: Place, **values: Any) -> Provider:
    """Provider settings that lead to `server`."""
    plain = Provider(host=server.host, port=server.port, security="none", timeout_seconds=20)
    return replace(plain, **values)


class Line:
    """One connection, looked after until each message has its answer."""

    def __init__(self, settings: Provider) -> None:
        server = opening.open_connection(settings, "larkfield.example")
        assert server.sock is not None
        self.connection: Connection[str] = Connection(server, server.sock, settings)
        self._events: list[Event[str]] = []

    def send(self, recipient: str, message: bytes, sender: str = SENDER) -> Reply:
        """Hand over one message; raises what the server's no means, and Ended without a word."""
        if error := self.connection.why_not(sender, recipient, [message]):
            raise error
        while not self.connection.dialogue.takes_envelope:
            self._look()
        self.connection.offer(recipient, sender, recipient)
        while True:
            event = self._next_event()
            if isinstance(event, Accepted):
                return event.reply
            if isinstance(event, Failed):
                self.ended_begun = event.begun
                raise event.error
            self.connection.dialogue.give_body((message[:9], message[9:]))

    def _next_event(self) -> Event[str]:
        while not self._events:
            self._look()
        return self._events.pop(0)

    def _look(self) -> None:
        if closing := self.connection.dialogue.closing:
            raise Ended(closing.text)
        self._events += self.connection.send()
        writes = [self.connection] if self.connection.has_unsent else []
        select.select([self.connection], writes, [], 20)
        self._events += self.connection.receive()

    def close(self) -> None:
        self.connection.close()


class Ended(Exception):
    """The connection is over, and nothing of the message had left."""


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Make a connection to a server: `connect(server, messages_per_connection=2)`."""
    made: list[Line] = []

    def make(server: Place, **values: Any) -> Line:
        made.append(Line(settings_for(server, **values)))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certificate]:
    """The server's certificate, in a world that trusts it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    opening._tls_context.cache_clear()
    yield certificate
    opening._tls_context.cache_clear()


@pytest.fixture
def sending(engine: Engine, tmp_path: Path) -> Sending:
    """A campaign to be launched; the test runs once for each kind of database."""
    return make_sending(engine, tmp_path)
