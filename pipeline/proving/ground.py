"""The throw-away site of a trial: settings, one post, a list, and who is to get the mail."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Engine

from pipeline import audience
from pipeline.config import Config, read_config
from pipeline.db import database_url, make_engine, reading, upgrade, writing
from pipeline.errors import ConfigError
from pipeline.proving import store
from pipeline.proving.trial import CONNECTIONS, Trial

Now = Callable[[], datetime]
LIST = "readers"
_SETTINGS = """\
[site]
title = "A trial"
url = "https://trial.example"
email = "letter@trial.example"
postal_address = "1 Trial Street, Nowhere"

[smtp]
host = "127.0.0.1"
security = "none"
connections = {connections}
messages_per_connection = 50
timeout_seconds = 20

[delivery]
retry_minutes = [1]
give_up_hours = 8760
range_size = {range_size}

[database]
url = {url}

[[newsletter]]
name = "digest"
list = "readers"
"""
_POST = "---\ntitle: Nobody lost, nobody doubled\ndate: {date}\n---\n\nOne sentence.\n"


@dataclass(frozen=True)
class Ground:
    """An open throw-away site; `expected` are the addresses that a campaign now would be for."""

    config: Config
    engine: Engine
    now: Now
    expected: frozenset[str]
    suppressed: frozenset[str]  # before the launch

    def leave(self, email: str, *, suppress: bool) -> int:
        """Let a reader leave, or suppress them; how often their message was started by then.

        The number is read once the departure stands, and waits for a start that is just being
        committed: one that is higher at the end was started after its reader had left.
        """
        person = self._find(email)
        with writing(self.engine) as connection:
            if suppress:
                audience.suppress(connection, (person.subscriber_id,), "complaint", self.now())
            else:
                audience.unsubscribe(connection, person.list_id, person.subscriber_id, self.now())
        with writing(self.engine) as connection:
            return store.hold_attempts(connection, person.subscriber_id)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _find(self, email: str) -> audience.Subscription:
        with reading(self.engine) as connection:
            return audience.find_person(connection, audience.read_address(email))[0]


def make_ground(trial: Trial, now: Now, chance: Random) -> Ground:
    """Make the site and put people on its list, some of whom leave before any launch.

    Raises ConfigError for a database that is not empty.
    """
    config = _write_site(trial)
    _refuse_tables(config)
    engine = make_engine(database_url(config))
    upgrade(engine)
    # Beside the recipients: some who leave before the launch, and some of another list.
    people = [f"reader-{number:06}@readers.example" for number in range(trial.recipients + 20)]
    strangers = [f"stranger-{number}@readers.example" for number in range(20)]
    _subscribe(trial.folder, engine, LIST, people, now())
    _subscribe(trial.folder, engine, "others", strangers, now())
    gone = frozenset(chance.sample(people, 20))
    expected = frozenset(people) - gone
    suppressed = frozenset(chance.sample(sorted(expected), trial.recipients // 100))
    ground = Ground(config, engine, now, expected, suppressed)
    for email in sorted(gone):
        ground.leave(email, suppress=False)
    for email in sorted(suppressed):
        ground.leave(email, suppress=True)
    return ground


def _write_site(trial: Trial) -> Config:
    for name in ("posts", "subscribers"):
        (trial.folder / name).mkdir()
    settings = _SETTINGS.format(
        connections=CONNECTIONS,
        range_size=trial.range_size,
        url=json.dumps(trial.database),
    )
    file = trial.folder / "pipeline.toml"
    file.touch(mode=0o600)  # the database's address may hold a password
    file.write_text(settings, encoding="utf-8")
    post = trial.folder / "posts" / "nobody-lost.md"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    post.write_text(_POST.format(date=f"{yesterday:%Y-%m-%d}"), encoding="utf-8")
    _let_lie(post)
    # Without the environment: a provider that is set there is for real readers.
    return read_config(trial.folder, {})


def _let_lie(file: Path) -> None:
    """Let a file look as if it was written long ago: a fresh one is waited for."""
    written = file.stat().st_mtime - 3600
    os.utime(file, (written, written))


def _refuse_tables(config: Config) -> None:
    engine = make_engine(database_url(config))
    try:
        found = store.has_tables(engine)
    finally:
        engine.dispose()
    if found:
        raise ConfigError(
            "has tables already, and a trial fills its database with made-up people",
            key="--database",
            hint="make an empty one, as with: createdb trial",
        )


def _subscribe(
    folder: Path, engine: Engine, name: str, people: Collection[str], now: datetime
) -> None:
    file = folder / f"{name}.csv"
    file.write_text("\n".join(("email", *people, "")), encoding="utf-8")
    audience.import_file(engine, file, now)
