"""Tables of one connection, into which many rows go at once, before anything is decided."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import OperationalError

Rows = Sequence[Sequence[Any]]


def make_staging(connection: Connection, *tables: Table) -> None:
    """Make temporary tables, empty, even if this connection had them before."""
    for table in tables:
        connection.execute(text(f"DROP TABLE IF EXISTS {table.name}"))
        table.create(connection)


def drop_staging(connection: Connection, *tables: Table) -> None:
    """Give back what temporary tables hold."""
    for table in tables:
        connection.execute(text(f"DROP TABLE IF EXISTS {table.name}"))


def fill_staging(connection: Connection, table: Table, rows: Rows) -> None:
    """Add rows, as tuples in the order of the columns; JSON as text. The quickest way there is."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
        return
    places = ", ".join("?" * len(table.columns))
    connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({places})", [*rows])  # noqa: S608


def measure_staging(connection: Connection, table: Table) -> None:
    """Let PostgreSQL's planner know how much there is; SQLite goes by the indexes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ANALYZE {table.name}"))


def seek_by_index(connection: Connection) -> None:
    """For this transaction: look single rows up, however many there are.

    PostgreSQL would rather read a long table from end to end, again for each few thousand rows.
    """
    if connection.dialect.name == "postgresql":
        for setting in ("enable_hashjoin", "enable_mergejoin", "jit"):
            connection.execute(text(f"SET LOCAL {setting} = off"))


def _copy(connection: Connection, table: Table, rows: Rows) -> None:
    filled = ", ".join(column.name for column in table.columns if not column.nullable)
    statement = f"COPY {table.name} FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({filled}))"
    block = io.StringIO()
    csv.writer(block).writerows(rows)
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(block.getvalue())
    except connection.dialect.loaded_dbapi.Error as error:
        raise OperationalError(statement, None, error) from error
