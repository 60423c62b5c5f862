"""A mail server on loopback that keeps what it is given and answers as a test tells it to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import functools
import re
import ssl
import subprocess
import threading
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

COMMANDS = ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "QUIT")
MECHANISMS = ("PLAIN", "LOGIN", "XOAUTH2")
DROP = "drop"  # instead of a reply: the connection breaks off without a word


@dataclass(frozen=True)
class Certificate:
    """PEM files; a client that should trust it gets SSL_CERT_FILE=`file`."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server presents."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file, self.key)
        return context


def make_certificate(openssl: Path, folder: Path) -> Certificate:
    """Make a certificate for localhost and 127.0.0.1, good for two days."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(made.key), "-out", str(made.file)]
    subprocess.run(
        [openssl, "req", "-x509", *key, "-days", "2", *names, *files],
        check=True,
        capture_output=True,
    )
    return made


@dataclass(frozen=True)
class Received:
    """One message that the server took, as it stood on the wire with dots unstuffed."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    connection: int  # counts from 1, in the order of connecting

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return email.message_from_bytes(self.content, policy=email.policy.SMTP)


@dataclass
class Answer:
    """A reply that takes the place of the usual one.

    `command` is CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, RSET, QUIT or "." (after the
    body). `to` restricts it to one recipient, `after` lets that many go as usual first, and
    `times` is how often it is given (None: always).
    """

    command: str
    reply: str
    to: str = ""
    after: int = 0
    times: int | None = None

    def takes(self, command: str, recipients: str) -> bool:
        """Whether this one is due now; counts as it goes."""
        if command != self.command or self.to.lower() not in recipients.lower():
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
            return self.times >= 0
        return True


@dataclass
class Script:
    """What a server says and what it has seen."""

    answers: list[Answer] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)  # as they came, without their arguments
    logins: list[str] = field(default_factory=list)  # tried, by mechanism
    connections: int = 0
    open: int = 0  # connections now
    most_open: int = 0
    arrival: threading.Condition = field(default_factory=threading.Condition)

    def take(self, message: Received) -> None:
        """Keep a message and wake whoever waits for it."""
        with self.arrival:
            self.received.append(message)
            self.arrival.notify_all()

    def reply_to(self, command: str, recipients: str) -> str | None:
        """The scripted reply that is due, or None for the usual one."""
        self.commands.append(command)
        due = (answer for answer in self.answers if answer.takes(command, recipients))
        first = next(due, None)
        return first.reply if first else None


