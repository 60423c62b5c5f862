"""The SQL of consent receipts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, null, select, update

from pipeline.audience.addresses import Address
from pipeline.audience.receipts import (
    START,
    Chain,
    KeptReceipt,
    Receipt,
    digest,
    link,
    network_digest,
    walk,
)
from pipeline.db import insert, take_turns
from pipeline.schema import ConsentEvent, mailing_lists, receipts, subscribers, wordings

_PAGE = 2_000  # rows read at once


@dataclass(frozen=True)
class Proof:
    """One receipt of a person, for people to read; `list` is empty for what concerns all."""

    id: int
    event: ConsentEvent
    at: datetime
    list: str
    details: Mapping[str, str]


def write_receipts(connection: Connection, written: Sequence[Receipt]) -> None:
    """Add receipts to the end of the chain, in the caller's transaction."""
    if not written:
        return
    take_turns(connection, "receipts")  # until the commit: the next link follows from this one
    last = select(receipts.c.link).order_by(receipts.c.id.desc()).limit(1)
    before = connection.execute(last).scalar() or START
    rows = []
    for given in written:
        salt, network_salt = secrets.token_hex(16), secrets.token_hex(16)
        details, network = dict(given.details), given.details.get("network")
        if network is not None:
            details["network"] = network_digest(network, network_salt)
        one = replace(given, details=details)
        digested = digest(one, salt)
        before = link(before, digested)
        rows.append(
            {
                "event": one.event,
                "list_id": one.list_id,
                "subscriber_id": one.subscriber_id,
                "at": one.at,
                "details": details,
                "salt": salt,
                "network": network,
                "network_salt": None if network is None else network_salt,
                "digest": digested,
                "link": before,
            }
        )
    connection.execute(receipts.insert(), rows)


def keep_wording(connection: Connection, text: str) -> str:
    """Keep the exact words of a form; what they are called in a receipt."""
    name = sha256(text.encode()).hexdigest()
    connection.execute(
        insert(connection, wordings).values(id=name, text=text).on_conflict_do_nothing()
    )
    return name


def read_wording(connection: Connection, name: str) -> str:
    """The words behind a receipt's `wording`; empty when it has none."""
    found = connection.execute(select(wordings.c.text).where(wordings.c.id == name)).scalar()
    return found or ""


def verify_receipts(connection: Connection) -> Chain:
    """Walk along the whole chain; memory stays flat but for who was erased."""
    return walk(_all(connection))


def _all(connection: Connection) -> Iterator[KeptReceipt]:
    after = 0
    while True:
        page = connection.execute(
            select(receipts).where(receipts.c.id > after).order_by(receipts.c.id).limit(_PAGE)
        ).all()
        yield from map(_kept, page)
        if len(page) < _PAGE:
            return
        after = page[-1].id


def empty_receipts(connection: Connection, subscriber_id: int) -> None:
    """Forget what the receipts say of a person; the chain still holds.

    A receipt of the erasure has to follow, or `verify_receipts` finds that somebody emptied them.
    """
    connection.execute(
        update(receipts)
        .where(receipts.c.subscriber_id == subscriber_id)
        .values(details=null(), salt=null(), network=null(), network_salt=null())
    )


def count_networks(connection: Connection, before: datetime) -> int:
    """How many receipts from before an instant have a client network."""
    counted = select(func.count()).select_from(receipts).where(*_with_networks(before))
    return connection.execute(counted).scalar_one()


def forget_networks(connection: Connection, before: datetime) -> None:
    """Forget the client networks of receipts from before an instant; the chain still holds."""
    connection.execute(
        update(receipts).where(*_with_networks(before)).values(network=null(), network_salt=null())
    )


def _with_networks(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return receipts.c.network.is_not(None), receipts.c.at < before


def _kept(row: Row[Any]) -> KeptReceipt:
    return KeptReceipt(
        row.id,
        ConsentEvent(row.event),
        row.at,
        row.list_id,
        row.subscriber_id,
        row.details,
        row.salt,
        row.digest,
        row.link,
        row.network,
        row.network_salt,
    )


def consent_of(connection: Connection, address: Address) -> tuple[Proof, ...]:
    """What the person at `address` agreed to and took back, oldest first, with the words."""
    rows = connection.execute(
        select(receipts, mailing_lists.c.name.label("list"))
        .join(subscribers, subscribers.c.id == receipts.c.subscriber_id)
        .outerjoin(mailing_lists, mailing_lists.c.id == receipts.c.list_id)
        .where(subscribers.c.identity == address.identity)
        .order_by(receipts.c.id)
    ).all()
    return tuple(
        Proof(row.id, ConsentEvent(row.event), row.at, row.list or "", _in_words(connection, row))
        for row in rows
    )


def _in_words(connection: Connection, row: Row[Any]) -> dict[str, str]:
    details = dict(row.details or {})
    if "network" in details:
        details["network"] = row.network or "no longer kept"
    if wording := details.get("wording"):
        details["wording"] = read_wording(connection, wording) or wording
    return details
