"""A site with one subscriber, served for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from pipeline.audience import find_subscription, import_lists, unsubscribe_token
from pipeline.clock import Site, declare_newsletters
from pipeline.config import read_config
from pipeline.db import make_engine, reading
from pipeline.delivery.mailbox import make_maildir, store
from pipeline.schema import SubscriptionState
from tests.support.databases import copy_of
from tests.support.site import SiteFolder
from tests.web.server import Server

NOW = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
KEYS = (b"k" * 32,)


@pytest.fixture
def open_site(site: SiteFolder, migrated_sqlite: Path) -> Iterator[Site]:
    """`site` with reader@example.com on the list `readers`, of the newsletter `digest`."""
    site.add_subscribers("readers", ["reader@example.com"])
    config = read_config(site.root, {})
    config.var.mkdir()
    engine = make_engine(copy_of(migrated_sqlite, config.var))
    made = Site(config, engine, KEYS, lambda: NOW)
    import_lists(engine, config.subscribers, NOW)
    declare_newsletters(made)
    yield made
    engine.dispose()


@pytest.fixture
def start() -> Iterator[Callable[[Site], Server]]:
    """Serve a site until the test ends."""
    with ExitStack() as servers:
        yield lambda site: servers.enter_context(Server(site))


@pytest.fixture
def server(open_site: Site, start: Callable[[Site], Server]) -> Server:
    return start(open_site)


@pytest.fixture
def link() -> str:
    """The path of the unsubscribe link that the reader got."""
    return f"/unsubscribe/{unsubscribe_token(KEYS, 1, 1)}"


@pytest.fixture
def standing(open_site: Site) -> Callable[[], SubscriptionState | None]:
    """How the reader stands with the list now."""

    def look() -> SubscriptionState | None:
        with reading(open_site.engine) as connection:
            found = find_subscription(connection, 1, 1)
        return found.state if found else None

    return look


@pytest.fixture
def publish(open_site: Site) -> Callable[[str, bytes], Path]:
    """Put a file into the published site: `publish("posts/x/index.html", b"...")`."""

    def write(path: str, content: bytes) -> Path:
        file = open_site.output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    return write


@pytest.fixture
def capture(open_site: Site) -> Callable[..., str]:
    """Put a letter into the mailbox and give the path of its page, without the slash."""

    def put(
        subject: str = "Knees", *, html: str | None = None, text: str | None = None, **more: str
    ) -> str:
        letter = EmailMessage(policy=SMTP)
        letter["Subject"], letter["From"] = subject, "Larkfield <letter@larkfield.example>"
        letter["To"] = more.get("to", "A Reader <reader@example.com>")
        letter["X-Rehearsal"] = "yes"
        if text is not None:
            letter.set_content(text)
        if html is not None and text is None:
            letter.set_content(html, "html")
        elif html is not None:
            letter.add_alternative(html, "html")
        return keep(letter.as_bytes())

    def keep(message: bytes) -> str:
        make_maildir(open_site.mailbox)
        return f"/mailbox/{store(open_site.mailbox, message).name.removesuffix('.eml')}"

    return put
