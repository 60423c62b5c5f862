"""The SQL of people who come by a form: pending, confirmed, or forgotten again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, select, update

from pipeline.audience.store import after_launches
from pipeline.audience.suppression_store import forget_person
from pipeline.db import insert, take_turns
from pipeline.schema import (
    RequestState,
    SubscriptionState,
    campaigns,
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
    back = and_(
        subscriptions.c.list_id == list_id,
        subscriptions.c.subscriber_id == subscriber_id,
        subscriptions.c.state != SubscriptionState.CONFIRMED,
    )
    # Who left after a launch is on its roster, and counted. While that is still being opened they
    # stay on it only by the time of their first joining.
    counted = exists().where(
        campaigns.c.list_id == list_id,
        campaigns.c.roster_complete_at.is_(None),
        subscriptions.c.confirmed_at <= campaigns.c.launched_at,
        subscriptions.c.unsubscribed_at > campaigns.c.launched_at,
    )
    anew = {"state": SubscriptionState.CONFIRMED, "source": source}
    connection.execute(update(subscriptions).where(back, counted).values(anew))
    connection.execute(
        update(subscriptions).where(back).values({**anew, "confirmed_at": confirmed_at})
    )


def find_identity(connection: Connection, identity: str) -> int | None:
    """The id of the person with this identity; None when nobody is known there."""
    return connection.execute(
        select(subscribers.c.id).where(subscribers.c.identity == identity)
    ).scalar()


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
