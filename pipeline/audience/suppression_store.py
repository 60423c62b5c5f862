"""The SQL of suppressions: who is never to be mailed, and how a person is erased."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, null, select, update

from pipeline.audience.keys import Keys
from pipeline.audience.macs import mac
from pipeline.audience.receipt_store import empty_receipts, write_receipts
from pipeline.audience.receipts import Receipt
from pipeline.audience.store import unsubscribe
from pipeline.db import insert
from pipeline.schema import (
    ConsentEvent,
    SuppressionReason,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

_HASHED = "hash:"  # no identity begins so and has no "@"
_AT_ONCE = 2_000  # identities in one statement


def suppress(
    connection: Connection,
    subscriber_ids: Collection[int],
    reason: SuppressionReason,
    now: datetime,
) -> None:
    """Never mail these people's addresses again; an address's first reason stays."""
    if not subscriber_ids:
        return
    found = connection.execute(
        select(subscribers.c.identity).where(
            subscribers.c.id.in_(list(subscriber_ids)), subscribers.c.identity.is_not(None)
        )
    ).scalars()
    suppress_identities(connection, dict.fromkeys(found, reason), now)


def suppress_identities(
    connection: Connection, reasons: Mapping[str, SuppressionReason], now: datetime
) -> None:
    """Never mail these identities, known here or not; an address's first reason stays."""
    # In order, so that two processes with some of the same addresses wait instead of deadlock.
    rows = [
        {"identity": identity, "reason": reasons[identity], "created_at": now}
        for identity in sorted(reasons)
    ]
    if rows:
        connection.execute(insert(connection, suppressions).on_conflict_do_nothing(), rows)


def find_suppressed(
    connection: Connection, keys: Keys, identities: Iterable[str]
) -> dict[str, SuppressionReason]:
    """Those of `identities` that are never to be mailed, and why; erased people among them."""
    hashed = connection.execute(
        select(suppressions.c.identity).where(suppressions.c.identity.startswith(_HASHED)).limit(1)
    ).first()
    meant: dict[str, str] = {}
    for identity in identities:
        meant[identity] = identity
        if hashed is not None:
            meant.update({_hashed(key, identity): identity for key in keys})
    asked = list(meant)
    found: dict[str, SuppressionReason] = {}
    for start in range(0, len(asked), _AT_ONCE):
        rows = connection.execute(
            select(suppressions.c.identity, suppressions.c.reason).where(
                suppressions.c.identity.in_(asked[start : start + _AT_ONCE])
            )
        )
        found |= {meant[row.identity]: SuppressionReason(row.reason) for row in rows}
    return found


def lift_suppression(connection: Connection, keys: Keys, identity: str) -> None:
    """Let an address be mailed again: its owner has asked for that, and proved to be its owner."""
    spellings = [identity, *(_hashed(key, identity) for key in keys)]
    connection.execute(delete(suppressions).where(suppressions.c.identity.in_(spellings)))


def erase_person(
    connection: Connection, keys: Keys, subscriber_id: int, now: datetime, source: str
) -> bool:
    """Forget all that is known of a person (GDPR 17); False when nothing was.

    Their id stays, so that ledgers still close, and a keyed hash of the address, so that no import
    brings them back. What servers said of their messages is the ledger's to forget.
    """
    identity = connection.execute(
        select(subscribers.c.identity).where(subscribers.c.id == subscriber_id)
    ).scalar()
    if identity is None:
        return False
    lists = select(subscriptions.c.list_id).where(subscriptions.c.subscriber_id == subscriber_id)
    for list_id in connection.execute(lists.order_by(subscriptions.c.list_id)).scalars().all():
        unsubscribe(connection, list_id, subscriber_id, now)
    reason = connection.execute(
        delete(suppressions)
        .where(suppressions.c.identity == identity)
        .returning(suppressions.c.reason)
    ).scalar()
    hashed = {_hashed(keys[0], identity): SuppressionReason(reason or SuppressionReason.ERASED)}
    suppress_identities(connection, hashed, now)
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id)
        .values(
            email=null(),
            identity=null(),
            domain="",
            name="",
            name_key="",
            attributes={},
            language="",
            time_zone="",
        )
    )
    connection.execute(
        delete(subscriber_tags).where(subscriber_tags.c.subscriber_id == subscriber_id)
    )
    empty_receipts(connection, subscriber_id)
    said = Receipt(ConsentEvent.ERASED, now, None, subscriber_id, {"source": source})
    write_receipts(connection, [said])
    return True


def _hashed(key: bytes, identity: str) -> str:
    return _HASHED + mac(key, b"erased-1", identity.encode()).hex()
