"""Links that confirm a request: signed for this purpose alone; the row says whether they hold."""

from __future__ import annotations

import binascii
import hmac
import re

from pipeline.audience.keys import Keys
from pipeline.audience.macs import mac
from pipeline.errors import TokenError

_CONFIRM = b"confirm-1"  # purpose and version
_FORM = b"joining-form-1"
_NETWORK = b"network-1"
_PATTERN = re.compile(r"([1-9][0-9]{0,18})-([A-Za-z0-9_-]{22})")
_STAMP = re.compile(r"([1-9][0-9]{0,11})-([A-Za-z0-9_-]{22})")


def confirm_token(keys: Keys, request_id: int) -> str:
    """The token of the link in a confirmation mail."""
    return f"{request_id}-{_sign(keys[0], _CONFIRM, b'%d' % request_id)}"


def read_confirm_token(keys: Keys, token: str) -> int:
    """The request that `token` confirms. Raises TokenError when it was not made here for that."""
    match = _PATTERN.fullmatch(token)
    if match and _holds(keys, _CONFIRM, match[1].encode(), match[2]):
        return int(match[1])
    raise TokenError(
        "this link is not complete or was not made by us",
        hint="copy the whole link from the mail, or fill in the form again",
    )


def form_stamp(keys: Keys, list_name: str, wording: str, seconds: int) -> str:
    """What a form carries: when it was shown, in seconds since 1970, with these very words."""
    return f"{seconds}-{_sign(keys[0], _FORM, _shown(list_name, wording, seconds))}"


def read_form_stamp(keys: Keys, list_name: str, wording: str, stamp: str) -> int | None:
    """When the form was shown; None for a stamp that was not made for this list and wording."""
    match = _STAMP.fullmatch(stamp)
    if match and _holds(keys, _FORM, _shown(list_name, wording, int(match[1])), match[2]):
        return int(match[1])
    return None


def hash_network(keys: Keys, network: str) -> str:
    """What a network is counted by: 32 characters, without our key nobody's address."""
    return mac(keys[0], _NETWORK, network.encode()).hex()


def _shown(list_name: str, wording: str, seconds: int) -> bytes:
    return f"{seconds}:{list_name}:{wording}".encode()


def _holds(keys: Keys, purpose: bytes, message: bytes, given: str) -> bool:
    valid = [hmac.compare_digest(given, _sign(key, purpose, message)) for key in keys]
    return any(valid)


def _sign(key: bytes, purpose: bytes, message: bytes) -> str:
    octets = mac(key, purpose, message)
    spelled = binascii.b2a_base64(octets, newline=False)[:22].decode()
    return spelled.replace("+", "-").replace("/", "_")
