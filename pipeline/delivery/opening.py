"""A connection to a provider is opened: reached, encrypted (RFC 3207), logged in (RFC 4954)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from pipeline.config import Provider, variable_of
from pipeline.delivery.logins import log_in
from pipeline.delivery.replies import make_reply
from pipeline.errors import TransportError, TransportUnavailable


def probe_each(
    providers: Sequence[Provider], hello: str
) -> tuple[tuple[Provider, ...], tuple[TransportUnavailable, ...]]:
    """Probe all: those that work, and why each of the others does not."""
    working, problems = [], []
    for provider in providers:
        try:
            probe(provider, hello)
            working.append(provider)
        except TransportUnavailable as error:
            problems.append(error)
    return tuple(working), tuple(problems)


def none_works(problems: Sequence[TransportUnavailable]) -> TransportUnavailable:
    """One sentence for all of them."""
    if len(problems) == 1:
        return problems[0]
    return TransportUnavailable(
        f"none of {len(problems)} providers works: {'; '.join(map(str, problems))}",
        permanent=all(problem.permanent for problem in problems),
        hint="; ".join(dict.fromkeys(problem.hint for problem in problems)),
    )


def probe(provider: Provider, hello: str) -> None:
    """Connect, encrypt, log in and leave: raises TransportUnavailable when one of these fails."""
    server = open_connection(provider, hello)
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def open_connection(provider: Provider, hello: str) -> smtplib.SMTP:
    """Connect, encrypt and log in; `hello` is the name we give ourselves in EHLO.

    Raises TransportUnavailable with the reason and the mend, never with the password.
    """
    try:
        server = _open(provider, hello)
    except (ssl.SSLError, smtplib.SMTPException) as error:
        raise _not_introduced(error, provider) from error
    except OSError as error:
        raise TransportUnavailable(
            f"the provider {provider.place} cannot be reached: {error}",
            hint=f"check [{provider.section}] host and port,"
            " and that this machine may connect to it",
        ) from error
    try:
        _introduce(server, provider)
    except (smtplib.SMTPException, OSError) as error:
        server.close()
        raise _not_introduced(error, provider) from error
    except TransportError:
        server.close()
        raise
    return server


def _open(provider: Provider, hello: str) -> smtplib.SMTP:
    if provider.security == "tls":
        return smtplib.SMTP_SSL(
            provider.host,
            provider.port,
            local_hostname=hello,
            timeout=provider.timeout_seconds,
            context=_tls_context(),
        )
    return smtplib.SMTP(
        provider.host, provider.port, local_hostname=hello, timeout=provider.timeout_seconds
    )


def _introduce(server: smtplib.SMTP, provider: Provider) -> None:
    server.ehlo_or_helo_if_needed()
    if provider.security == "starttls":
        if not server.has_extn("starttls"):
            raise TransportUnavailable(
                f"the provider {provider.place} offers no STARTTLS",
                hint=f'set [{provider.section}] security = "tls" (port 465),'
                ' or "none" for a server nearby',
            )
        server.starttls(context=_tls_context())
        server.ehlo()  # what was said before encryption does not count (RFC 3207 4.2)
    if provider.username:
        log_in(server, provider, provider.place)


def _not_introduced(error: Exception, provider: Provider) -> TransportUnavailable:
    if isinstance(error, ssl.SSLError):
        return _not_trusted(error, provider)
    code, said = 0, str(error)
    if isinstance(error, smtplib.SMTPResponseException):
        reply = make_reply(error.smtp_code, error.smtp_error)
        code, said = reply.code, f"{reply.code} {reply.text}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return TransportUnavailable(
            f"the provider {provider.place} does not accept the login: {said}",
            code=code,
            permanent=code >= 500,
            hint=_login_hint(provider),
        )
    return TransportUnavailable(
        f"the provider {provider.place} does not talk to us: {said}",
        code=code,
        hint=f"check [{provider.section}] host, port and security"
        " with your provider's instructions",
    )


def _login_hint(provider: Provider) -> str:
    if provider.password_command:
        return f"check [{provider.section}] username, and what its password_command prints"
    variable = variable_of(provider.section, "password")
    return f"check [{provider.section}] username and password ({variable})"


def _not_trusted(error: ssl.SSLError, provider: Provider) -> TransportUnavailable:
    said = error.reason or str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message
    return TransportUnavailable(
        f"the provider {provider.place} offers no trustworthy encryption: {said}",
        hint=f"check [{provider.section}] host, port and security;"
        " the certificate must be valid for that host",
    )


@lru_cache(maxsize=1)
def _tls_context() -> ssl.SSLContext:
    """One context for all connections: making one costs 20 to 57 ms."""
    return ssl.create_default_context()
