"""The schema is brought to the newest revision; the revisions stand in pipeline/migrations/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, column, inspect, select, table

from pipeline.db.statements import take_turns
from pipeline.db.transactions import reading, writing
from pipeline.errors import DatabaseUnavailable

MIGRATIONS = Path(__file__).parents[1] / "migrations"


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
