"""Transactions, and what it means when a database does not give one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from pipeline.errors import DatabaseUnavailable


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: one snapshot, no lock on writers.

    Raises DatabaseUnavailable, as `writing` does.
    """
    with _explained(engine), engine.begin() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes, committed at the end, rolled back on any exception.

    SQLite takes the write lock at once: a transaction that read first and then wants to write
    would otherwise fail without waiting when another one wrote meanwhile.
    """
    with (
        _explained(engine),
        engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection,
        connection.begin(),
    ):
        yield connection


class LastingConnection:
    """A connection that is kept between transactions, for one thread that has many of them.

    To fetch one from the engine and give it back costs as much as to write several messages.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def writing(self) -> AbstractContextManager[Connection]:
        """As `writing` of an engine. After a fault of the database the next one connects anew."""
        return self._transaction("IMMEDIATE")

    def reading(self) -> AbstractContextManager[Connection]:
        """As `reading` of an engine; temporary tables can be written too."""
        return self._transaction("DEFERRED")

    @contextmanager
    def _transaction(self, sqlite_begin: str) -> Iterator[Connection]:
        with _explained(self._engine):
            connection = self._connection = self._connection or self._engine.connect()
            connection.execution_options(sqlite_begin=sqlite_begin)
            try:
                with connection.begin():
                    yield connection
            except DatabaseError:
                self.close()
                raise

    def close(self) -> None:
        """Give it back to the engine."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        # The others of its kind are faults of a statement, and so ours, but for those of an address
        # that nobody can connect by. SQLite has the plain one for a file that is no database.
        if error.statement is not None and type(error) not in (DatabaseError, OperationalError):
            raise
        raise _unavailable(engine, _first_line(error)) from error
    except NoConnectionFree as error:
        raise _unavailable(engine, "too many wait for it") from error


def _unavailable(engine: Engine, reason: str) -> DatabaseUnavailable:
    # Without its query: that may hold a password too.
    place = engine.url.set(query={}).render_as_string(hide_password=True)
    return DatabaseUnavailable(
        f"the database {place} cannot be used: {reason}",
        hint="see that it runs, has room and may be written; what was committed is safe",
    )


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no reason given"