class CapturingServer(Controller):
    """The server, in a thread of its own; `host` and `port` say where, `received` what came.

    With a `certificate` it offers STARTTLS, or speaks TLS from the start if `implicit_tls`;
    with a `login` it wants exactly that user and password (or token), by one of `mechanisms`;
    `extensions` are further EHLO lines, and `without` names those that it hides.
    """

    def __init__(
        self,
        *,
        certificate: Certificate | None = None,
        implicit_tls: bool = False,
        login: tuple[str, str] | None = None,
        mechanisms: tuple[str, ...] = MECHANISMS,
        extensions: tuple[str, ...] = ("PIPELINING", "ENHANCEDSTATUSCODES"),
        without: tuple[str, ...] = (),
    ) -> None:
        self.script = Script()
        self._login = login
        self._mechanisms = mechanisms
        context = certificate.context() if certificate else None
        self._tls = {"tls_context": context} if context and not implicit_tls else {}
        super().__init__(
            _Handler(self.script, extensions, without),
            hostname="127.0.0.1",
            port=0,
            ssl_context=context if implicit_tls else None,
        )
        self._sessions: list[_ScriptedSession] = []

    @property
    def host(self) -> str:
        """Where it listens; `port` is the other half."""
        return str(self.hostname)

    @property
    def received(self) -> list[Received]:
        """The messages taken so far, oldest first."""
        return list(self.script.received)

    def wait_for(self, count: int, seconds: float = 60) -> list[Received]:
        """Wait until `count` messages have come; they, and what came with them."""
        with self.script.arrival:
            enough = self.script.arrival.wait_for(lambda: len(self.received) >= count, seconds)
        assert enough, f"{len(self.received)} of {count} messages came in {seconds} s"
        return self.received

    def answer(
        self, command: str, reply: str, *, to: str = "", after: int = 0, times: int | None = None
    ) -> None:
        """Give `reply`, or DROP, in place of the usual one; see Answer. The first that fits wins.

        A reply with 421 also closes the connection, as it says.
        """
        self.script.answers.append(Answer(command, reply, to, after, times))

    def factory(self) -> SMTP:
        """Make the protocol of one connection; aiosmtpd calls this."""
        wanted = {"auth_required": True, "auth_require_tls": bool(self._tls)} if self._login else {}
        session = _ScriptedSession(
            self.script,
            self.handler,
            hostname="mail.test",
            ident="ready",
            enable_SMTPUTF8=True,
            loop=self.loop,
            authenticator=self._authenticate,
            auth_exclude_mechanism=set(MECHANISMS) - set(self._mechanisms),
            **self._tls,
            **wanted,
        )
        self._sessions.append(session)
        return session

    def stop(self, no_assert: bool = False) -> None:  # noqa: FBT001, FBT002  # aiosmtpd's
        """Close every connection and end the thread."""
        for session in self._sessions:
            self.loop.call_soon_threadsafe(session.drop)
        super().stop(no_assert)

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's
        self.script.connections = self.script.most_open = (
            0  # that was aiosmtpd looking whether it runs
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.script.logins.append(mechanism)
        given = (data.login, data.password) if isinstance(data, LoginPassword) else ()
        wanted = tuple(part.encode() for part in self._login or ())
        return AuthResult(success=bool(wanted) and given == wanted, handled=False)


class _Handler:
    """What aiosmtpd asks at each step of the dialogue."""

    def __init__(
        self, script: Script, extensions: tuple[str, ...], without: tuple[str, ...]
    ) -> None:
        self.script = script
        self._more = [f"250-{line}" for line in extensions]
        self._without = without

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        lines = [responses[0], *self._more, *responses[1:]]
        return [line for line in lines if line[4:].partition(" ")[0] not in self._without]

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802  # aiosmtpd's name
        """As Gmail does it: what it says against a token is a challenge; an empty line answers."""
        given = b64decode(args[1]) if args[1:] else await server.challenge_auth("")
        if given is MISSING:
            return AuthResult(success=False)
        found = re.fullmatch(rb"user=(.*?)\x01auth=Bearer (.*?)\x01\x01", given)
        result = server._authenticate("XOAUTH2", LoginPassword(*found.groups()) if found else None)
        if not result.success:
            answer = await server.challenge_auth('{"status":"401","schemes":"bearer"}')
            assert answer == b""
        return result

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: _ScriptedSession, session: Session, envelope: Envelope
    ) -> str:
        reply = self.script.reply_to(".", " ".join(envelope.rcpt_tos))
        if reply is None:
            self.script.take(
                Received(
                    envelope.mail_from or "",
                    tuple(envelope.rcpt_tos),
                    envelope.original_content or b"",
                    encrypted=session.ssl is not None or server.implicit_tls,
                    connection=server.number,
                )
            )
            return "250 2.0.0 taken"
        server.end_after(reply)
        return reply


class _ScriptedSession(SMTP):
    """One connection; looks into the script before each command."""

    def __init__(self, script: Script, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.script = script
        self.number = 0
        for command in COMMANDS:
            usual = self._smtp_methods[command]
            self._smtp_methods[command] = functools.partial(self._scripted, command, usual)

    @property
    def implicit_tls(self) -> bool:
        """Whether TLS was there before the first word."""
        return bool(self.transport and self.transport.get_extra_info("ssl_object"))

    def drop(self) -> None:
        """Break the connection off."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def end_after(self, reply: str) -> None:
        """Do to the connection what `reply` means for it."""
        if reply == DROP:
            self.drop()
        elif reply.startswith("421"):
            self.loop.call_soon(self._hang_up)

    def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    async def _handle_client(self) -> None:
        self.script.connections += 1
        self.number = self.script.connections
        self.script.open += 1
        self.script.most_open = max(self.script.open, self.script.most_open)
        reply = self.script.reply_to("CONNECT", "")
        try:
            if reply is None:
                await super()._handle_client()
            else:
                await self._say(reply)
        finally:
            self.script.open -= 1

    async def _scripted(
        self, command: str, usual: Callable[[str | None], Awaitable[None]], argument: str | None
    ) -> None:
        recipients = " ".join(self.envelope.rcpt_tos) if self.envelope else ""
        reply = self.script.reply_to(command, (argument or "") if command == "RCPT" else recipients)
        if reply is None:
            await usual(argument)
        else:
            await self._say(reply)

    async def _say(self, reply: str) -> None:
        if reply != DROP:
            await self.push(reply)
        self.end_after(reply)
