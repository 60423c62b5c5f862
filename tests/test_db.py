"""The database: upgrades, times that keep their zone, transactions that wait, mistakes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from pipeline.config import Config, Database, Site
from pipeline.db import engine as engine_room
from pipeline.db import (
    insert,
    lock_rows,
    make_engine,
    migrate,
    open_database,
    reading,
    upgrade,
    upgrading,
    writing,
)
from pipeline.errors import ConfigError, DatabaseUnavailable, PipelineError
from pipeline.schema import (
    CampaignState,
    Decision,
    DeliveryStatus,
    Outcome,
    SubscriptionState,
    campaigns,
    mailing_lists,
    metadata,
    subscribers,
)

NOW = datetime(2026, 3, 3, 12, 0, 0, 123456, tzinfo=UTC)
ON_POSTGRESQL = pytest.mark.parametrize(
    "empty_database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


@pytest.fixture
def empty(empty_database_url: str) -> Any:
    """An engine on a database without any table."""
    made = make_engine(empty_database_url)
    yield made
    made.dispose()


def add_list(connection: Connection, name: str = "readers", at: datetime = NOW) -> None:
    connection.execute(sa.insert(mailing_lists).values(name=name, created_at=at))


def names(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(sa.select(mailing_lists.c.name)))


def tables(engine: Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


# --- upgrades -----------------------------------------------------------------------------------


def test_an_empty_database_gets_every_table(empty: Engine) -> None:
    upgrade(empty)

    assert tables(empty) == {*metadata.tables, "alembic_version"}


def test_a_second_upgrade_changes_nothing(empty: Engine) -> None:
    upgrade(empty)
    with writing(empty) as connection:
        add_list(connection)
    upgrade(empty)
    migrate(empty, "head")

    assert names(empty) == ["readers"]


def test_the_migrations_make_what_the_schema_says(empty: Engine) -> None:
    upgrade(empty)
    with reading(empty) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_allow_the_states_that_the_schema_names(empty: Engine) -> None:
    upgrade(empty)
    looking = sa.inspect(empty)
    found = {
        check["name"]: check["sqltext"]
        for table in metadata.tables
        for check in looking.get_check_constraints(table)
    }

    for constraint, states in (
        ("ck_subscriptions_state", SubscriptionState),
        ("ck_campaigns_state", CampaignState),
        ("ck_occurrences_outcome", Outcome),
        ("ck_deliveries_status", DeliveryStatus),
        ("ck_decisions_decision", Decision),
    ):
        named = {part for part in found[constraint].split("'") if part.isidentifier()}
        assert {state.value for state in states} == named - {"text", "IN"}


def test_an_upgrade_keeps_what_the_tables_hold(empty: Engine) -> None:
    """Of a site that was sending with the first release."""
    migrate(empty, "0001")
    rows: dict[str, dict[str, Any]] = {
        "newsletters": {"id": 1, "name": "digest", "settings": {}, "created_at": NOW},
        "mailing_lists": {"id": 1, "name": "readers", "created_at": NOW},
        "subscribers": {"id": 1, "created_at": NOW},
        "editions": dict.fromkeys(
            ("id", "newsletter", "subject", "preheader", "html", "text", "language", "view_url"),
            "e",
        )
        | {"post_ids": [], "private": False, "issued_on": NOW.date()},
        "campaigns": {"id": 7, "newsletter_id": 1, "edition_id": "e", "list_id": 1, "sender": {}}
        | {"rehearsal": False, "state": "sending", "recipients": 1, "highest_subscriber_id": 1}
        | {"due_at": NOW, "launched_at": NOW},
        "deliveries": {"campaign_id": 7, "subscriber_id": 1, "status": "planned"},
    }
    with writing(empty) as connection:
        for name, values in rows.items():
            connection.execute(insert_as_it_was(name, values))
    upgrade(empty)

    with reading(empty) as connection:
        for name, values in rows.items():
            (row,) = connection.execute(sa.select(metadata.tables[name])).mappings().all()
            assert values.items() <= dict(row).items()
    with pytest.raises(IntegrityError), writing(empty) as connection:  # references still hold
        connection.execute(sa.delete(campaigns))


def insert_as_it_was(name: str, values: dict[str, Any]) -> sa.Insert:
    """Into a table that has since got columns, which would be filled as well."""
    known = metadata.tables[name].c
    columns = (sa.column(column, known[column].type) for column in values)
    return sa.insert(sa.table(name, *columns)).values(values)


def test_an_upgrade_makes_people_findable(empty: Engine) -> None:
    migrate(empty, "0004")
    person = {"id": 1, "identity": "ada@larkfield.example", "name": "ÄRZTIN", "created_at": NOW}
    erased = {"id": 2, "created_at": NOW}
    with writing(empty) as connection:
        for one in (person, erased):
            connection.execute(insert_as_it_was("subscribers", one))
    upgrade(empty)

    with reading(empty) as connection:
        found = connection.execute(
            sa.select(subscribers.c.name_key, subscribers.c.domain).order_by(subscribers.c.id)
        ).all()
    assert found == [("ärztin", "larkfield.example"), ("", "")]


def test_a_downgrade_to_the_base_leaves_no_table(empty: Engine) -> None:
    upgrade(empty)
    migrate(empty, "base")
    assert tables(empty) == {"alembic_version"}

    upgrade(empty)
    assert set(metadata.tables) <= tables(empty)


def test_programs_that_start_at_the_same_time_upgrade_once(empty_database_url: str) -> None:
    barrier = Barrier(4)

    def start() -> None:
        engine = make_engine(empty_database_url)
        barrier.wait()
        try:
            upgrade(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(start) for _ in range(4)]:
            one.result()

    engine = make_engine(empty_database_url)
    assert set(metadata.tables) <= tables(engine)
    engine.dispose()


def test_revisions_are_called_as_their_files_are() -> None:
    scripts = ScriptDirectory(upgrading.MIGRATIONS).walk_revisions("base", "heads")
    files = sorted(path.name for path in (upgrading.MIGRATIONS / "versions").glob("*.py"))

    assert [one.revision for one in scripts][::-1] == [name.partition("_")[0] for name in files]


def test_a_database_of_a_newer_program_is_told(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(PipelineError, match="newer") as caught:
        upgrade(engine)
    assert caught.value.hint


# --- times --------------------------------------------------------------------------------------


def test_a_time_without_a_zone_is_refused(engine: Engine) -> None:
    with (
        pytest.raises(sa.exc.StatementError, match="a time without a zone"),
        writing(engine) as connection,
    ):
        add_list(connection, at=datetime(2026, 3, 3, 12, 0))  # noqa: DTZ001  # the mistake

    assert names(engine) == []


@pytest.mark.parametrize("hours", [0, -5, 5.5, 14])
def test_times_come_back_aware_and_in_utc(engine: Engine, hours: float) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=hours)))
    with writing(engine) as connection:
        add_list(connection, at=local)
    with reading(engine) as connection:
        found = connection.scalar(sa.select(mailing_lists.c.created_at))

    assert found == NOW
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_a_database_in_another_zone_still_answers_in_utc(engine: Engine) -> None:
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET TIME ZONE 'America/New_York'"))
        add_list(connection)
        found = connection.scalar(sa.select(mailing_lists.c.created_at))

    assert found is not None
    assert (found, found.tzinfo) == (NOW, UTC)


def test_times_are_compared_as_instants(engine: Engine) -> None:
    with writing(engine) as connection:
        add_list(connection, "early", NOW)
        add_list(connection, "late", NOW + timedelta(hours=1))
    in_tokyo = (NOW + timedelta(minutes=30)).astimezone(timezone(timedelta(hours=9)))
    with reading(engine) as connection:
        statement = sa.select(mailing_lists.c.name).where(mailing_lists.c.created_at <= in_tokyo)
        found = list(connection.scalars(statement))

    assert found == ["early"]


def test_days_are_days(engine: Engine) -> None:
    editions = metadata.tables["editions"]

    assert isinstance(editions.c.issued_on.type, sa.Date)
    with reading(engine) as connection:
        assert connection.scalar(sa.select(sa.literal(date(2026, 3, 3)))) == date(2026, 3, 3)


# --- transactions -------------------------------------------------------------------------------


def test_what_is_written_is_committed_at_the_end(engine: Engine) -> None:
    with writing(engine) as connection:
        add_list(connection)

    assert names(engine) == ["readers"]


def test_an_exception_takes_back_all_of_it(engine: Engine) -> None:
    def add_one_twice() -> None:
        with writing(engine) as connection:
            add_list(connection)
            add_list(connection)

    with pytest.raises(sa.exc.IntegrityError):
        add_one_twice()

    assert names(engine) == []


def test_who_reads_first_and_then_writes_waits_for_the_other(engine: Engine) -> None:
    """Both count the lists and add one named by the count: without waiting, one would fail."""
    barrier = Barrier(2)

    def add_the_next() -> None:
        barrier.wait()
        for _ in range(10):
            with writing(engine) as connection:
                connection.execute(lock_rows(sa.select(subscribers.c.id)))
                count = connection.scalar(sa.select(sa.func.count()).select_from(mailing_lists))
                add_list(connection, f"list-{count}")

    with writing(engine) as connection:
        connection.execute(
            sa.insert(subscribers).values(email="a@larkfield.example", created_at=NOW)
        )
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(add_the_next) for _ in range(2)]:
            one.result()

    assert sorted(names(engine)) == sorted(f"list-{number}" for number in range(20))


def test_reading_goes_on_while_another_writes(engine: Engine) -> None:
    written, read = Event(), Event()

    def write() -> None:
        with writing(engine) as connection:
            add_list(connection)
            written.set()
            assert read.wait(20)

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(write)
        assert written.wait(20)
        before = names(engine)
        read.set()
        job.result()

    assert before == []
    assert names(engine) == ["readers"]


def test_one_transaction_reads_one_state_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(migrated_sqlite.read_bytes())
    engine = make_engine(f"sqlite:///{copy}")
    count = sa.select(sa.func.count()).select_from(mailing_lists)
    with reading(engine) as connection:
        before = connection.scalar(count)
        with writing(engine) as other:
            add_list(other)
        assert connection.scalar(count) == before == 0
    engine.dispose()


def test_what_one_transaction_holds_another_passes_over(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        statement = lock_rows(sa.select(mailing_lists.c.id), skip_locked=True)
        assert "FOR UPDATE" not in str(statement.compile(engine))
        return
    with writing(engine) as connection:
        add_list(connection, "one")
        add_list(connection, "two")
    with writing(engine) as first, writing(engine) as second:
        first.execute(lock_rows(sa.select(mailing_lists.c.id).where(mailing_lists.c.name == "one")))
        free = second.scalars(lock_rows(sa.select(mailing_lists.c.name), skip_locked=True)).all()

    assert free == ["two"]


def test_a_row_that_is_there_already_can_be_left_alone(engine: Engine) -> None:
    with writing(engine) as connection:
        add_list(connection)
        connection.execute(
            insert(connection, mailing_lists)
            .values(name="readers", created_at=NOW)
            .on_conflict_do_nothing(index_elements=["name"])
        )

    assert names(engine) == ["readers"]


def test_a_reference_to_nobody_is_refused(engine: Engine) -> None:
    schedules = metadata.tables["schedules"]

    with pytest.raises(sa.exc.IntegrityError), writing(engine) as connection:
        connection.execute(
            sa.insert(schedules).values(newsletter_id=9, rehearsal=False, next_at=NOW)
        )


def test_ids_are_never_given_twice(engine: Engine) -> None:
    with writing(engine) as connection:
        add_list(connection, "one")
        first = connection.scalar(sa.select(mailing_lists.c.id))
        connection.execute(sa.delete(mailing_lists))
        add_list(connection, "two")
        second = connection.scalar(sa.select(mailing_lists.c.id))

    assert (first, second) == (1, 2)


def test_sqlite_keeps_what_it_has_committed_through_a_power_cut(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'pipeline.db'}")
    with reading(engine) as connection:
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2  # FULL
        assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
    engine.dispose()


# --- mistakes -----------------------------------------------------------------------------------


def told(action: Callable[[], object]) -> PipelineError:
    """The error that `action` raises: one sentence, and a hint."""
    with pytest.raises(PipelineError) as caught:
        action()
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "url", ["mysql://user:word@host/name", "oracle://host", "larkfield", "", "http://larkfield"]
)
def test_a_database_we_do_not_know_is_told(url: str) -> None:
    error = told(lambda: make_engine(url))

    assert isinstance(error, ConfigError)
    assert "database.url" in str(error)
    assert "word" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql//user:word@host/name",
        "postgresql://user:word@host:port/name",
        "postgres:name",
        "sqlite:pipeline.db",
        "sqlite",
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_its_password(url: str) -> None:
    error = told(lambda: make_engine(url))

    assert "database.url" in str(error)
    assert "word" not in str(error)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused_for_it_forgets(url: str) -> None:
    assert "memory" in str(told(lambda: make_engine(url)))


def test_postgresql_without_its_driver_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> Engine:
        raise ModuleNotFoundError("No module named 'psycopg'")

    monkeypatch.setattr(engine_room, "create_engine", missing)

    assert "pip install" in told(lambda: make_engine("postgresql://host/name")).hint


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_postgresql_is_spoken_to_in_one_way_however_it_is_written(scheme: str) -> None:
    assert make_engine(f"{scheme}://user@host/name").dialect.driver == "psycopg"


def test_so_is_sqlite(tmp_path: Path) -> None:
    assert make_engine(f"sqlite+aio:///{tmp_path}/pipeline.db").dialect.driver == "pysqlite"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    site = Site(title="t", url="https://larkfield.example", email="a@larkfield.example")
    return Config(root=tmp_path, site=site)


def opened(config: Config, url: str = "") -> Engine:
    return open_database(replace(config, database=Database(url=url)))


def test_a_site_has_its_database_in_var(config: Config) -> None:
    opened(config).dispose()

    assert (config.var / "pipeline.db").exists()


def test_a_configured_database_is_used(config: Config, empty_database_url: str) -> None:
    engine = opened(config, empty_database_url)

    assert set(metadata.tables) <= tables(engine)
    assert not config.var.exists()
    engine.dispose()


def test_a_folder_that_is_not_there_is_told(config: Config, tmp_path: Path) -> None:
    error = told(lambda: opened(config, f"sqlite:///{tmp_path}/missing/pipeline.db"))

    assert isinstance(error, DatabaseUnavailable)
    assert "missing/pipeline.db" in str(error)


def test_a_file_in_the_place_of_var_is_told(config: Config) -> None:
    config.var.write_text("not a folder")

    assert str(config.var) in str(told(lambda: opened(config)))


def test_a_file_that_is_no_database_is_told(config: Config) -> None:
    config.var.mkdir()
    (config.var / "pipeline.db").write_text("name,email\n" * 100)

    assert "not a database" in str(told(lambda: opened(config)))


def test_a_database_that_may_only_be_read_is_told(config: Config) -> None:
    opened(config).dispose()
    url = f"sqlite:///file:{config.var}/pipeline.db?mode=ro&uri=true"
    engine = make_engine(url)

    def write() -> None:
        with writing(engine) as connection:
            add_list(connection)

    assert "readonly" in str(told(write))
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hidden@127.0.0.1:1/name",
        "postgresql://user@127.0.0.1:1/name?password=hidden",
        "postgresql:///name?host=127.0.0.1&port=1&user=user&password=hidden&sslpassword=hidden",
    ],
)
def test_a_server_that_does_not_answer_is_told_without_its_password(
    config: Config, url: str
) -> None:
    error = told(lambda: opened(config, url))

    assert isinstance(error, DatabaseUnavailable)
    assert "127.0.0.1" in str(error)
    assert "hidden" not in str(error)


def test_an_option_that_postgresql_does_not_know_is_told(config: Config) -> None:
    error = told(lambda: opened(config, "postgresql://user@127.0.0.1:1/name?colour=hidden"))

    assert isinstance(error, DatabaseUnavailable)
    assert 'option "colour"' in str(error)
    assert "hidden" not in str(error)


def test_a_database_that_stays_locked_is_told(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "SQLITE_WAIT_SECONDS", 0)
    engine = opened(config)
    with sqlite3.connect(config.var / "pipeline.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")

        def write() -> None:
            with writing(engine) as connection:
                add_list(connection)

        assert "locked" in str(told(write))
        other.execute("ROLLBACK")
    other.close()
    engine.dispose()


def test_a_database_that_too_many_wait_for_is_told(database_url: str) -> None:
    url = make_engine(database_url).url
    engine = sa.create_engine(
        url, poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0
    )

    def read_twice() -> None:
        with reading(engine), reading(engine):
            pass

    assert isinstance(told(read_twice), DatabaseUnavailable)
    engine.dispose()
