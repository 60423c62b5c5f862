"""The SQL of people who come by a form: pending, confirmed, or forgotten again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, select, update

from pipeline.audience.leaving_store import return_to_list
from pipeline.audience.store import after_launches
from pipeline.audience.suppression_store import forget_person
from pipeline.db import insert, lock_rows, take_turns
from pipeline.errors import DatabaseUnavailable
from pipeline.schema import (
    RequestState,
    SubscriptionState,
    mailing_lists,
    requests,
    subscribers,
    subscriptions,
)


def ensure_person(connection: Connection, email: str, identity: str, now: datetime) -> int:
    """The id of the person at an address, made when nobody is known there."""
    connection.execute(
        insert(connection, subscribers)
        .values(email=email, identity=identity, name="", attributes={}, created_at=now)
        .on_conflict_do_nothing(index_elements=["identity"])
    )
    found: int = connection.execute(
        select(subscribers.c.id).where(subscribers.c.identity == identity)
    ).scalar_one()
    return found


def add_pending(connection: Connection, list_id: int, subscriber_id: int, source: str) -> None:
    """Note that somebody wants to join; who left stays so until they confirm."""
    connection.execute(
        insert(connection, subscriptions)
        .values(
            list_id=list_id,
            subscriber_id=subscriber_id,
            state=SubscriptionState.PENDING,
            source=source,
        )
        .on_conflict_do_nothing()
    )


def confirm_subscription(
    connection: Connection, list_id: int, subscriber_id: int, source: str, now: datetime
) -> None:
    """Put a person on a list, from the next launch on; who is on it already stays as they are."""
    confirmed_at = after_launches(connection, list_id, now)
    connection.execute(
        insert(connection, subscriptions)
        .values(
            list_id=list_id,
            subscriber_id=subscriber_id,
            state=SubscriptionState.CONFIRMED,
            source=source,
            confirmed_at=confirmed_at,
        )
        .on_conflict_do_nothing()
    )
    theirs = subscriptions.c.list_id == list_id, subscriptions.c.subscriber_id == subscriber_id
    row = connection.execute(lock_rows(select(subscriptions).where(*theirs))).one()
    if row.state == SubscriptionState.UNSUBSCRIBED and not return_to_list(connection, row, now):
        raise DatabaseUnavailable(
            "two campaigns to one list are being opened", hint="try again in a few minutes"
        )
    anew: dict[str, Any] = {"state": SubscriptionState.CONFIRMED, "source": source}
    if row.state == SubscriptionState.PENDING:
        anew["confirmed_at"] = confirmed_at
    if row.state != SubscriptionState.CONFIRMED:
        connection.execute(update(subscriptions).where(*theirs).values(anew))


def drop_pending(connection: Connection, subscriber_id: int, now: datetime) -> bool:
    """Take back what a person never confirmed; forget them if nothing else is known of them.

    A list for which they have a link that may still be used is left alone. True when they were
    forgotten.
    """
    take_turns(connection, "import")  # or one would bring them back while they are forgotten
    waiting = exists().where(
        requests.c.subscriber_id == subscriber_id,
        requests.c.state == RequestState.MAILED,
        requests.c.list_name == mailing_lists.c.name,
        mailing_lists.c.id == subscriptions.c.list_id,
    )
    connection.execute(
        delete(subscriptions).where(
            subscriptions.c.subscriber_id == subscriber_id,
            subscriptions.c.state == SubscriptionState.PENDING,
            ~waiting,
        )
    )
    known = connection.execute(
        select(subscriptions.c.list_id).where(subscriptions.c.subscriber_id == subscriber_id)
    ).first()
    return known is None and forget_person(connection, subscriber_id, now, "never confirmed")
