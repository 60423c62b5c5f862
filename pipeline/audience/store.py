"""The audience's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, func, null, select
from sqlalchemy import Row as SqlRow

from pipeline.audience.addresses import Address
from pipeline.db import insert, lock_rows
from pipeline.errors import AudienceError
from pipeline.schema import (
    SubscriptionState,
    campaigns,
    mailing_lists,
    subscribers,
    subscriptions,
)

# What is left of a person who is forgotten: their number.
NOBODY: dict[str, Any] = {
    "email": null(),
    "identity": null(),
    "domain": "",
    "name": "",
    "name_key": "",
    "attributes": {},
    "language": "",
    "time_zone": "",
}


@dataclass(frozen=True)
class MailingList:
    """What people subscribe to."""

    id: int
    name: str


@dataclass(frozen=True)
class ListCount:
    """A list and how many people stand where with it."""

    name: str
    confirmed: int
    pending: int
    unsubscribed: int


@dataclass(frozen=True)
class Person:
    """One subscriber as a list shows them."""

    id: int
    email: str
    name: str
    state: SubscriptionState
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Subscription:
    """Where one person stands with one list."""

    list_id: int
    list: str
    subscriber_id: int
    email: str
    state: SubscriptionState
    confirmed_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    paused_until: datetime | None = None


def ensure_list(connection: Connection, name: str, now: datetime) -> int:
    """The id of the list called `name`, made when it is new."""
    connection.execute(
        insert(connection, mailing_lists)
        .values(name=name, created_at=now)
        .on_conflict_do_nothing(index_elements=["name"])
    )
    return find_list(connection, name).id


def find_list(connection: Connection, name: str) -> MailingList:
    """The list called `name`. Raises AudienceError when there is none."""
    row = connection.execute(
        select(mailing_lists.c.id, mailing_lists.c.name).where(mailing_lists.c.name == name)
    ).one_or_none()
    if row is None:
        raise AudienceError(
            f"there is no list called {name!r}",
            hint=f"add subscribers/{name}.csv, or mend the name",
        )
    return MailingList(row.id, row.name)


def find_list_id(connection: Connection, name: str) -> int | None:
    """The id of the list called `name`; None when there is none."""
    return connection.execute(
        select(mailing_lists.c.id).where(mailing_lists.c.name == name)
    ).scalar()


def read_lists(connection: Connection) -> tuple[ListCount, ...]:
    """All lists with their people counted, by name."""
    counted = select(
        mailing_lists.c.name, subscriptions.c.state, func.count(subscriptions.c.state).label("n")
    ).select_from(mailing_lists.outerjoin(subscriptions))
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(counted.group_by(mailing_lists.c.name, subscriptions.c.state)):
        found.setdefault(row.name, {})[row.state] = row.n
    return tuple(
        ListCount(name, *(states.get(state, 0) for state in _COUNTED))
        for name, states in sorted(found.items())
    )


_COUNTED = (
    SubscriptionState.CONFIRMED,
    SubscriptionState.PENDING,
    SubscriptionState.UNSUBSCRIBED,
)


def count_confirmed(connection: Connection, mailing_list: MailingList) -> int:
    """How many people a list's mail goes to now, suppressed ones included."""
    return connection.execute(
        select(func.count()).where(
            subscriptions.c.list_id == mailing_list.id,
            subscriptions.c.state == SubscriptionState.CONFIRMED,
        )
    ).scalar_one()


def list_people(
    connection: Connection, list_id: int, *, after_id: int = 0, limit: int = 500
) -> tuple[Person, ...]:
    """One page of a list's people, by ascending id after `after_id`."""
    rows = connection.execute(
        select(subscribers, subscriptions.c.state)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .where(subscriptions.c.list_id == list_id, subscribers.c.id > after_id)
        .order_by(subscribers.c.id)
        .limit(limit)
    )
    return tuple(
        Person(row.id, row.email or "", row.name, SubscriptionState(row.state), row.attributes)
        for row in rows
    )


def find_person(connection: Connection, address: Address) -> tuple[Subscription, ...]:
    """Every subscription of the person at `address`; empty when nobody is there."""
    return _subscriptions(connection, subscribers.c.identity == address.identity)


def find_id(connection: Connection, identity: str) -> int | None:
    """The id of the person with this identity; None when nobody is known there."""
    return connection.execute(
        select(subscribers.c.id).where(subscribers.c.identity == identity)
    ).scalar()


def read_subscriptions(connection: Connection, subscriber_id: int) -> tuple[Subscription, ...]:
    """Where one person stands with all lists they ever were on, by the lists' names."""
    return _subscriptions(connection, subscriptions.c.subscriber_id == subscriber_id)


def find_subscription(
    connection: Connection, list_id: int, subscriber_id: int
) -> Subscription | None:
    """Where one person stands with one list, if anywhere."""
    found = _subscriptions(
        connection,
        and_(subscriptions.c.list_id == list_id, subscriptions.c.subscriber_id == subscriber_id),
    )
    return found[0] if found else None


def _subscriptions(connection: Connection, where: Any) -> tuple[Subscription, ...]:
    rows = connection.execute(
        select(subscriptions, subscribers.c.email, mailing_lists.c.name.label("list"))
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(mailing_lists, mailing_lists.c.id == subscriptions.c.list_id)
        .where(where)
        .order_by(mailing_lists.c.name)
    )
    return tuple(map(_subscription, rows))


def _subscription(row: SqlRow[Any]) -> Subscription:
    return Subscription(
        row.list_id,
        row.list,
        row.subscriber_id,
        row.email or "",
        SubscriptionState(row.state),
        row.confirmed_at,
        row.unsubscribed_at,
        row.paused_until,
    )


def hold_list(connection: Connection, list_id: int) -> None:
    """Let nobody join or leave a list until the transaction ends: a launch counts its people."""
    connection.execute(lock_rows(_one_list(list_id)))


def last_change(connection: Connection, list_id: int) -> datetime | None:
    """When somebody last joined or left a list; None when nobody ever did.

    It can lie in the future: another machine's clock runs ahead, or this one was set back.
    """
    joined, left = connection.execute(
        select(
            func.max(subscriptions.c.confirmed_at), func.max(subscriptions.c.unsubscribed_at)
        ).where(subscriptions.c.list_id == list_id)
    ).one()
    return max((at for at in (joined, left) if at is not None), default=None)


def after_launches(connection: Connection, list_id: int, now: datetime) -> datetime:
    """`now`, or just after the last launch to a list whose roster is still being opened.

    That launch has counted the list as it was. Who joins or leaves with a clock that was read
    before it, in another process or while waiting for it, would be on one side of the launch by
    the count and on the other by the roster: the balance sheet would never close again.
    """
    connection.execute(lock_rows(_one_list(list_id), shared=True))
    launched_at = connection.execute(
        select(func.max(campaigns.c.launched_at)).where(
            campaigns.c.list_id == list_id, campaigns.c.roster_complete_at.is_(None)
        )
    ).scalar_one()
    return now if launched_at is None else max(now, launched_at + timedelta(microseconds=1))


def _one_list(list_id: int) -> Select[Any]:
    return select(mailing_lists.c.id).where(mailing_lists.c.id == list_id)
