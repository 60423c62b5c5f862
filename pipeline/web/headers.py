"""The headers every answer carries unless it sets its own."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

# Nothing runs and nothing is framed; what a page shows comes from here.
OWN_PAGES = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_YEAR = 365 * 24 * 3600


class Headers:
    """Completes answers; `public_url` says whether readers come over TLS."""

    def __init__(self, public_url: str) -> None:
        address = urlsplit(public_url)
        self._secure_host = address.hostname if address.scheme == "https" else None
        self._defaults = {
            "Content-Security-Policy": OWN_PAGES,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin",
            "Cache-Control": "no-store",
        }

    async def complete(self, message: Message, scope: Scope) -> None:
        """Add what is missing to the head of an answer."""
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in self._defaults.items():
            headers.setdefault(name, value)
        if self._secure_host and _host(scope) == self._secure_host:
            headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")


def _host(scope: Scope) -> str | None:
    """The name the client asked for; locally that is not the public one, and is not HTTPS."""
    for name, value in scope["headers"]:
        if name == b"host":
            return host_name(value.decode("latin-1"))
    return None


def host_name(host: str) -> str | None:
    """The name in a Host header without its port; None when it cannot be one."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
