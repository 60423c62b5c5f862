"""The engine of a site: SQLite in var/, or PostgreSQL by its URL."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from pipeline.config import Config
from pipeline.db.upgrading import upgrade
from pipeline.errors import ConfigError, DatabaseUnavailable

SQLITE_WAIT_SECONDS = 30  # how long a writer waits for another to finish


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
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Without the URL: it may hold a password.
        raise _refusal("cannot be read as an address") from None
    backend = address.get_backend_name()
    if backend == "sqlite":
        return _make_sqlite_engine(address)
    if backend not in ("postgresql", "postgres"):
        raise _refusal(f"{backend!r} is no database we know")
    return _make_postgresql_engine(address)


def _refusal(message: str) -> ConfigError:
    return ConfigError(
        message,
        key="database.url",
        hint='as in "postgresql://user@host/name"; leave it out for SQLite',
    )


def _make_postgresql_engine(address: URL) -> Engine:
    try:
        return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError:
        raise ConfigError(
            "names PostgreSQL, whose driver is not installed",
            key="database.url",
            hint="pip install 'newsletter-pipeline[postgresql]'",
        ) from None


def _make_sqlite_engine(address: URL) -> Engine:
    if not address.database or ":memory:" in address.database:
        raise _refusal("names a database in memory, which would forget who got what")
    engine = create_engine(
        address.set(drivername="sqlite"), connect_args={"timeout": SQLITE_WAIT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver must not open transactions by itself: BEGIN IMMEDIATE is ours to give.
        connection.isolation_level = None
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous=FULL")  # a recorded outcome survives power loss

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        references = options.get("sqlite_references", "ON")
        if connection.info.get("references") != references:  # cannot be set in a transaction
            connection.exec_driver_sql(f"PRAGMA foreign_keys={references}")
            connection.info["references"] = references
        _begin(connection, f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")

    return engine


def _begin(connection: Connection, statement: str) -> None:
    """By the driver itself: each commit of a worker begins so, and SQLAlchemy's way costs more."""
    try:
        connection.connection.execute(statement)
    except sqlite3.OperationalError as error:
        raise OperationalError(statement, None, error) from error


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Programs that open a new file together get in each other's way, without waiting."""
    until = time.monotonic() + SQLITE_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
