"""One connection that is kept and reused: a socket that never blocks, and its dialogue."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Generic

from pipeline.config import Provider
from pipeline.delivery.dialogue import Dialogue, Event, Job
from pipeline.delivery.unsent import Unsent
from pipeline.errors import (
    MessageRefused,
    RecipientRefused,
    TransportError,
    TransportUnavailable,
)

FINAL_REPLY_SECONDS = 600  # a server may take ten minutes over the body (RFC 5321 4.5.3.2.6)
GOODBYE_SECONDS = 5
_AT_ONCE = 65_536  # octets
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection(Generic[Job]):
    """An open connection to a provider, logged in. All its methods return at once."""

    def __init__(self, server: smtplib.SMTP, sock: socket.socket, settings: Provider) -> None:
        self._socket = sock
        self._socket.setblocking(False)  # the standard library's
        self._settings = settings
        self._utf8 = server.has_extn("smtputf8")
        self._largest = _largest(server)
        self._unsent = Unsent(sock)
        self._heard_at = time.monotonic()
        self.dialogue: Dialogue[Job] = Dialogue(
            settings.place, pipelining=server.has_extn("pipelining")
        )
        self.offered = 0
        self.carried = 0

    def fileno(self) -> int:
        """For a selector."""
        return self._socket.fileno()

    @property
    def spent(self) -> bool:
        """Whether it has had as many messages as are set for one connection."""
        return self.offered >= self._settings.messages_per_connection

    @property
    def free(self) -> bool:
        """Whether a message may be offered."""
        return self.dialogue.takes_envelope and not self.spent

    @property
    def has_words(self) -> bool:
        """Whether there is something to write."""
        return self.has_unsent or self.dialogue.has_words

    @property
    def has_unsent(self) -> bool:
        """Whether octets wait until the socket takes them."""
        return bool(self._unsent)

    @property
    def deadline(self) -> float | None:
        """When the server has been silent for too long, by time.monotonic(); None: it may be."""
        if not self.dialogue.waits:
            return None
        patience: float = self._settings.timeout_seconds
        if self.dialogue.body_out is not None:
            patience = max(patience, FINAL_REPLY_SECONDS)
        elif self.dialogue.leaving:
            patience = GOODBYE_SECONDS
        return self._heard_at + patience

    def why_not(
        self, sender: str, recipient: str, message: Iterable[bytes]
    ) -> TransportError | None:
        """Why a message cannot be offered here at all (RFC 6531 3.5, RFC 1870), or None."""
        if not self._utf8 and not (sender + recipient).isascii():
            return _not_ascii(sender)
        if self._largest and (size := sum(map(len, message))) > self._largest:
            return MessageRefused(
                f"the provider takes messages of at most {self._largest:,} octets, and this one"
                f" has {size:,}",
                code=552,
                enhanced_code="5.3.4",
                permanent=True,
            )
        return None

    def offer(self, job: Job, sender: str, recipient: str) -> None:
        """Begin with a message; what comes of it is told by `receive`."""
        self.offered += 1
        self.dialogue.offer(job, sender, recipient, utf8=not (sender + recipient).isascii())

    def send(self) -> list[Event[Job]]:
        """Write what may be said, as far as the socket takes it."""
        try:
            while self.has_words:
                if not self.has_unsent:
                    self._unsent.put(self.dialogue.to_say())
                    self._heard_at = time.monotonic()
                self._unsent.send()
        except _NOT_NOW:
            pass
        except OSError as error:
            last_words = self.receive()  # they may say why
            return last_words + self.dialogue.lose(str(error))
        return []

    def receive(self) -> list[Event[Job]]:
        """Read what has come."""
        events: list[Event[Job]] = []
        try:
            while heard := self._socket.recv(_AT_ONCE):
                self._heard_at = time.monotonic()
                events += self.dialogue.hear(heard)
                if self.dialogue.closing is not None:
                    break
                if self._has_read_all(heard):
                    return events
            else:
                events += self.dialogue.lose("the server closed the connection")
        except _NOT_NOW:
            return events
        except OSError as error:
            events += self.dialogue.lose(str(error))
        if closing := self.dialogue.closing:
            events += self.dialogue.lose(closing.text)
        return events

    def _has_read_all(self, heard: bytes) -> bool:
        """Whether a selector will tell of whatever comes next."""
        return len(heard) < _AT_ONCE and not isinstance(self._socket, ssl.SSLSocket)

    def give_up(self) -> list[Event[Job]]:
        """The server has been silent for too long."""
        return self.dialogue.lose("the server said nothing for too long")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def _largest(server: smtplib.SMTP) -> int:
    size = server.esmtp_features.get("size", "")
    return int(size) if size.isdecimal() else 0


def _not_ascii(sender: str) -> TransportError:
    """Why a transaction with a non-ASCII address cannot be: whose address it is."""
    why = "the provider does not carry addresses with non-ASCII letters (no SMTPUTF8)"
    if sender.isascii():
        return RecipientRefused(why, code=553, enhanced_code="5.6.7", permanent=True)
    return TransportUnavailable(
        f"{why}, and the sender {sender} is one",
        hint="set the newsletter's from_email to an address of plain letters",
    )
