"""One SMTP connection that is kept and reused (RFC 5321), on the standard library's smtplib."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from pipeline.config import Smtp
from pipeline.delivery.replies import enhanced_code
from pipeline.errors import (
    MessageRefused,
    RecipientRefused,
    ReplyLost,
    TransportError,
    TransportUnavailable,
)

FINAL_REPLY_SECONDS = 600  # a server may take ten minutes over the body (RFC 5321 4.5.3.2.6)
_LOST = (smtplib.SMTPServerDisconnected, OSError)


@dataclass(frozen=True)
class Reply:
    """What a server said: its code decides, its text is kept for people."""

    code: int
    text: str


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
            self._server = _connect(self._settings, self._hello)
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
        if reply.code != 250:
            raise _refused(MessageRefused, reply, "refused the message")
        self._carried += 1
        return reply

    def _envelope(self, sender: str, recipient: str) -> None:
        server = self._open_server
        options = ""
        if not (sender + recipient).isascii():
            if not server.has_extn("smtputf8"):
                raise RecipientRefused(
                    "the provider does not carry addresses with non-ASCII letters (no SMTPUTF8)",
                    code=553,
                    enhanced_code="5.6.7",
                    permanent=True,
                )
            options = " SMTPUTF8"
            server.command_encoding = "utf-8"
        try:
            reply = self._command(f"MAIL FROM:<{sender}>{options}")
            if reply.code != 250:
                self._reset()
                raise _unavailable(self._settings, reply)
            reply = self._command(f"RCPT TO:<{recipient}>")
        finally:
            server.command_encoding = "ascii"
        if reply.code not in (250, 251):
            self._reset()
            raise _refused(RecipientRefused, reply, "refused the address")

    def _command(self, line: str) -> Reply:
        """Send one command; a 421 or a lost connection means that nothing was handed over."""
        try:
            reply = _reply(*self._open_server.docmd(line))
        except _LOST as error:
            raise _Dropped(Reply(0, str(error))) from error
        if reply.code == 421:
            raise _Dropped(reply)
        return reply

    def _body(self, message: bytes) -> Reply:
        server = self._open_server
        socket = server.sock
        try:
            server.send(message + b".\r\n")
            if socket is not None:
                socket.settimeout(FINAL_REPLY_SECONDS)
            reply = _reply(*server.getreply())
            if socket is not None:
                socket.settimeout(self._settings.timeout_seconds)
        except _LOST as error:
            self.close()
            raise ReplyLost(f"the connection ended before the reply came: {error}") from error
        if reply.code == 421:
            self.close()
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


def _connect(settings: Smtp, hello: str) -> smtplib.SMTP:
    place = f"{settings.host}:{settings.port}"
    try:
        server = _open(settings, hello)
    except ssl.SSLError as error:
        raise TransportUnavailable(
            f"the provider {place} offers no trustworthy encryption: {error.reason or error}",
            hint="check [smtp] host, port and security; the certificate must name that host",
        ) from error
    except OSError as error:
        raise TransportUnavailable(
            f"the provider {place} cannot be reached: {error}",
            hint="check [smtp] host and port, and that this machine may connect to it",
        ) from error
    try:
        _introduce(server, settings, place)
    except (smtplib.SMTPException, OSError) as error:
        server.close()
        raise _not_introduced(error, place) from error
    except TransportError:
        server.close()
        raise
    return server


def _open(settings: Smtp, hello: str) -> smtplib.SMTP:
    if settings.security == "tls":
        return smtplib.SMTP_SSL(
            settings.host,
            settings.port,
            local_hostname=hello,
            timeout=settings.timeout_seconds,
            context=_tls_context(),
        )
    return smtplib.SMTP(
        settings.host, settings.port, local_hostname=hello, timeout=settings.timeout_seconds
    )


def _introduce(server: smtplib.SMTP, settings: Smtp, place: str) -> None:
    server.ehlo_or_helo_if_needed()
    if settings.security == "starttls":
        if not server.has_extn("starttls"):
            raise TransportUnavailable(
                f"the provider {place} offers no STARTTLS",
                hint='set [smtp] security = "tls" (port 465), or "none" for a server nearby',
            )
        server.starttls(context=_tls_context())
        server.ehlo()  # what was said before encryption does not count (RFC 3207 4.2)
    if settings.username:
        server.login(settings.username, settings.password)


def _not_introduced(error: Exception, place: str) -> TransportUnavailable:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        reply = _reply(error.smtp_code, error.smtp_error)
        return TransportUnavailable(
            f"the provider {place} does not accept the login: {reply.code} {reply.text}",
            code=reply.code,
            permanent=True,
            hint="check [smtp] username and password (PIPELINE_SMTP_PASSWORD)",
        )
    if isinstance(error, ssl.SSLError):
        return TransportUnavailable(
            f"the provider {place} offers no trustworthy encryption: {error.reason or error}",
            hint="the certificate must be valid and name the host in [smtp] host",
        )
    return TransportUnavailable(
        f"the provider {place} does not talk to us: {error}",
        hint="check [smtp] host, port and security with your provider's instructions",
    )


@lru_cache(maxsize=1)
def _tls_context() -> ssl.SSLContext:
    """One context for all connections: making one costs 20 to 57 ms."""
    return ssl.create_default_context()


def _reply(code: int, text: bytes | str) -> Reply:
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return Reply(code, " ".join(decoded.split()))


def _refused(kind: type[TransportError], reply: Reply, what: str) -> TransportError:
    return kind(
        f"the provider {what}: {reply.code} {reply.text}",
        code=reply.code,
        enhanced_code=enhanced_code(reply.code, reply.text),
        permanent=reply.code >= 500,
    )


def _unavailable(settings: Smtp, reply: Reply) -> TransportUnavailable:
    said = f"{reply.code} {reply.text}" if reply.code else reply.text
    return TransportUnavailable(
        f"the provider {settings.host}:{settings.port} takes no mail from us now: {said}",
        code=reply.code,
        enhanced_code=enhanced_code(reply.code, reply.text),
        hint="its reply says why; what was not handed over waits and is tried again",
    )
