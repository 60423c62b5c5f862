"""Fresh databases for tests, each a copy of one that was migrated once."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.db import make_engine, upgrade
from tests.support.postgresql import Server

KINDS = ("sqlite", "postgresql")
MIGRATED = "migrated"  # the PostgreSQL database that others are copied from


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest revision and let go of it."""
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


def copy_of(template: Path, folder: Path) -> str:
    """The URL of a copy of the SQLite file `template` inside `folder`."""
    return f"sqlite:///{shutil.copy(template, folder / 'pipeline.db')}"


@contextmanager
def database_on(server: Server, test: str, template: str) -> Iterator[str]:
    """A PostgreSQL database named after `test`, dropped at the end; gives its URL."""
    # 63 bytes is PostgreSQL's limit for a name.
    name = f"{re.sub('[^a-z0-9]+', '_', test.lower())[:50]}_{uuid.uuid4().hex[:8]}"
    yield server.create(name, template)
    server.drop(name)
