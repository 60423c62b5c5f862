"""Who is on this machine: the connection's own address decides, and then the name asked for."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from litestar.connection import ASGIConnection

from pipeline.web.headers import host_name

_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def is_on_this_machine(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether a browser on this machine asks, for this machine, with nothing in between.

    The name in Host must be a local one too: a page elsewhere can point its own name at
    127.0.0.1 and let the browser ask (DNS rebinding). A proxy on this machine connects from
    127.0.0.1 for the whole world; it shows by the headers it adds, or, nginx as it comes, by
    speaking HTTP/1.0, which no browser does.
    """
    peer = connection.client.host if connection.client else ""
    return (
        is_loopback(peer)
        and is_loopback(host_name(connection.headers.get("Host", "")) or "")
        and connection.scope["http_version"] != "1.0"
        and not any(name in connection.headers for name in _PASSED_ON)
    )


def is_loopback(host: str) -> bool:
    """Whether a name or address always means the machine itself (RFC 6761 6.3)."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None)
    return (inner or address).is_loopback
