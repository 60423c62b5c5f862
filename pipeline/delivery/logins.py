"""Logging in at a provider (RFC 4954): PLAIN, LOGIN, XOAUTH2, or what the server offers."""

from __future__ import annotations

import binascii
import smtplib

from pipeline.config import Provider
from pipeline.delivery.passwords import printed_by
from pipeline.delivery.replies import make_reply
from pipeline.errors import TransportUnavailable

_LONGEST_COMMAND = 512  # octets with CRLF, RFC 5321 4.5.3.1.4
_LONGEST_COMPLAINT = 500  # characters


def log_in(server: smtplib.SMTP, provider: Provider, place: str) -> None:
    """Log in as `provider` says; a password that a program prints is renewed once if refused.

    Raises TransportUnavailable, and what smtplib raises when the server does not agree.
    """
    if not provider.password_command:
        _authenticate(server, provider, provider.password, place)
        return
    printed = printed_by(provider.password_command)
    password = printed.read()
    try:
        _authenticate(server, provider, password, place)
    except smtplib.SMTPAuthenticationError as error:
        renewed = printed.read(refused=password) if error.smtp_code >= 500 else password
        if renewed == password:
            raise
        _authenticate(server, provider, renewed, place)


def _authenticate(server: smtplib.SMTP, provider: Provider, password: str, place: str) -> None:
    if not (provider.username + password).isascii():
        raise TransportUnavailable(
            f"the login for the provider {place} holds letters beyond ASCII, which cannot be sent",
            permanent=True,
            hint="choose a password of plain letters, digits and signs at your provider",
        )
    if provider.auth:
        _check_offered(server, provider, place)
    try:
        _say_who(server, provider, password)
    except binascii.Error:
        raise smtplib.SMTPException("what it says at the login is no Base64") from None


def _check_offered(server: smtplib.SMTP, provider: Provider, place: str) -> None:
    offered = server.esmtp_features.get("auth", "").upper().split()
    if provider.auth.upper() not in offered:
        raise TransportUnavailable(
            f"the provider {place} offers no login by {provider.auth.upper()},"
            f" but by {', '.join(offered) or 'nothing'}",
            hint=f"set [{provider.section}] auth to one it offers, or remove it",
        )


def _say_who(server: smtplib.SMTP, provider: Provider, password: str) -> None:
    if provider.auth == "xoauth2":
        _show_token(server, provider.username, password)
    elif provider.auth:
        server.user, server.password = provider.username, password
        answers = {"plain": server.auth_plain, "login": server.auth_login}
        server.auth(provider.auth, answers[provider.auth])
    else:
        server.login(provider.username, password)


def _show_token(server: smtplib.SMTP, username: str, token: str) -> None:
    bearer = _Bearer(username, token)
    try:
        server.auth("XOAUTH2", bearer, initial_response_ok=bearer.fits_the_command)
    except smtplib.SMTPAuthenticationError as error:
        text = make_reply(error.smtp_code, error.smtp_error).text
        said = f"{text}: {bearer.complaint}" if bearer.complaint else text
        raise smtplib.SMTPAuthenticationError(error.smtp_code, said) from None


class _Bearer:
    """What XOAUTH2 answers: first the token, then an empty line to what is said against it."""

    def __init__(self, username: str, token: str) -> None:
        self._answer = f"user={username}\x01auth=Bearer {token}\x01\x01"
        self._has_answered = False
        self.complaint = ""

    @property
    def fits_the_command(self) -> bool:
        """Whether AUTH can carry the token; a longer one waits for the server's word."""
        encoded = (len(self._answer) + 2) // 3 * 4
        return len("AUTH XOAUTH2 \r\n") + encoded <= _LONGEST_COMMAND

    def __call__(self, challenge: bytes | None = None) -> str:
        if self._has_answered:
            self.complaint = (challenge or b"").decode("utf-8", "replace")[:_LONGEST_COMPLAINT]
            return ""
        self._has_answered = True
        return self._answer
