"""The database: engine, transactions, upgrades; all that differs between SQLite and PostgreSQL."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Select,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    column,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

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
        connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")

    return engine


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


# --- many rows in one statement that never changes, so that it is made and planned once ----------


class _Ids(TypeDecorator[Sequence[int]]):
    """Ids in one value: an array, which SQLite has as JSON alone."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(BigInteger))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


class _IsOneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _Between(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _Elements(FunctionElement[Any]):
    inherit_cache = True


def ids_param(name: str) -> BindParameter[Any]:
    """A parameter that takes a list of ids, in ascending order."""
    return bindparam(name, type_=_Ids())


def is_one_of(found: ColumnElement[int], ids: BindParameter[Any]) -> ColumnElement[bool]:
    """The condition that a column has one of the ids of `ids_param`."""
    return _IsOneOf(found, ids)


def lies_between(found: ColumnElement[int], low: Any, high: Any) -> ColumnElement[bool]:
    """Tell PostgreSQL where to look, for a condition that has the last word.

    Of a campaign that is new its statistics know nothing: it would read all its rows to find
    twenty. SQLite looks into the index row by row, unless it is given another way in.
    """
    return _Between(found, low, high)


def rows_param(name: str) -> Any:
    """A parameter that takes rows, as a list of lists; `[i].as_integer()` is a row's column i.

    It stands in FROM, joined like a table.
    """
    rows = _Elements(bindparam(name, type_=JSON)).table_valued(column("value", JSON))
    return rows.c.value


@compiles(_IsOneOf, "postgresql")
def _is_any(element: _IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    found, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{found} = ANY({ids}) AND {found} BETWEEN ({ids})[1] AND ({ids})[cardinality({ids})]"


@compiles(_IsOneOf, "sqlite")
def _is_in(element: _IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    found, ids = (compiler.process(one, **options) for one in element.clauses)
    # Without the bounds it would look at all rows, one after the other.
    first, last = f"json_extract({ids}, '$[0]')", f"json_extract({ids}, '$[#-1]')"
    among = f"{found} IN (SELECT value FROM json_each({ids}))"  # noqa: S608  # of bound values
    return f"{among} AND {found} BETWEEN {first} AND {last}"


@compiles(_Between, "postgresql")
def _is_between(element: _Between, compiler: SQLCompiler, **options: Any) -> str:
    found, low, high = (compiler.process(one, **options) for one in element.clauses)
    return f"{found} BETWEEN {low} AND {high}"


@compiles(_Between, "sqlite")
def _is_anywhere(element: _Between, compiler: SQLCompiler, **options: Any) -> str:
    _, low, high = (compiler.process(one, **options) for one in element.clauses)
    return f"{low} <= {high}"


@compiles(_Elements, "postgresql")
def _elements(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements({compiler.process(element.clauses, **options)})"


@compiles(_Elements, "sqlite")
def _each(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision; does nothing when it is there already.

    Raises DatabaseUnavailable for a schema that only a newer program knows.
    """
    revisions = _revisions()
    with reading(engine) as connection:
        present = _present_revision(connection)
    if present == revisions[-1]:
        return
    if present is not None and present not in revisions:
        raise DatabaseUnavailable(
            f"the database is of a newer program: it has revision {present!r}",
            hint="start the newer program again, or restore the backup from before it",
        )
    migrate(engine, "head")


def migrate(engine: Engine, revision: str) -> None:
    """Upgrade (or, for tests, downgrade to "base") the schema."""
    from alembic import command

    # SQLite changes a table by making it anew; with references followed, dropping the old one would
    # delete what refers to it (https://www.sqlite.org/lang_altertable.html, section 7).
    with writing(engine.execution_options(sqlite_references="OFF")) as connection:
        take_turns(connection, "upgrade")  # of two programs that start together, one finds it done
        settings = _alembic_settings()
        settings.attributes["connection"] = connection
        step = command.downgrade if revision == "base" else command.upgrade
        step(settings, revision)


def _revisions() -> list[str]:
    """Every revision, oldest first: what its file is called by.

    Without Alembic, whose import takes a fifth of a second of each command.
    """
    return sorted(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))


def _present_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = table("alembic_version", column("version_num"))
    return connection.execute(select(version.c.version_num)).scalar_one_or_none()


def _alembic_settings() -> Any:
    from alembic.config import Config as AlembicConfig

    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no reason given"
