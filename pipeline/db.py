"""The database: engine, transactions, upgrades; all that differs between SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, create_engine, event, func, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from pipeline.config import Config
from pipeline.errors import ConfigError, DatabaseUnavailable

SQLITE_WAIT_SECONDS = 30  # how long a writer waits for another to finish
MIGRATIONS = Path(__file__).parent / "migrations"


def database_url(config: Config) -> str:
    """The configured URL, else SQLite in the site's var/."""
    if config.database.url:
        return config.database.url
    file = config.var / "pipeline.db"
    try:
        config.var.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)  # addresses: for the owner alone; SQLite's own files follow
    except OSError as error:
        raise DatabaseUnavailable(
            f"{error.filename}: cannot be written: {error.strerror}",
            hint="the site's var/ must belong to whoever runs this",
        ) from error
    return f"sqlite:///{file}"


def open_database(config: Config) -> Engine:
    """Make the site's engine and bring its schema up to date.

    Raises DatabaseUnavailable when the database cannot be reached or written.
    """
    engine = make_engine(database_url(config))
    upgrade(engine)
    return engine


def make_engine(url: str) -> Engine:
    """An engine for `url` with this project's settings. Raises ConfigError for a URL not served."""
    backend = url.partition(":")[0].partition("+")[0]
    if backend == "sqlite":
        return _make_sqlite_engine(url)
    if backend not in ("postgresql", "postgres"):
        raise ConfigError(
            f"{backend!r} is no database we know",
            key="database.url",
            hint='as in "postgresql://user@host/name"; leave it out for SQLite',
        )
    return _make_postgresql_engine(url)


def _make_postgresql_engine(url: str) -> Engine:
    try:
        address = make_url(url).set(drivername="postgresql+psycopg")
        return create_engine(address, pool_pre_ping=True)
    except ArgumentError as error:
        raise ConfigError(f"cannot be used: {error}", key="database.url") from None
    except ModuleNotFoundError:
        raise ConfigError(
            "names PostgreSQL, whose driver is not installed",
            key="database.url",
            hint="pip install 'newsletter-pipeline[postgresql]'",
        ) from None


def _make_sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": SQLITE_WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver must not open transactions by itself: BEGIN IMMEDIATE is ours to give.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a recorded outcome survives power loss
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


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
    immediate = engine.execution_options(sqlite_begin="IMMEDIATE")
    with _explained(engine), immediate.begin() as connection:
        yield connection


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise DatabaseUnavailable(
            f"the database {engine.url.render_as_string(hide_password=True)} cannot be used:"
            f" {_first_line(error)}",
            hint="see that it runs, has room and may be written; what was committed is safe",
        ) from error


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT with ON CONFLICT, which both databases have and SQLAlchemy keeps per dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def merged(connection: Connection, old: Any, new: Any) -> Any:
    """A JSON object with the keys of both; where both have one, `new` counts."""
    if connection.dialect.name == "postgresql":
        return old.op("||")(new)
    return func.json_patch(old, new)


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


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision; does nothing when it is there already."""
    from alembic.migration import MigrationContext

    with reading(engine) as connection:
        if MigrationContext.configure(connection).get_current_revision() == _newest_revision():
            return
    migrate(engine, "head")


def migrate(engine: Engine, revision: str) -> None:
    """Upgrade (or, for tests, downgrade to "base") the schema."""
    from alembic import command

    with writing(engine) as connection:
        settings = _alembic_settings()
        settings.attributes["connection"] = connection
        step = command.downgrade if revision == "base" else command.upgrade
        step(settings, revision)


def _newest_revision() -> str | None:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic_settings()).get_current_head()


def _alembic_settings() -> Any:
    from alembic.config import Config as AlembicConfig

    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no reason given"
