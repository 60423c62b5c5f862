"""Consent receipts: what is kept of an agreement, and how it is chained. Pure.

GDPR 7(1) asks for proof of consent for as long as it is relied on, and 17 for its erasure when the
person wants that. So the chain holds salted digests alone: without salt and details a link still
follows from the one before, and says nothing about anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from pipeline.schema import ConsentEvent

START = "0" * 64  # what the first link follows


@dataclass(frozen=True)
class Receipt:
    """One agreement, or its end, as it happened.

    `subscriber_id` is None for a batch of people, `list_id` for what concerns all lists. `details`
    says how, in plain keys: address, source, form, wording (its hash), url, network and the like.
    The network is kept apart, to be forgotten before the rest.
    """

    event: ConsentEvent
    at: datetime
    list_id: int | None = None
    subscriber_id: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptReceipt:
    """A receipt as it is kept; without `details` and `salt` the person was erased."""

    id: int
    event: ConsentEvent
    at: datetime
    list_id: int | None
    subscriber_id: int | None
    details: Mapping[str, str] | None
    salt: str | None
    digest: str
    link: str
    network: str | None = None  # gone after some time, by the site's rule
    network_salt: str | None = None


@dataclass(frozen=True)
class Chain:
    """What a walk along all receipts found; `broken` says where it stops holding, and why."""

    receipts: int
    erased: int
    head: str  # the last link: noted elsewhere, it also shows that nothing was cut off the end
    broken_at: int | None = None
    broken: str = ""


def digest(receipt: Receipt, salt: str) -> str:
    """SHA-256 over all that a receipt says, and its salt."""
    said = [
        receipt.event.value,
        receipt.at.astimezone(UTC).isoformat(),
        receipt.list_id,
        receipt.subscriber_id,
        dict(receipt.details),
    ]
    written = json.dumps([salt, said], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return sha256(written.encode()).hexdigest()


def network_digest(network: str, salt: str) -> str:
    """SHA-256 over a client network and its own salt: it says nothing once the salt is gone."""
    return sha256(f"{salt}{network}".encode()).hexdigest()


def link(before: str, digest: str) -> str:
    """SHA-256 over the link before and a receipt's digest."""
    return sha256(f"{before}{digest}".encode()).hexdigest()


def walk(kept: Iterable[KeptReceipt]) -> Chain:
    """Hold every receipt, in the order of their ids, against its digest and its link.

    One without details counts as erased only if a later one tells of that person's erasure:
    otherwise somebody emptied it.
    """
    before, count = START, 0
    emptied: dict[int, int] = {}  # by person, the first such receipt
    erased = 0
    for one in kept:
        fault = _fault(one, before)
        if fault:
            return Chain(count, erased, before, one.id, fault)
        if one.details is None and one.subscriber_id is not None:
            erased += 1
            emptied.setdefault(one.subscriber_id, one.id)
        elif one.event is ConsentEvent.ERASED and one.subscriber_id is not None:
            emptied.pop(one.subscriber_id, None)
        before, count = one.link, count + 1
    if emptied:
        fault = "its details are gone, and nobody asked for that"
        return Chain(count, erased, before, min(emptied.values()), fault)
    return Chain(count, erased, before)


def _fault(one: KeptReceipt, before: str) -> str:
    if one.link != link(before, one.digest):
        return "it does not follow the one before: one of the two was altered, added or taken out"
    if one.details is None or one.salt is None:
        return "" if one.subscriber_id is not None else "its details are gone, and are nobody's"
    said = Receipt(one.event, one.at, one.list_id, one.subscriber_id, one.details)
    is_true = digest(said, one.salt) == one.digest and _has_true_network(one, one.details)
    return "" if is_true else "what it says was altered"


def _has_true_network(one: KeptReceipt, details: Mapping[str, str]) -> bool:
    if one.network is None or one.network_salt is None:
        return True
    return details.get("network") == network_digest(one.network, one.network_salt)
