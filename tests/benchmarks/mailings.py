"""Sites with a list and a campaign to it, and `pipeline run` that sends it, as a process."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import campaigns
from pipeline.config import read_config
from pipeline.db import make_engine, reading, upgrade, writing
from pipeline.schema import (
    DeliveryStatus,
    SubscriptionState,
    deliveries,
    mailing_lists,
    subscribers,
    subscriptions,
)
from tests.benchmarks.clients import Spent, spend
from tests.benchmarks.letters import make_edition
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer

BATCH = 20_000  # rows in one statement


@dataclass(frozen=True)
class Mailing:
    """A site with people on its list; `url` names its database, empty for SQLite in var/."""

    root: Path
    people: int
    url: str = ""

    @property
    def engine(self) -> Engine:
        """An engine on its database, to be disposed of."""
        return make_engine(self.url or f"sqlite:///{self.root / 'var' / 'pipeline.db'}")

    def copy(self, root: Path, url: str = "") -> Mailing:
        """The same anew in another folder, where a former copy goes; `url` of its database."""
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.root, root)
        return Mailing(root, self.people, url)

    def command(self) -> list[str]:
        """What sends it."""
        return [sys.executable, "-m", "pipeline", "run", "--quiet", "--site", str(self.root)]

    def environment(self, port: int, connections: int) -> dict[str, str]:
        """Where to, and over how many connections."""
        chosen = {"PIPELINE_SMTP_PORT": str(port), "PIPELINE_SMTP_CONNECTIONS": str(connections)}
        return {**chosen, "PIPELINE_DATABASE_URL": self.url} if self.url else chosen

    def send(self, port: int, connections: int) -> Spent:
        """Do what is due, to a server on 127.0.0.1."""
        return spend(self.command(), self.environment(port, connections))

    def sending_seconds(self) -> float:
        """From the first start to the last outcome. Raises RuntimeError unless all are sent."""
        first, last = sa.func.min(deliveries.c.started_at), sa.func.max(deliveries.c.recorded_at)
        columns = sa.select(sa.func.count(), first, last)
        engine = self.engine
        with reading(engine) as connection:
            sent = columns.where(deliveries.c.status == DeliveryStatus.SENT)
            count, began, ended = connection.execute(sent).one()
        engine.dispose()
        if count != self.people:
            raise RuntimeError(f"{count} of {self.people} messages count as sent")
        return float((ended - began).total_seconds())


def make_mailing(root: Path, people: int, url: str = "", *, launched: bool = True) -> Mailing:
    """Make a site, put people on its list and, if `launched`, begin a campaign to them."""
    site = SiteFolder.make(root)
    site.configure_more('[smtp]\nhost = "127.0.0.1"\nsecurity = "none"')
    (root / "var").mkdir()
    mailing = Mailing(root, people, url)
    engine = mailing.engine
    upgrade(engine)
    _subscribe(engine, people)
    if launched:
        _launch(engine, root)
    engine.dispose()
    return mailing


def capture_message(root: Path) -> bytes:
    """The message as it stands on the wire; `root` is for a site that sends one."""
    server = CapturingServer()
    server.start()
    try:
        make_mailing(root, 1).send(server.port, 1)
    finally:
        server.stop()
    return server.received[0].content


def _subscribe(engine: Engine, people: int) -> None:
    """Past the import on purpose: its rows are checked one by one."""
    since = datetime.now(UTC) - timedelta(days=1)
    with writing(engine) as connection:
        connection.execute(mailing_lists.insert().values(id=1, name="readers", created_at=since))
        for start in range(0, people, BATCH):
            numbers = range(start + 1, min(start + BATCH, people) + 1)
            connection.execute(subscribers.insert(), list(_persons(numbers, since)))
            connection.execute(subscriptions.insert(), list(_consents(numbers, since)))


def _persons(numbers: range, since: datetime) -> Iterator[dict[str, Any]]:
    for number in numbers:
        email = f"reader-{number:07}@readers.example"
        yield {
            "id": number,
            "email": email,
            "identity": email,
            "name": f"Jörg Reader {number}",
            "attributes": {},
            "created_at": since,
        }


def _consents(numbers: range, since: datetime) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield {
            "list_id": 1,
            "subscriber_id": number,
            "state": SubscriptionState.CONFIRMED,
            "source": "a benchmark",
            "confirmed_at": since,
        }


def _launch(engine: Engine, root: Path) -> None:
    config = read_config(root, {})
    now = datetime.now(UTC)
    with writing(engine) as connection:
        campaigns.declare_newsletters(connection, config.newsletters, now)
        newsletter = campaigns.read_newsletters(connection)[0]
        due = campaigns.read_due(connection, newsletter, (), now, rehearsal=False)
    if campaigns.launch(engine, due, make_edition(), config, now) is None:
        raise RuntimeError("the campaign was not launched")
