"""The SQL of what is known of people: setting it, finding them, and all about one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import idna
from sqlalchemy import Connection, delete, select, tuple_, update

from pipeline.audience.addresses import Address
from pipeline.audience.people import COLUMNS, read_attribute, read_column, read_key
from pipeline.db import insert, lock_rows
from pipeline.errors import AudienceError
from pipeline.schema import (
    SubscriptionState,
    SuppressionReason,
    mailing_lists,
    name_key,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)


class SearchBy(StrEnum):
    """What people are found by."""

    ADDRESS = "address"
    DOMAIN = "domain"
    NAME = "name"


@dataclass(frozen=True)
class Search:
    """People whose address, domain or name begins so."""

    by: SearchBy
    text: str


@dataclass(frozen=True)
class Found:
    """One person as a search shows them."""

    id: int
    email: str
    name: str


@dataclass(frozen=True)
class Place:
    """Where a page of a search ends: the next one begins behind it."""

    key: str
    id: int


@dataclass(frozen=True)
class FoundPage:
    """One page of a search; `next` is None on the last."""

    people: tuple[Found, ...]
    next: Place | None


@dataclass(frozen=True)
class Membership:
    """One list in a person's profile, with how and when they came and left."""

    list: str
    state: SubscriptionState
    source: str
    confirmed_at: datetime | None
    unsubscribed_at: datetime | None


@dataclass(frozen=True)
class Profile:
    """All that is known of one person, without what was sent to them."""

    id: int
    email: str
    name: str
    language: str
    time_zone: str
    attributes: dict[str, Any]
    tags: tuple[str, ...]
    created_at: datetime
    memberships: tuple[Membership, ...]
    suppressed: SuppressionReason | None
    suppressed_at: datetime | None


# --- setting ------------------------------------------------------------------------------------


def set_value(connection: Connection, address: Address, key: str, text: str) -> Any:
    """Set what is known of a person; what it is from now on, None when it was taken away.

    Raises AudienceError for a person who is not known, and for what cannot be set.
    """
    key = read_key(key)
    person = _hold(connection, address)
    values: dict[str, Any]
    if key in COLUMNS:
        kept: Any = read_column(key, text)
        values = {key: kept} | ({"name_key": name_key(kept)} if key == "name" else {})
    else:
        kept = read_attribute(text)
        others = {name: value for name, value in person.attributes.items() if name != key}
        values = {"attributes": others if kept is None else {**others, key: kept}}
    connection.execute(update(subscribers).where(subscribers.c.id == person.id).values(values))
    return kept if kept != "" else None


def add_tags(connection: Connection, address: Address, tags: Sequence[str]) -> None:
    """Give a person tags that `read_tags` read. Raises AudienceError when nobody is known."""
    person = _hold(connection, address)
    connection.execute(
        insert(connection, subscriber_tags).on_conflict_do_nothing(),
        [{"subscriber_id": person.id, "tag": tag} for tag in tags],
    )


def remove_tags(connection: Connection, address: Address, tags: Sequence[str]) -> None:
    """Take tags from a person. Raises AudienceError when nobody is known."""
    person = _hold(connection, address)
    connection.execute(
        delete(subscriber_tags).where(
            subscriber_tags.c.subscriber_id == person.id, subscriber_tags.c.tag.in_(tags)
        )
    )


def read_tags_of(connection: Connection, subscriber_id: int) -> tuple[str, ...]:
    """A person's tags, in order."""
    found = select(subscriber_tags.c.tag).where(subscriber_tags.c.subscriber_id == subscriber_id)
    return tuple(connection.execute(found.order_by(subscriber_tags.c.tag)).scalars())


def _hold(connection: Connection, address: Address) -> Any:
    """The person at an address, held until the transaction ends."""
    person = connection.execute(
        lock_rows(select(subscribers).where(subscribers.c.identity == address.identity))
    ).one_or_none()
    if person is None:
        raise _nobody(address)
    return person


