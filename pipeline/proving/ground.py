"""The throw-away site of a trial: settings, one post, its lists, and who is to get the mail."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import read_keys
from pipeline.clock import Site
from pipeline.config import Config, read_config
from pipeline.db import database_url, make_engine, reading, upgrade, writing
from pipeline.errors import ConfigError
from pipeline.proving import store
from pipeline.proving.trial import CONNECTIONS, LEASE, Trial
from pipeline.schema import SuppressionReason

Now = Callable[[], datetime]
# Each list has a newsletter of its name. The first one's campaign is cancelled in mid-send; in the
# last one's an older ledger is put back.
CALLED_OFF, READERS, RESTORED = "called-off", "readers", "restored"
DOMAINS = 500  # a server that has trouble slows down one of them, and not the whole trial
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
lease_seconds = {lease_seconds}

[database]
url = {url}
"""
_NEWSLETTER = """
[[newsletter]]
name = "{name}"
list = "{name}"
"""
_POST = "---\ntitle: Nobody lost, nobody doubled\ndate: {date}\n---\n\nOne sentence.\n"


@dataclass(frozen=True)
class Ground:
    """An open throw-away site; `lists` has the addresses that campaigns now would be for."""

    folder: Path
    engine: Engine
    now: Now
    lists: Mapping[str, frozenset[str]]
    suppressed: frozenset[str]  # before any launch

    @property
    def expected(self) -> frozenset[str]:
        """Everybody who is to get a mail."""
        return frozenset[str]().union(*self.lists.values())

    @property
    def is_postgresql(self) -> bool:
        """Whether the ledger is on a server, whose disk is its own and whose sessions can end."""
        return self.engine.dialect.name == "postgresql"

    def announce(self, name: str) -> None:
        """Let a list's newsletter be due; processes that begin from now on know of it."""
        with (self.folder / "pipeline.toml").open("a", encoding="utf-8") as file:
            file.write(_NEWSLETTER.format(name=name))

    def open(self) -> Site:
        """The site as a process that begins now would have it."""
        config = _read(self.folder)
        return Site(config, self.engine, read_keys(config), self.now)

    def leave(self, email: str, *, suppress: bool) -> int:
        """Let a reader leave, or suppress them; how often their message was started by then.

        The number is read once the departure stands, and waits for a start that is just being
        committed: one that is higher at the end was started after its reader had left.
        """
        person = self._find(email)
        with writing(self.engine) as connection:
            if suppress:
                audience.suppress(
                    connection,
                    (person.subscriber_id,),
                    SuppressionReason.COMPLAINT,
                    self.now(),
                )
            else:
                audience.unsubscribe(connection, person.list_id, person.subscriber_id, self.now())
        return self.hold_attempts(person.subscriber_id)

    def hold_attempts(self, subscriber_id: int) -> int:
        """How often a person's message was started, once nobody is just starting it."""
        with writing(self.engine) as connection:
            return store.hold_attempts(connection, subscriber_id)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _find(self, email: str) -> audience.Subscription:
        with reading(self.engine) as connection:
            return audience.find_person(connection, audience.read_address(email))[0]


def make_ground(trial: Trial, now: Now, chance: Random) -> Ground:
    """Make the site and put people on its lists, some of whom leave before any launch.

    Raises ConfigError for a database that is not empty.
    """
    config = _write_site(trial)
    _refuse_tables(config)
    engine = make_engine(database_url(config))
    upgrade(engine)
    readers = trial.recipients - 2 * trial.side
    # Beside the recipients: some who leave before the launch, and some of another list.
    sizes = {CALLED_OFF: trial.side, READERS: readers + 20, RESTORED: trial.side, "others": 20}
    people = {
        name: [f"{name}-{number:06}@{number % DOMAINS}.example" for number in range(size)]
        for name, size in sizes.items()
    }
    for name, members in people.items():
        _subscribe(trial.folder, engine, name, members, now())
    gone = frozenset(chance.sample(people[READERS], 20))
    del people["others"]
    lists = {name: frozenset(members) - gone for name, members in people.items()}
    suppressed = frozenset(chance.sample(sorted(lists[READERS]), trial.recipients // 100))
    ground = Ground(trial.folder, engine, now, lists, suppressed)
    for email in sorted(gone):
        ground.leave(email, suppress=False)
    for email in sorted(suppressed):
        ground.leave(email, suppress=True)
    for name in (CALLED_OFF, READERS):
        ground.announce(name)
    return ground


def _write_site(trial: Trial) -> Config:
    for name in ("posts", "subscribers"):
        (trial.folder / name).mkdir()
    settings = _SETTINGS.format(
        connections=CONNECTIONS,
        range_size=trial.range_size,
        lease_seconds=LEASE,
        url=json.dumps(trial.database),
    )
    file = trial.folder / "pipeline.toml"
    file.touch(mode=0o600)  # the database's address may hold a password
    file.write_text(settings, encoding="utf-8")
    post = trial.folder / "posts" / "nobody-lost.md"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    post.write_text(_POST.format(date=f"{yesterday:%Y-%m-%d}"), encoding="utf-8")
    _let_lie(post)
    return _read(trial.folder)


def _read(folder: Path) -> Config:
    # Without the environment: a provider that is set there is for real readers.
    return read_config(folder, {})


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
