"""The SQL of import batches: what was imported, on which basis, and how it is undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, func, null, or_, select, update

from pipeline.audience.addresses import Address
from pipeline.audience.receipt_store import write_receipts
from pipeline.audience.receipts import Receipt
from pipeline.audience.store import NOBODY, after_launches
from pipeline.db import comparable, take_turns
from pipeline.errors import AudienceError
from pipeline.schema import (
    ConsentEvent,
    SubscriptionState,
    campaigns,
    deliveries,
    import_batches,
    import_changes,
    mailing_lists,
    receipts,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

_NUMBER: Any = import_batches.c.id
_ON_LIST = subscriptions.c.list_id == import_batches.c.list_id
_CAME = and_(_ON_LIST, subscriptions.c.batch_id == _NUMBER)
_LEFT = and_(_ON_LIST, subscriptions.c.left_batch_id == _NUMBER)


@dataclass(frozen=True)
class Batch:
    """One file that was imported into one list, and what it did."""

    id: int
    list: str
    file: str
    sha256: str
    source: str
    basis: str
    imported_by: str
    preset: str
    started_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    rows: int
    joined: int
    changed: int
    left: int
    suppressed: int
    kept_away: int
    refused: int
    absent: int

    @property
    def was_flawless(self) -> bool:
        """Whether it came to its end, and left nothing to tell."""
        return self.finished_at is not None and not self.refused and not self.absent


@dataclass(frozen=True)
class Undone:
    """What undoing a batch came to; `kept` opted out since, `changed_since` are as they are now."""

    batch: Batch
    off: int
    removed: int
    restored: int
    changed_since: int
    back: int
    lifted: int
    kept: int


@dataclass(frozen=True)
class Arrival:
    """How one person came to one list by an import."""

    list: str
    batch: Batch
    left: bool
    proof: Mapping[str, str]


def read_batches(connection: Connection) -> tuple[Batch, ...]:
    """All batches, newest first."""
    return tuple(map(_batch, connection.execute(_batches().order_by(import_batches.c.id.desc()))))


def find_batch(connection: Connection, number: int) -> Batch:
    """One batch. Raises AudienceError when there is none of that number."""
    row = connection.execute(_batches().where(import_batches.c.id == number)).one_or_none()
    if row is None:
        raise AudienceError(
            f"there is no import batch {number}", hint="`pipeline subscribers batches` lists them"
        )
    return _batch(row)


def last_batch(connection: Connection, name: str, source: str) -> Batch | None:
    """The newest batch that came to a list from a source."""
    row = connection.execute(
        _batches()
        .where(mailing_lists.c.name == name, import_batches.c.source == source)
        .order_by(import_batches.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _batch(row)


def begin_batch(connection: Connection, list_id: int, values: Mapping[str, Any]) -> int:
    """The number of a new batch, or of one of the same file that was never finished."""
    unfinished = connection.execute(
        select(import_batches.c.id).where(
            import_batches.c.list_id == list_id,
            import_batches.c.sha256 == values["sha256"],
            import_batches.c.finished_at.is_(None),
            import_batches.c.undone_at.is_(None),
        )
    ).scalar()
    if unfinished is not None:
        renewed = update(import_batches).where(import_batches.c.id == unfinished)
        connection.execute(renewed.values(**values))
        return int(unfinished)
    statement = import_batches.insert().values(list_id=list_id, **values)
    return int(connection.execute(statement.returning(import_batches.c.id)).scalar_one())


def finish_batch(
    connection: Connection, number: int, read: Mapping[str, int], now: datetime
) -> Batch:
    """Count what a batch did, and write its consent receipt if it did anything."""
    did = {
        "joined": _count(connection, and_(_CAME, subscriptions.c.left_batch_id.is_(None)), number),
        "changed": _count(connection, import_changes.c.batch_id == _NUMBER, number),
        "left": _count(connection, _LEFT, number),
        "suppressed": _count(connection, suppressions.c.batch_id == _NUMBER, number),
    }
    connection.execute(
        update(import_batches)
        .where(import_batches.c.id == number)
        .values(finished_at=now, **read, **did)
    )
    batch = find_batch(connection, number)
    if any(did.values()):
        write_receipts(connection, [_receipt(connection, batch, now)])
    return batch


def _count(connection: Connection, which: Any, number: int) -> int:
    counted = select(func.count()).where(which, import_batches.c.id == number)
    return connection.execute(counted).scalar_one()


def _receipt(connection: Connection, batch: Batch, now: datetime) -> Receipt:
    said = {
        "batch": str(batch.id),
        "basis": batch.basis,
        "source": batch.source,
        "by": batch.imported_by,
        "file": batch.file,
        "sha256": batch.sha256,
        "rows": str(batch.rows),
        "joined": str(batch.joined),
        "changed": str(batch.changed),
        "left": str(batch.left),
        "suppressed": str(batch.suppressed),
    }
    list_id = connection.execute(
        select(import_batches.c.list_id).where(import_batches.c.id == batch.id)
    ).scalar_one()
    return Receipt(ConsentEvent.IMPORTED, now, list_id, None, said)


def arrivals(connection: Connection, address: Address) -> tuple[Arrival, ...]:
    """By which batches the person at `address` came to lists, or was taken off them."""
    met = or_(
        subscriptions.c.batch_id == import_batches.c.id,
        subscriptions.c.left_batch_id == import_batches.c.id,
    )
    rows = connection.execute(
        select(
            import_batches,
            mailing_lists.c.name.label("list"),
            subscriptions.c.left_batch_id,
            subscriptions.c.proof,
        )
        .select_from(
            subscribers.join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
            .join(import_batches, and_(_ON_LIST, met))
            .join(mailing_lists, mailing_lists.c.id == import_batches.c.list_id)
        )
        .where(subscribers.c.identity == address.identity)
        .order_by(import_batches.c.id)
    )
    return tuple(
        Arrival(row.list, _batch(row), row.left_batch_id == row.id, row.proof or {}) for row in rows
    )


def undo_batch(connection: Connection, number: int, by: str, now: datetime) -> Undone:
    """Take back what a batch did, but no opt-out that people or servers uttered here since.

    Raises AudienceError for one that was undone before, and while a campaign to its list counts on
    the people of it.
    """
    take_turns(connection, "import")
    batch = find_batch(connection, number)
    if batch.undone_at is not None:
        raise AudienceError(
            f"import batch {number} was undone before, on {batch.undone_at:%Y-%m-%d %H:%M} UTC",
            hint="nothing has changed",
        )
    list_id = connection.execute(
        select(import_batches.c.list_id).where(import_batches.c.id == number)
    ).scalar_one()
    _refuse_while_launched(connection, list_id)
    connection.execute(
        update(import_batches)
        .where(import_batches.c.id == number)
        .values(undone_at=now, undone_by=by)
    )
    at = after_launches(connection, list_id, now)
    restored, changed_since = _restore_people(connection, number)
    lifted = connection.execute(
        delete(suppressions).where(suppressions.c.batch_id == number)
    ).rowcount
    which = _came_alone_by(list_id, number)
    removed = _empty_people(connection, list_id, which)
    off = connection.execute(delete(subscriptions).where(which)).rowcount
    back = _bring_back(connection, list_id, number, at)
    kept = _count(connection, _CAME, number)
    said = {"batch": str(number), "source": f"undo of import batch {number}", "by": by}
    write_receipts(connection, [Receipt(ConsentEvent.CHANGED, now, list_id, None, said)])
    batch = find_batch(connection, number)
    return Undone(batch, off, removed, restored, changed_since, back, lifted, kept)


def _refuse_while_launched(connection: Connection, list_id: int) -> None:
    """A roster that is still being opened was counted with these people on the list."""
    campaign = connection.execute(
        select(campaigns.c.id)
        .where(campaigns.c.list_id == list_id, campaigns.c.roster_complete_at.is_(None))
        .limit(1)
    ).scalar()
    if campaign is not None:
        raise AudienceError(
            f"campaign {campaign} is on its way to people of this batch",
            hint=f"wait until it is sent, or stop it: `pipeline campaigns cancel {campaign}`",
        )


def _restore_people(connection: Connection, number: int) -> tuple[int, int]:
    """Give people back their name and attributes, where nobody changed them since."""
    changed = connection.execute(
        select(func.count()).where(import_changes.c.batch_id == number)
    ).scalar_one()
    restored = connection.execute(
        update(subscribers)
        .where(
            import_changes.c.batch_id == number,
            subscribers.c.id == import_changes.c.subscriber_id,
            subscribers.c.name == import_changes.c.name_after,
            comparable(connection, subscribers.c.attributes)
            == comparable(connection, import_changes.c.attributes_after),
        )
        .values(
            name=import_changes.c.name_before,
            name_key=import_changes.c.name_key_before,
            attributes=import_changes.c.attributes_before,
        )
    ).rowcount
    return restored, changed - restored


def _came_alone_by(list_id: int, number: int) -> Any:
    """The subscriptions a batch made; not of those who left by themselves since."""
    came = subscriptions.c.batch_id.in_(_undone())
    own_word = and_(
        subscriptions.c.state == SubscriptionState.UNSUBSCRIBED,
        or_(
            subscriptions.c.left_batch_id.is_(None),
            and_(
                subscriptions.c.left_batch_id != number,
                subscriptions.c.left_batch_id.not_in(_undone()),
            ),
        ),
    )
    return and_(subscriptions.c.list_id == list_id, came, ~own_word)


def _undone() -> Any:
    return select(import_batches.c.id).where(import_batches.c.undone_at.is_not(None))


def _bring_back(connection: Connection, list_id: int, number: int, at: datetime) -> int:
    """Let those whom the batch alone unsubscribed stand where they stood before it."""
    mine = and_(subscriptions.c.list_id == list_id, subscriptions.c.left_batch_id == number)
    waited = connection.execute(
        update(subscriptions)
        .where(mine, subscriptions.c.confirmed_at.is_(None))
        .values(state=SubscriptionState.PENDING, unsubscribed_at=null(), left_batch_id=null())
    ).rowcount
    confirmed = connection.execute(
        update(subscriptions)
        .where(mine)
        .values(
            state=SubscriptionState.CONFIRMED,
            confirmed_at=at,
            unsubscribed_at=null(),
            left_batch_id=null(),
        )
    ).rowcount
    return waited + confirmed


def _empty_people(connection: Connection, list_id: int, which: Any) -> int:
    """Forget people of whom nothing else is known; their ids stay, and are nobody's.

    To delete the rows would let each be looked for in all that refers to them.
    """
    elsewhere = exists().where(
        mailing_lists.c.id != list_id,
        subscriptions.c.list_id == mailing_lists.c.id,
        subscriptions.c.subscriber_id == subscribers.c.id,
    )
    proved = exists().where(receipts.c.subscriber_id == subscribers.c.id)
    mailed = exists().where(
        deliveries.c.campaign_id == campaigns.c.id, deliveries.c.subscriber_id == subscribers.c.id
    )
    ids = select(subscriptions.c.subscriber_id).where(which)
    emptied = connection.execute(
        update(subscribers)
        .where(subscribers.c.id.in_(ids), ~elsewhere, ~proved, ~mailed)
        .values(NOBODY)
    ).rowcount
    gone = subscribers.c.id.in_(ids), subscribers.c.identity.is_(None)
    connection.execute(
        delete(subscriber_tags).where(
            subscriber_tags.c.subscriber_id.in_(select(subscribers.c.id).where(*gone))
        )
    )
    return emptied


def _batches() -> Any:
    return select(import_batches, mailing_lists.c.name.label("list")).join(mailing_lists)


def _batch(row: Row[Any]) -> Batch:
    return Batch(**{item.name: getattr(row, item.name) for item in fields(Batch)})
