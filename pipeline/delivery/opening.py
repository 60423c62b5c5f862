"""A connection to a provider is opened: reached, encrypted (RFC 3207), logged in (RFC 4954)."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from functools import lru_cache

from pipeline.config import Smtp
from pipeline.delivery.replies import make_reply
from pipeline.errors import TransportError, TransportUnavailable


def probe(settings: Smtp, hello: str) -> None:
    """Connect, encrypt, log in and leave: raises TransportUnavailable when one of these fails."""
    server = open_connection(settings, hello)
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def open_connection(settings: Smtp, hello: str) -> smtplib.SMTP:
    """Connect, encrypt and log in; `hello` is the name we give ourselves in EHLO.

    Raises TransportUnavailable with the reason and the mend, never with the password.
    """
    place = f"{settings.host}:{settings.port}"
    try:
        server = _open(settings, hello)
    except ssl.SSLError as error:
        raise _not_trusted(error, place) from error
    except smtplib.SMTPException as error:
        raise _not_introduced(error, place) from error
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
        _log_in(server, settings, place)


def _log_in(server: smtplib.SMTP, settings: Smtp, place: str) -> None:
    if not (settings.username + settings.password).isascii():
        raise TransportUnavailable(
            f"the login for the provider {place} holds letters beyond ASCII, which cannot be sent",
            permanent=True,
            hint="choose a password of plain letters, digits and signs at your provider",
        )
    server.login(settings.username, settings.password)


def _not_introduced(error: Exception, place: str) -> TransportUnavailable:
    if isinstance(error, ssl.SSLError):
        return _not_trusted(error, place)
    code, said = 0, str(error)
    if isinstance(error, smtplib.SMTPResponseException):
        reply = make_reply(error.smtp_code, error.smtp_error)
        code, said = reply.code, f"{reply.code} {reply.text}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return TransportUnavailable(
            f"the provider {place} does not accept the login: {said}",
            code=code,
            permanent=code >= 500,
            hint="check [smtp] username and password (PIPELINE_SMTP_PASSWORD)",
        )
    return TransportUnavailable(
        f"the provider {place} does not talk to us: {said}",
        code=code,
        hint="check [smtp] host, port and security with your provider's instructions",
    )


def _not_trusted(error: ssl.SSLError, place: str) -> TransportUnavailable:
    said = error.reason or str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message
    return TransportUnavailable(
        f"the provider {place} offers no trustworthy encryption: {said}",
        hint="check [smtp] host, port and security; the certificate must be valid for that host",
    )


@lru_cache(maxsize=1)
def _tls_context() -> ssl.SSLContext:
    """One context for all connections: making one costs 20 to 57 ms."""
    return ssl.create_default_context()
