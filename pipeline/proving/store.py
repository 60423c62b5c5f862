"""What a trial reads in the ledger for itself, past the ledger's own queries."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, func, inspect, select

from pipeline.db import lock_rows, reading
from pipeline.proving.comparing import Row
from pipeline.schema import DeliveryStatus, deliveries, subscribers


def has_tables(engine: Engine) -> bool:
    """Whether anything is in the database. Raises DatabaseUnavailable."""
    with reading(engine) as connection:
        return bool(inspect(connection).get_table_names())


def read_rows(connection: Connection) -> tuple[Row, ...]:
    """Every row of the ledger, whichever campaign it is of."""
    return tuple(
        Row(row.email, row.status, row.attempt, row.worker or "", row.reason)
        for row in connection.execute(
            select(deliveries, subscribers.c.email).join(
                subscribers, subscribers.c.id == deliveries.c.subscriber_id
            )
        )
    )


def read_status(connection: Connection, email: str) -> str:
    """Where one person's message stands; empty without a row."""
    found = select(deliveries.c.status).join(
        subscribers, subscribers.c.id == deliveries.c.subscriber_id
    )
    return connection.execute(found.where(subscribers.c.email == email)).scalar() or ""


def count_doubts(connection: Connection) -> int:
    """How many rows are in doubt."""
    doubted = deliveries.c.status == DeliveryStatus.UNKNOWN
    return connection.execute(
        select(func.count()).select_from(deliveries).where(doubted)
    ).scalar_one()


def count_attempts(connection: Connection) -> int:
    """How many messages were ever started."""
    return connection.execute(select(func.sum(deliveries.c.attempt))).scalar() or 0


def hold_attempts(connection: Connection, subscriber_id: int) -> int:
    """How often a person's message was started; waits for whoever is starting it now."""
    mine = select(deliveries.c.attempt).where(deliveries.c.subscriber_id == subscriber_id)
    return connection.execute(lock_rows(mine)).scalar() or 0
