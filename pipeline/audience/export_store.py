"""The SQL of exports: people page by page, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from pipeline.schema import (
    SubscriptionState,
    mailing_lists,
    subscribers,
    subscriptions,
    suppressions,
)

_PAGE = 2_000  # rows read at once


@dataclass(frozen=True)
class Exported:
    """One person on one list, with all that is known; `suppressed` is the reason, or empty."""

    list: str
    email: str
    name: str
    state: SubscriptionState
    suppressed: str
    confirmed_at: datetime | None
    unsubscribed_at: datetime | None
    paused_until: datetime | None
    source: str
    language: str
    time_zone: str
    attributes: dict[str, Any]


def export_people(connection: Connection, list_id: int | None = None) -> Iterator[Exported]:
    """Everybody on a list, or on all, erased people left out: by list, then by their ids."""
    columns = (subscriptions.c.list_id, subscriptions.c.subscriber_id)
    statement = (
        select(
            subscriptions,
            subscribers,
            mailing_lists.c.name.label("list"),
            suppressions.c.reason.label("suppressed"),
        )
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(mailing_lists, mailing_lists.c.id == subscriptions.c.list_id)
        .outerjoin(suppressions, suppressions.c.identity == subscribers.c.identity)
        .where(subscribers.c.identity.is_not(None))
        .order_by(*columns)
        .limit(_PAGE)
    )
    if list_id is not None:
        statement = statement.where(subscriptions.c.list_id == list_id)
    after = (0, 0)
    while page := connection.execute(statement.where(tuple_(*columns) > after)).all():
        yield from map(_exported, page)
        after = (page[-1].list_id, page[-1].subscriber_id)


def _exported(row: Any) -> Exported:
    return Exported(
        row.list,
        row.email,
        row.name,
        SubscriptionState(row.state),
        row.suppressed or "",
        row.confirmed_at,
        row.unsubscribed_at,
        row.paused_until,
        row.source,
        row.language,
        row.time_zone,
        row.attributes,
    )


def export_suppressions(connection: Connection) -> Iterator[tuple[str, str, datetime]]:
    """Every suppression: identity or keyed hash, reason, since when; by identity."""
    statement = select(suppressions).order_by(suppressions.c.identity).limit(_PAGE)
    after = ""
    while page := connection.execute(statement.where(suppressions.c.identity > after)).all():
        for row in page:
            yield row.identity, row.reason, row.created_at
        after = page[-1].identity