def _nobody(address: Address) -> AudienceError:
    return AudienceError(
        f"nobody is known at {address.email}", hint="see `pipeline subscribers find TEXT`"
    )


# --- finding ------------------------------------------------------------------------------------

_KEYS = {
    SearchBy.ADDRESS: subscribers.c.identity,
    SearchBy.DOMAIN: subscribers.c.domain,
    SearchBy.NAME: subscribers.c.name_key,
}


def read_search(text: str) -> tuple[Search, ...]:
    """What a text may be the beginning of. Raises AudienceError when it is empty.

    "@example.org" is a domain, what holds another @ is an address; anything else is the beginning
    of an address, or of a name.
    """
    text = " ".join(text.split())
    if not text.strip("@"):
        raise AudienceError("there is nothing to look for", hint="as in: ada, ada@, @example.com")
    if text.startswith("@"):
        return (Search(SearchBy.DOMAIN, _wire(text[1:].lower())),)
    local, at, domain = text.lower().partition("@")
    address = Search(SearchBy.ADDRESS, f"{local}{at}{_wire(domain)}")
    return (address,) if at else (address, Search(SearchBy.NAME, name_key(text)))


def _wire(domain: str) -> str:
    """A domain as addresses have it; half of one beyond ASCII stays, and finds nobody."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain


def find_people(
    connection: Connection, search: Search, *, after: Place | None = None, limit: int = 50
) -> FoundPage:
    """One page of a search, in the order of what it looks at."""
    key = _KEYS[search.by]
    people = select(subscribers.c.id, subscribers.c.email, subscribers.c.name, key.label("key"))
    people = people.where(key >= search.text, subscribers.c.identity.is_not(None))
    if beyond := _behind_all(search.text):
        people = people.where(key < beyond)
    if after is not None:
        people = people.where(tuple_(key, subscribers.c.id) > tuple_(after.key, after.id))
    rows = connection.execute(people.order_by(key, subscribers.c.id).limit(limit + 1)).all()
    found = tuple(Found(row.id, row.email, row.name) for row in rows[:limit])
    more = len(rows) > limit
    return FoundPage(found, Place(rows[limit - 1].key, rows[limit - 1].id) if more else None)


def _behind_all(beginning: str) -> str:
    """The first text behind all that begin so; empty when there is none."""
    kept = beginning.rstrip("\U0010ffff")
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)  # no half characters


# --- all about one ------------------------------------------------------------------------------


def read_profile(connection: Connection, address: Address) -> Profile:
    """All that is known of the person at `address`. Raises AudienceError when nobody is."""
    row = connection.execute(
        select(subscribers, suppressions.c.reason, suppressions.c.created_at.label("suppressed_at"))
        .outerjoin(suppressions, suppressions.c.identity == subscribers.c.identity)
        .where(subscribers.c.identity == address.identity)
    ).one_or_none()
    if row is None:
        raise _nobody(address)
    return Profile(
        id=row.id,
        email=row.email,
        name=row.name,
        language=row.language,
        time_zone=row.time_zone,
        attributes=row.attributes,
        tags=read_tags_of(connection, row.id),
        created_at=row.created_at,
        memberships=_memberships(connection, row.id),
        suppressed=SuppressionReason(row.reason) if row.reason else None,
        suppressed_at=row.suppressed_at,
    )


def _memberships(connection: Connection, subscriber_id: int) -> tuple[Membership, ...]:
    rows = connection.execute(
        select(subscriptions, mailing_lists.c.name.label("list"))
        .join(mailing_lists, mailing_lists.c.id == subscriptions.c.list_id)
        .where(subscriptions.c.subscriber_id == subscriber_id)
        .order_by(mailing_lists.c.name)
    )
    return tuple(
        Membership(
            row.list,
            SubscriptionState(row.state),
            row.source,
            row.confirmed_at,
            row.unsubscribed_at,
        )
        for row in rows
    )
