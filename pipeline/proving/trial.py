"""What one trial is to be, and the clock that runs in it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SPEED = 60  # a minute of the trial lasts a second: leases run out and retries come soon
LEASE = 90  # seconds of the trial
LEASE_SECONDS = LEASE / SPEED  # real ones
CONNECTIONS = 4  # to the provider, shared by the workers; so the most that one of them has
SLOTS = 2  # workers at once
LATER = "450 4.3.0 try again later"  # what the sink says of a message that it does not take now
WHO = "the trial"  # takes the decisions of persons
SINK_LOG = "sink.log"  # in the trial's folder: what the sink has written down


@dataclass(frozen=True)
class Trial:
    """One proof: how many people, how much trouble, and the seed that chooses it."""

    folder: Path  # empty, and thrown away afterwards
    recipients: int
    kills: int
    seed: int
    database: str = ""  # URL; empty: SQLite in the folder
    sabotage: str = ""  # the rule that is switched off, to see that the proof notices

    @property
    def side(self) -> int:
        """How many of the recipients a campaign has that is cancelled, or restored in mid-send."""
        return max(min(self.recipients // 20, 500), 20)

    @property
    def range_size(self) -> int:
        """Ranges so small that several are under way, and the next is soon come to."""
        return max(min(self.recipients // 60, 40), 5)


@dataclass(frozen=True)
class FastClock:
    """A clock that all processes of a trial share; a stepped one is wrong by some seconds."""

    began: float  # by time.time()
    step_seconds: float = 0

    def __call__(self) -> datetime:
        """The trial's present instant, aware, in UTC."""
        ran = (time.time() - self.began) * SPEED
        return datetime.fromtimestamp(self.began + ran + self.step_seconds, UTC)


@dataclass(frozen=True)
class Order:
    """What a worker process is told."""

    folder: str
    port: int
    began: float
    step_seconds: float
    sabotage: str
    point: str
    log: str  # the file for what it complains of
