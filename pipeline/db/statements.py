"""Statements that SQLite and PostgreSQL say differently: conflicts, locks, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT with ON CONFLICT, which both databases have and SQLAlchemy keeps per dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def hold_rows(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any] | None = None
) -> None:
    """Lock rows one after the other, in the order of `statement`; SQLite has no need to look."""
    if connection.dialect.name == "postgresql":
        connection.execute(lock_rows(statement), values)


def merged(connection: Connection, old: Any, new: Any) -> Any:
    """A JSON object with the keys of both; where both have one, `new` counts."""
    if connection.dialect.name == "postgresql":
        return old.op("||")(new)
    return func.json_patch(old, new)


def comparable(connection: Connection, value: Any) -> Any:
    """A JSON column in the form in which `merged` gives it: SQLite compares it as text."""
    return value if connection.dialect.name == "postgresql" else func.json(value)


def lock_rows(
    statement: Select[Any],
    *,
    skip_locked: bool = False,
    shared: bool = False,
    of: Table | None = None,
) -> Select[Any]:
    """Lock what is read until the transaction ends; SQLite's write lock already does that.

    `shared` keeps out only who wants it for themselves.
    """
    return statement.with_for_update(skip_locked=skip_locked, read=shared, of=of)


def take_turns(connection: Connection, name: str) -> None:
    """Let nobody else do what is called `name` until the transaction ends.

    SQLite's write lock already does that.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"pipeline {name}"))))
