"""One open site: what every step needs, and the clock it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from pipeline.audience import Keys
from pipeline.config import Config

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Site:
    """One open site: what every part of a pass needs."""

    config: Config
    engine: Engine
    keys: Keys
    now: Now = utc_now

    @property
    def output(self) -> Path:
        """Where feeds and pages are published."""
        return self.config.var / "site"

    @property
    def mailbox(self) -> Path:
        """The local mailbox's Maildir."""
        return self.config.var / "mailbox"
