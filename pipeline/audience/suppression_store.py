"""The SQL of suppressions: who is never to be mailed, and how a person is erased."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, null, select, update

from pipeline.audience.keys import Keys
from pipeline.audience.leaving_store import come_back, unsubscribe
from pipeline.audience.macs import mac
from pipeline.audience.receipt_store import empty_receipts, write_receipts
from pipeline.audience.receipts import Receipt
from pipeline.audience.store import NOBODY, read_subscriptions
from pipeline.db import insert, take_turns
from pipeline.schema import (
    ConsentEvent,
    SuppressionReason,
    import_changes,
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
) -> int:
    """Never mail these identities, known here or not; an address's first reason stays.

    How many were not suppressed before. What an import brought is no longer its alone: undoing it
    does not let them be mailed again.
    """
    # In order, so that two processes with some of the same addresses wait instead of deadlock.
    rows = [
        {"identity": identity, "reason": reasons[identity], "created_at": now}
        for identity in sorted(reasons)
    ]
    if not rows:
        return 0
    known = select(func.count()).where(suppressions.c.identity.in_(list(reasons)))
    before = connection.execute(known).scalar_one()
    added = insert(connection, suppressions)
    connection.execute(
        added.on_conflict_do_update(index_elements=["identity"], set_={"batch_id": null()}), rows
    )
    return len(rows) - before


def count_suppressions(connection: Connection) -> dict[str, int]:
    """How many addresses are never mailed, by reason."""
    counted = select(suppressions.c.reason, func.count()).group_by(suppressions.c.reason)
    rows = connection.execute(counted.order_by(suppressions.c.reason))
    return {row[0]: row[1] for row in rows}


def find_suppressed(
    connection: Connection, keys: Keys, identities: Iterable[str], *, erased_alone: bool = False
) -> dict[str, SuppressionReason]:
    """Those of `identities` that are never to be mailed, and why; erased people among them."""
    hashed = are_erased(connection)
    meant: dict[str, str] = {}
    for identity in identities:
        if not erased_alone:
            meant[identity] = identity
        if hashed:
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


def are_erased(connection: Connection) -> bool:
    """Whether anybody was erased here: nearly never, and looking for each of them costs."""
    hashed = suppressions.c.identity.startswith(_HASHED)
    return connection.execute(select(exists().where(hashed))).scalar_one()


def lift_suppression(connection: Connection, keys: Keys, identity: str) -> None:
    """Let an address be mailed again: its owner has asked for that, and proved to be its owner."""
    spellings = [identity, *(_hashed(key, identity) for key in keys)]
    connection.execute(delete(suppressions).where(suppressions.c.identity.in_(spellings)))


def leave_everything(
    connection: Connection, subscriber_id: int, now: datetime, source: str
) -> None:
    """Take a person off every list, and mail the address nothing more, whatever is imported."""
    for list_id in _lists_of(connection, subscriber_id):
        unsubscribe(connection, list_id, subscriber_id, now, source)
    suppress(connection, [subscriber_id], SuppressionReason.UNSUBSCRIBED_ALL, now)


def left_everything_at(connection: Connection, subscriber_id: int) -> datetime | None:
    """When a person wanted no mail at all any more; None when they did not say so."""
    identity = select(subscribers.c.identity).where(subscribers.c.id == subscriber_id)
    return connection.execute(
        select(suppressions.c.created_at).where(
            suppressions.c.identity == identity.scalar_subquery(),
            suppressions.c.reason == SuppressionReason.UNSUBSCRIBED_ALL,
        )
    ).scalar()


def come_back_to_everything(
    connection: Connection, keys: Keys, subscriber_id: int, now: datetime, source: str
) -> bool:
    """Take back that a person left everything; False when they had not."""
    left_at = left_everything_at(connection, subscriber_id)
    identity = connection.execute(
        select(subscribers.c.identity).where(subscribers.c.id == subscriber_id)
    ).scalar()
    if left_at is None or identity is None:
        return False
    lift_suppression(connection, keys, identity)
    for one in read_subscriptions(connection, subscriber_id):
        if one.unsubscribed_at is not None and one.unsubscribed_at >= left_at:
            come_back(connection, one.list_id, subscriber_id, one.unsubscribed_at, now, source)
    return True


def _lists_of(connection: Connection, subscriber_id: int) -> list[int]:
    return [one.list_id for one in read_subscriptions(connection, subscriber_id)]


def erase_person(
    connection: Connection, keys: Keys, subscriber_id: int, now: datetime, source: str
) -> bool:
    """Forget all that is known of a person (GDPR 17); False when nothing was.

    Their id stays, so that ledgers still close, and a keyed hash of the address, so that no import
    brings them back. What servers said of their messages is the ledger's to forget.
    """
    take_turns(connection, "import")  # or one under way may store them anew
    identity = connection.execute(
        select(subscribers.c.identity).where(subscribers.c.id == subscriber_id)
    ).scalar()
    if identity is None:
        return False
    for list_id in _lists_of(connection, subscriber_id):
        unsubscribe(connection, list_id, subscriber_id, now, source)
    reason = connection.execute(
        delete(suppressions)
        .where(suppressions.c.identity == identity)
        .returning(suppressions.c.reason)
    ).scalar()
    hashed = {_hashed(keys[0], identity): SuppressionReason(reason or SuppressionReason.ERASED)}
    suppress_identities(connection, hashed, now)
    return forget_person(connection, subscriber_id, now, source)


def forget_person(connection: Connection, subscriber_id: int, now: datetime, source: str) -> bool:
    """Empty a person's row and receipts; False when they were empty.

    They may be on no list. Nothing keeps them from coming back: `erase_person` sees to that.
    """
    emptied = connection.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id, subscribers.c.identity.is_not(None))
        .values(NOBODY)
    )
    if not emptied.rowcount:
        return False
    connection.execute(
        delete(subscriber_tags).where(subscriber_tags.c.subscriber_id == subscriber_id)
    )
    connection.execute(
        update(subscriptions)
        .where(subscriptions.c.subscriber_id == subscriber_id)
        .values(proof=null())
    )
    connection.execute(
        delete(import_changes).where(import_changes.c.subscriber_id == subscriber_id)
    )
    empty_receipts(connection, subscriber_id)
    said = Receipt(ConsentEvent.ERASED, now, None, subscriber_id, {"source": source})
    write_receipts(connection, [said])
    return True


def _hashed(key: bytes, identity: str) -> str:
    return _HASHED + mac(key, b"erased-1", identity.encode()).hex()
