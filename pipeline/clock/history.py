"""One person's history: what the rooms know of them, put in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline import audience, ledger
from pipeline.audience import Profile, Proof
from pipeline.clock.site import Site
from pipeline.db import reading
from pipeline.ledger import PersonDelivery
from pipeline.schema import ConsentEvent

# What a subscription's own times tell of, where no receipt does: people from a file have none.
_SAYS_JOINED = (ConsentEvent.CONFIRMED, ConsentEvent.JOINED, ConsentEvent.RETURNED)


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a person; `about` is a list or a newsletter, or empty."""

    at: datetime
    what: str
    about: str = ""
    details: str = ""


@dataclass(frozen=True)
class History:
    """A person and what happened, oldest first."""

    person: Profile
    happenings: tuple[Happening, ...]


def read_history(site: Site, address: str) -> History:
    """All about the person at `address`. Raises AudienceError when nobody is known there."""
    wanted = audience.read_address(address)
    with reading(site.engine) as connection:
        person = audience.read_profile(connection, wanted)
        proofs = audience.consent_of(connection, wanted)
        deliveries = ledger.deliveries_of(connection, person.id)
    happenings = [
        Happening(person.created_at, "known"),
        *_of_receipts(proofs),
        *_of_lists(person, proofs),
        *_of_deliveries(deliveries),
    ]
    if person.suppressed and person.suppressed_at:
        happenings.append(Happening(person.suppressed_at, "suppressed", "", person.suppressed))
    return History(person, tuple(sorted(happenings, key=lambda one: one.at)))


def _of_receipts(proofs: tuple[Proof, ...]) -> Iterator[Happening]:
    for one in proofs:
        yield Happening(one.at, one.event, one.list, one.details.get("source", ""))


def _of_lists(person: Profile, proofs: tuple[Proof, ...]) -> Iterator[Happening]:
    told = {(one.list, one.event) for one in proofs}
    for one in person.memberships:
        if one.confirmed_at and not any((one.list, event) in told for event in _SAYS_JOINED):
            yield Happening(one.confirmed_at, "confirmed", one.list, one.source)
        if one.unsubscribed_at and (one.list, ConsentEvent.LEFT) not in told:
            yield Happening(one.unsubscribed_at, "left", one.list)


def _of_deliveries(deliveries: tuple[PersonDelivery, ...]) -> Iterator[Happening]:
    for one in deliveries:
        if one.at is not None:
            marked = " (rehearsal)" if one.rehearsal else ""
            said = one.reply or one.reason
            details = f"campaign {one.campaign_id}: {one.subject}{marked}"
            yield Happening(one.at, one.status, one.newsletter, f"{details}; {said}".rstrip("; "))
