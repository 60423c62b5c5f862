"""Mail addresses: what may be mailed, and when two spellings are one person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from pipeline.errors import AudienceError

# RFC 5321 4.1.2 Dot-string in ASCII, at most 64 octets (4.5.3.1.1): nearly every address. The
# rest goes through email-validator, which costs thirty times as much.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


@dataclass(frozen=True)
class Address:
    """One address: `email` as it is mailed, `identity` as it is compared.

    The domain of `email` is in A-labels (IDNA, RFC 5891); `identity` is the same in small
    letters. RFC 5321 lets a server tell local parts apart by case; none of note does, and two
    rows for one reader would mean two copies of each mail.
    """

    email: str
    identity: str


def read_address(text: str) -> Address:
    """Check and normalise one address. Raises AudienceError that says what is wrong with it."""
    text = text.strip()
    local, _, domain = text.rpartition("@")
    try:
        if _PLAIN_LOCAL.fullmatch(local) and len(local) <= 64:
            return _address(local, _wire_domain(domain))
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise AudienceError(f"{text[:100]!r} is no mail address: {error}") from None
    return _address(checked.local_part, checked.ascii_domain)


def _address(local: str, domain: str) -> Address:
    if len(local.encode()) > 64:  # RFC 5321 4.5.3.1.1, in octets also where RFC 6531 applies
        raise AudienceError("the part before the @ is longer than 64 octets")
    if len(local.encode()) + 1 + len(domain) > 254:  # RFC 5321 4.5.3.1.3 less the angle brackets
        raise AudienceError("the address is longer than 254 octets")
    return Address(email=f"{local}@{domain}", identity=f"{local}@{domain}".lower())


@lru_cache(maxsize=4096)
def _wire_domain(domain: str) -> str:
    """Check a domain once, however many readers it has."""
    return validate_email(
        f"a@{domain}", check_deliverability=False, test_environment=True
    ).ascii_domain
