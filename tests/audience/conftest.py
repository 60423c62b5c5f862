"""Files of people and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import ImportReport, Keys
from pipeline.config import Config, Security, Site
from pipeline.db import reading
from pipeline.schema import subscribers, subscriptions

WriteFile = Callable[..., Path]
Bring = Callable[..., ImportReport]
NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    """Write a list's file, as text or as it stands on the disk: `write("email\\na@b.example")`."""

    def write_file(content: str | bytes, name: str = "readers.csv") -> Path:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write_file


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., Config]:
    """A site's configuration, with this secret."""
    site = Site(title="t", url="https://larkfield.example", email="a@larkfield.example")

    def make(secret: str = "") -> Config:
        return Config(root=tmp_path, site=site, security=Security(secret=secret))

    return make


@pytest.fixture
def bring(engine: Engine, write: WriteFile) -> Bring:
    """Write a file and import it."""

    def bring_it(
        content: str, name: str = "readers.csv", *, at: datetime = NOW, keys: Keys = ()
    ) -> ImportReport:
        return audience.import_file(engine, write(content, name), at, keys=keys)

    return bring_it


@pytest.fixture
def states(engine: Engine) -> Callable[..., dict[str, str]]:
    """Where everybody stands with the first list, by address."""

    def read(list_id: int = 1) -> dict[str, str]:
        with reading(engine) as connection:
            rows = connection.execute(
                sa.select(subscribers.c.email, subscriptions.c.state)
                .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
                .where(subscriptions.c.list_id == list_id)
            )
            return {row.email: row.state for row in rows}

    return read
