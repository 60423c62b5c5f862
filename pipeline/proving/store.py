"""What a trial reads in the ledger for itself, past the ledger's own queries."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    column,
    delete,
    func,
    insert,
    inspect,
    select,
    table,
)

from pipeline.db import lock_rows, reading
from pipeline.proving.comparing import Row
from pipeline.schema import DeliveryStatus, deliveries, installations, metadata, subscribers


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


def read_people(connection: Connection, campaign_id: int) -> dict[str, int]:
    """The numbers of everybody on a campaign's roster, by address."""
    rows = connection.execute(
        select(subscribers.c.email, subscribers.c.id)
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .where(deliveries.c.campaign_id == campaign_id)
    )
    return {row.email: row.id for row in rows}


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


def read_generation(connection: Connection) -> int:
    """How often the site was begun with, as the database has it."""
    return connection.execute(select(func.max(installations.c.generation))).scalar() or 0


def keep_copy(connection: Connection) -> None:
    """Copy every table, beside itself; in a transaction that sees one instant."""
    for original, copy in _copies():
        copy.create(connection)
        connection.execute(insert(copy).from_select(list(copy.c), select(original)))


def put_back(connection: Connection) -> None:
    """Put the copy of every table in its place."""
    for original, _ in reversed(_copies()):
        connection.execute(delete(original))
    for original, copy in _copies():
        connection.execute(insert(original).from_select(list(original.c), select(copy)))


def _copies() -> list[tuple[Table, Table]]:
    apart = MetaData()
    return [
        (one, Table(f"kept_{one.name}", apart, *(Column(each.name, each.type) for each in one.c)))
        for one in metadata.sorted_tables
    ]


def end_sessions(connection: Connection) -> int:
    """End every other session with this PostgreSQL database; how many there were."""
    sessions = table("pg_stat_activity", column("pid"), column("datname"))
    ended = select(func.pg_terminate_backend(sessions.c.pid)).where(
        sessions.c.datname == func.current_database(), sessions.c.pid != func.pg_backend_pid()
    )
    return len(connection.execute(ended).all())
