"""Names of hosts as they stand in mail, feeds and look-ups: in ASCII (RFC 5891, RFC 3987 3.1)."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

# RFC 1035 2.3.4; "_" is in names of container networks, ":" and "%" in addresses of IPv6.
_LABEL = re.compile(r"[A-Za-z0-9_:%-]{1,63}")
_PATH = "/%:@!$&'()*+,;=~"  # RFC 3986 3.3, and what is encoded already
_LONGEST_HOST = 253  # characters


def ascii_host(host: str) -> str:
    """`host` in A-labels. Raises ValueError for what no host is called."""
    name = host if host.isascii() else _in_a_labels(host)
    labels = name.removesuffix(".").split(".")
    if len(name) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(host)
    return name


def _in_a_labels(host: str) -> str:
    import idna

    return idna.encode(host, uts46=True).decode()


def ascii_url(url: str) -> str:
    """A web address with its host in A-labels, and what else is not ASCII percent-encoded.

    Raises ValueError for one without a host, or with a query or fragment.
    """
    parts = urlsplit(url)
    name, port = ascii_host(parts.hostname or ""), parts.port
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise ValueError(url)
    if set(url) & set(' <>"'):
        raise ValueError(url)
    if url.isascii():
        return url
    place = name if port is None else f"{name}:{port}"
    return f"{parts.scheme}://{place}{quote(parts.path, safe=_PATH)}"
