"""One SMTP connection that is kept and reused (RFC 5321), on the standard library's smtplib."""

from __future__ import annotations

import smtplib
from contextlib import suppress

from pipeline.config import Smtp
from pipeline.delivery.opening import open_connection
from pipeline.delivery.replies import Reply, enhanced_code, make_reply
from pipeline.errors import (
    MessageRefused,
    RecipientRefused,
    ReplyLost,
    TransportError,
    TransportUnavailable,
)

FINAL_REPLY_SECONDS = 600  # a server may take ten minutes over the body (RFC 5321 4.5.3.2.6)
_LOST = (smtplib.SMTPServerDisconnected, OSError)


class _Dropped(Exception):
    """The connection ended before any body left: nothing was sent."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


class Connection:
    """A connection to one provider. Not for use by two threads at once."""

    def __init__(self, settings: Smtp, hello: str) -> None:
        self._settings = settings
        self._hello = hello  # the name we give ourselves in EHLO
        self._server: smtplib.SMTP | None = None
        self._carried = 0

    def ready(self) -> None:
        """Connect unless connected. Raises TransportUnavailable with the reason and the mend.

        Called before a row is started, so that an unreachable provider leaves it planned.
        """
        if self._server is not None and self._carried >= self._settings.messages_per_connection:
            self.close()
        if self._server is None:
            self._server = open_connection(self._settings, self._hello)
            self._carried = 0

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """Hand over one message; `message` has CRLF line ends and no line that begins with a dot.

        Raises RecipientRefused or MessageRefused for the server's no, ReplyLost when the body
        left and no reply came, TransportUnavailable when nothing was handed over.
        """
        try:
            return self._transact(sender, recipient, message)
        except _Dropped:
            # Servers close after so many messages or seconds; nothing was sent yet, so a new
            # connection may try the same message once more.
            self.close()
        self.ready()
        try:
            return self._transact(sender, recipient, message)
        except _Dropped as dropped:
            self.close()
            raise _unavailable(self._settings, dropped.reply) from None

    def close(self) -> None:
        """Say goodbye, if anybody still listens."""
        if self._server is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._server.quit()
            self._server.close()
            self._server = None

    def _transact(self, sender: str, recipient: str, message: bytes) -> Reply:
        self._envelope(sender, recipient)
        reply = self._command("DATA")
        if reply.code != 354:
            self._reset()
            raise _refused(MessageRefused, reply, "would not take the message")
        reply = self._body(message)
        if not _is_yes(reply):
            raise _refused(MessageRefused, reply, "refused the message")
        self._carried += 1
        return reply

    def _envelope(self, sender: str, recipient: str) -> None:
        server = self._open_server
        options = ""
        if not (sender + recipient).isascii():
            if not server.has_extn("smtputf8"):
                raise _not_ascii(sender)
            options = " SMTPUTF8"
            server.command_encoding = "utf-8"
        try:
            reply = self._command(f"MAIL FROM:<{sender}>{options}")
            if not _is_yes(reply):
                self._reset()
                raise _unavailable(self._settings, reply)
            reply = self._command(f"RCPT TO:<{recipient}>")
        finally:
            server.command_encoding = "ascii"
        if not _is_yes(reply):
            self._reset()
            raise _refused(RecipientRefused, reply, "refused the address")

    def _command(self, line: str) -> Reply:
        """Send one command; a 421 or a lost connection means that nothing was handed over."""
        try:
            reply = make_reply(*self._open_server.docmd(line))
        except _LOST as error:
            raise _Dropped(Reply(0, str(error))) from error
        if reply.code == 421 or reply.code < 200:  # below: no reply of SMTP at all
            raise _Dropped(reply)
        return reply

    def _body(self, message: bytes) -> Reply:
        server = self._open_server
        socket = server.sock
        try:
            server.send(message + b".\r\n")
            if socket is not None:
                socket.settimeout(FINAL_REPLY_SECONDS)
            reply = make_reply(*server.getreply())
            if socket is not None:
                socket.settimeout(self._settings.timeout_seconds)
        except _LOST as error:
            self.close()
            raise ReplyLost(f"the connection ended before the reply came: {error}") from error
        if reply.code == 421:
            self.close()
        elif reply.code // 100 not in (2, 4, 5):  # no verdict (RFC 5321 4.2.1): not ours to guess
            self.close()
            raise ReplyLost(f"the server's answer to the message was none: {reply.text}")
        return reply

    def _reset(self) -> None:
        """End a transaction that failed, so that the next one starts clean (RFC 5321 4.1.1.5)."""
        with suppress(_Dropped):
            if self._command("RSET").code == 250:
                return
        self.close()

    @property
    def _open_server(self) -> smtplib.SMTP:
        if self._server is None:
            raise _Dropped(Reply(0, "not connected"))
        return self._server


def probe(settings: Smtp, hello: str) -> None:
    """Connect, encrypt, log in and leave: raises TransportUnavailable when one of these fails."""
    connection = Connection(settings, hello)
    try:
        connection.ready()
    finally:
        connection.close()


def _not_ascii(sender: str) -> TransportError:
    """Why a transaction with a non-ASCII address cannot be (RFC 6531 3.5): whose address it is."""
    why = "the provider does not carry addresses with non-ASCII letters (no SMTPUTF8)"
    if sender.isascii():
        return RecipientRefused(why, code=553, enhanced_code="5.6.7", permanent=True)
    return TransportUnavailable(
        f"{why}, and the sender {sender} is one",
        hint="set the newsletter's from_email to an address of plain letters",
    )


def _is_yes(reply: Reply) -> bool:
    return reply.code // 100 == 2  # RFC 5321 4.3.2: the first digit is enough


def _refused(kind: type[TransportError], reply: Reply, what: str) -> TransportError:
    # 552 to RCPT means "for now", by an old error in the standard (RFC 5321 4.5.3.1.10).
    for_now = kind is RecipientRefused and reply.code == 552
    return kind(
        f"the provider {what}: {reply.code} {reply.text}",
        code=reply.code,
        enhanced_code=enhanced_code(reply.code, reply.text),
        permanent=reply.code >= 500 and not for_now,
    )


def _unavailable(settings: Smtp, reply: Reply) -> TransportUnavailable:
    said = f"{reply.code} {reply.text}" if reply.code else reply.text
    return TransportUnavailable(
        f"the provider {settings.host}:{settings.port} takes no mail from us now: {said}",
        code=reply.code,
        enhanced_code=enhanced_code(reply.code, reply.text),
        hint="its reply says why; what was not handed over waits and is tried again",
    )
