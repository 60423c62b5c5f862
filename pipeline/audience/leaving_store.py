"""The SQL of leaving a list, for good or for a while, and of coming back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, exists, func, literal, null, select, update

from pipeline.audience.receipt_store import write_receipts
from pipeline.audience.receipts import Receipt
from pipeline.audience.store import after_launches
from pipeline.db import hold_rows, insert, lock_rows
from pipeline.schema import (
    ConsentEvent,
    SubscriptionState,
    UtcDateTime,
    campaigns,
    mailing_lists,
    subscribers,
    subscriptions,
)


class Departure(NamedTuple):
    """One person leaves one list, by some way: "one-click", "page", "staff: Desk"."""

    list_id: int
    subscriber_id: int
    source: str


def unsubscribe(
    connection: Connection, list_id: int, subscriber_id: int, now: datetime, source: str = ""
) -> bool:
    """Take a person off a list; effective for the very next message.

    True when they were on it; False when they had left before (the same answer to the reader).
    """
    return unsubscribe_all(connection, [Departure(list_id, subscriber_id, source)], now) == 1


def unsubscribe_all(connection: Connection, departures: Iterable[Departure], now: datetime) -> int:
    """Take people off their lists, many at once; how many were on them."""
    by_list: dict[int, dict[int, Departure]] = {}
    for one in departures:
        by_list.setdefault(one.list_id, {}).setdefault(one.subscriber_id, one)
    written: list[Receipt] = []
    left = 0
    for list_id in sorted(by_list):  # in order, as always: or two of us may deadlock
        people = by_list[list_id]
        off = _take_off(connection, list_id, people, now)
        left += len(off)
        others = people.keys() - off
        if others:
            off += _say_again(connection, list_id, others)
            off += _stay_away(connection, list_id, others, now)
        for person in sorted(off):
            details = {"source": people[person].source}
            written.append(Receipt(ConsentEvent.LEFT, now, list_id, person, details))
    write_receipts(connection, written)
    return left


def _take_off(
    connection: Connection, list_id: int, people: Collection[int], now: datetime
) -> list[int]:
    """The ids of those who were on the list."""
    left_at = after_launches(connection, list_id, now)
    theirs = (
        subscriptions.c.list_id == list_id,
        subscriptions.c.subscriber_id.in_(list(people)),
        subscriptions.c.state != SubscriptionState.UNSUBSCRIBED,
    )
    wanted = select(subscriptions.c.subscriber_id).where(*theirs)
    hold_rows(connection, wanted.order_by(subscriptions.c.subscriber_id))
    changed = connection.execute(
        update(subscriptions)
        .where(*theirs)
        .values(state=SubscriptionState.UNSUBSCRIBED, unsubscribed_at=left_at)
        .returning(subscriptions.c.subscriber_id)
    )
    return list(changed.scalars())


def _say_again(connection: Connection, list_id: int, people: Collection[int]) -> list[int]:
    """Keep the wish of those whom an import had taken off: undoing it does not undo theirs."""
    said = (
        update(subscriptions)
        .where(
            subscriptions.c.list_id == list_id,
            subscriptions.c.subscriber_id.in_(list(people)),
            subscriptions.c.left_batch_id.is_not(None),
        )
        .values(left_batch_id=null())
    )
    return list(connection.execute(said.returning(subscriptions.c.subscriber_id)).scalars())


def _stay_away(
    connection: Connection, list_id: int, people: Collection[int], now: datetime
) -> list[int]:
    """Keep the wish of those who are not on the list: an import that was undone had mailed them.

    Else the next import would bring them back.
    """
    joined = mailing_lists.join(subscribers, subscribers.c.id.in_(list(people)))
    persons = (
        select(
            mailing_lists.c.id,
            subscribers.c.id,
            literal(SubscriptionState.UNSUBSCRIBED.value),
            literal("left by themselves"),
            literal(now, UtcDateTime()),
        )
        .select_from(joined)
        .where(mailing_lists.c.id == list_id, subscribers.c.identity.is_not(None))
    )
    columns = ["list_id", "subscriber_id", "state", "source", "unsubscribed_at"]
    new = insert(connection, subscriptions).from_select(columns, persons)
    added = new.on_conflict_do_nothing().returning(subscriptions.c.subscriber_id)
    return list(connection.execute(added).scalars())


def come_back(
    connection: Connection,
    list_id: int,
    subscriber_id: int,
    left_at: datetime,
    now: datetime,
    source: str = "",
) -> bool:
    """Take back that a person left a list at `left_at`; False when that is not how it stands.

    Campaigns that were launched in between stay without them, and one that counted them before
    they left keeps them, so every balance sheet still closes.
    """
    theirs = and_(
        subscriptions.c.list_id == list_id, subscriptions.c.subscriber_id == subscriber_id
    )
    row = connection.execute(
        lock_rows(
            select(subscriptions).where(
                theirs,
                subscriptions.c.state == SubscriptionState.UNSUBSCRIBED,
                subscriptions.c.unsubscribed_at == left_at,
            )
        )
    ).one_or_none()
    if row is None or not return_to_list(connection, row, now):
        return False
    said = {"source": source}
    returned = Receipt(ConsentEvent.RETURNED, now, list_id, subscriber_id, said)
    write_receipts(connection, [returned])
    return True


def return_to_list(connection: Connection, row: Any, now: datetime) -> bool:
    """Put a person who left back on a list; `row` is their subscription, held.

    False when two rosters that are still being opened cannot both be kept true: a moment for both.
    """
    values: dict[str, Any] = {
        "state": SubscriptionState.CONFIRMED,
        "unsubscribed_at": null(),
        "left_batch_id": null(),
    }
    if _launched_since(connection, row.list_id, row.unsubscribed_at):
        if _is_counted_by_former(connection, row):
            return False
        values |= {
            "confirmed_at": after_launches(connection, row.list_id, now),
            "former_confirmed_at": row.confirmed_at,
            "former_unsubscribed_at": row.unsubscribed_at,
        }
    theirs = (
        subscriptions.c.list_id == row.list_id,
        subscriptions.c.subscriber_id == row.subscriber_id,
    )
    connection.execute(update(subscriptions).where(*theirs).values(values))
    return True


def _launched_since(connection: Connection, list_id: int, left_at: datetime) -> bool:
    after = campaigns.c.list_id == list_id, campaigns.c.launched_at >= left_at
    return connection.execute(select(func.count()).where(*after)).scalar_one() > 0


def _is_counted_by_former(connection: Connection, row: Any) -> bool:
    """Whether a roster that is still being opened rests on the time before the time before.

    It takes two launches to one list within minutes, and leaving and coming back between them.
    """
    if row.former_confirmed_at is None:
        return False
    rests = exists().where(
        campaigns.c.list_id == row.list_id,
        campaigns.c.roster_complete_at.is_(None),
        campaigns.c.launched_at >= row.former_confirmed_at,
        campaigns.c.launched_at < row.former_unsubscribed_at,
    )
    return bool(connection.execute(select(rests)).scalar_one())


def pause_subscription(
    connection: Connection,
    list_id: int,
    subscriber_id: int,
    until: datetime | None,
    now: datetime,
) -> bool:
    """Send a person nothing of a list before `until`; None: go on. From the very next message on.

    False when they are not on the list.
    """
    changed = connection.execute(
        update(subscriptions)
        .where(
            subscriptions.c.list_id == list_id,
            subscriptions.c.subscriber_id == subscriber_id,
            subscriptions.c.state == SubscriptionState.CONFIRMED,
        )
        .values(paused_until=until)
    )
    if changed.rowcount == 0:
        return False
    details = {"paused_until": until.isoformat() if until else ""}
    changed_to = Receipt(ConsentEvent.CHANGED, now, list_id, subscriber_id, details)
    write_receipts(connection, [changed_to])
    return True
