"""Signed links: opaque, bound to one purpose, verified in constant time, valid for years."""

from __future__ import annotations

import binascii
import hmac
import re
from dataclasses import dataclass

from pipeline.audience.keys import Keys
from pipeline.audience.macs import mac
from pipeline.errors import TokenError

_UNSUBSCRIBE = b"unsubscribe-1"  # purpose and version: a token for one purpose opens no other
# One spelling only: \d would take digits of every script, and a leading zero would not matter.
_PATTERN = re.compile(r"([1-9][0-9]{0,18})-([1-9][0-9]{0,18})-([A-Za-z0-9_-]{22})")


@dataclass(frozen=True)
class UnsubscribeClaim:
    """Who wants to leave what, as a valid token says."""

    list_id: int
    subscriber_id: int


def unsubscribe_token(keys: Keys, list_id: int, subscriber_id: int) -> str:
    """The token of one reader's unsubscribe link for one list (RFC 8058 3.1: hard to forge)."""
    return f"{list_id}-{subscriber_id}-{_sign(keys[0], list_id, subscriber_id)}"


def read_unsubscribe_token(keys: Keys, token: str) -> UnsubscribeClaim:
    """What `token` claims. Raises TokenError when it was not made here for this purpose."""
    match = _PATTERN.fullmatch(token)
    if match:
        list_id, subscriber_id, given = int(match[1]), int(match[2]), match[3]
        valid = [hmac.compare_digest(given, _sign(key, list_id, subscriber_id)) for key in keys]
        if any(valid):
            return UnsubscribeClaim(list_id, subscriber_id)
    raise TokenError(
        "this link is not complete or was not made by us",
        hint="copy the whole link from the mail, or answer the mail and ask to be taken off",
    )


def _sign(key: bytes, list_id: int, subscriber_id: int) -> str:
    octets = mac(key, _UNSUBSCRIBE, b"%d:%d" % (list_id, subscriber_id))
    spelled = binascii.b2a_base64(octets, newline=False)[:22].decode()
    return spelled.replace("+", "-").replace("/", "_")
