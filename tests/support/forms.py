"""A site with a form, its clock to be set forward, and people who fill the form in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine

from pipeline.audience import import_lists
from pipeline.clock import Site
from pipeline.config import read_config
from tests.support.site import SiteFolder

START = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
KEYS = (b"k" * 32,)
FORM = '[lists.readers]\ndescription = "Plain words about pain."\n'
_STAMP = re.compile(r'name="shown" value="([^"]+)"')


class Time:
    """What the site's clock shows."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **length: float) -> None:
        """Let some time go by: `pass_by(hours=2)`."""
        self.now += timedelta(**length)


def open_site(site: SiteFolder, engine: Engine, time: Time, settings: str = FORM) -> Site:
    """A site with lists to join; known@example.com is on the list `readers`."""
    site.configure_more(settings)
    site.add_subscribers("readers", ["known@example.com"])
    made = Site(read_config(site.root, {}), engine, KEYS, time)
    import_lists(engine, made.config.subscribers, time())
    return made


def with_settings(site: Site, folder: SiteFolder, settings: str) -> Site:
    """The same, with more in pipeline.toml."""
    folder.configure_more(settings)
    return replace(site, config=read_config(folder.root, {}))


def fill_in(server: Any, time: Time, email: str, name: str = "readers", **more: str) -> Any:
    """Get the form, look at it for five seconds, and send it; the answer."""
    path = f"/subscribe/{name}"
    shown = stamp_in(server.get(path).text)
    time.pass_by(seconds=5)
    return server.post(path, urlencode({"email": email, "shown": shown, **more}).encode())


def stamp_in(page: str) -> str:
    """The stamp of the form in a page."""
    found = _STAMP.search(page)
    assert found is not None, page
    return found[1]
