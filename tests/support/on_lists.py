"""People put on a list by hand, in the caller's transaction, as an import would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from pipeline.audience.csv_file import Row
from pipeline.audience.store import after_launches
from pipeline.db import insert
from pipeline.schema import SubscriptionState, subscribers, subscriptions


def upsert(
    connection: Connection, list_id: int, rows: Sequence[Row], source: str, now: datetime
) -> None:
    """Add people who are not known yet, and confirm who is not on the list yet."""
    at = after_launches(connection, list_id, now)
    for row in rows:
        person = {
            "email": row.address.email,
            "identity": row.address.identity,
            "name": row.name,
            "attributes": row.attributes,
            "created_at": now,
        }
        connection.execute(insert(connection, subscribers).on_conflict_do_nothing(), [person])
        found = sa.select(subscribers.c.id).where(subscribers.c.identity == row.address.identity)
        subscription = {
            "list_id": list_id,
            "subscriber_id": connection.execute(found).scalar_one(),
            "state": SubscriptionState.CONFIRMED,
            "source": source,
            "confirmed_at": at,
        }
        added = insert(connection, subscriptions).on_conflict_do_nothing()
        connection.execute(added, [subscription])
