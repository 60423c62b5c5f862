"""What every trouble of a trial has at hand: site, workers, how fast it goes, and what was seen.

Messages go out only as they are permitted, some at each beat, so that some are left for each
trouble ahead.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from pipeline.db import writing
from pipeline.proving import looking
from pipeline.proving.comparing import Fault, Row
from pipeline.proving.crew import Slot
from pipeline.proving.ground import CALLED_OFF, READERS, Ground
from pipeline.proving.server import SinkServer
from pipeline.proving.trial import Trial
from pipeline.schema import DeliveryStatus

BEAT_SECONDS = 0.05
TROUBLE_BEATS = 10  # the messages that are meant for a trouble go out over so many beats
LEAST_MEAL = 0.5  # messages at a beat, while there are any that need not be kept
PRESSING_MEAL = 1
PATIENCE_SECONDS = 6  # for what a trouble waits for
LONGEST_FREEZE_SECONDS = 15
ALL = 1_000_000_000


@dataclass(frozen=True)
class Watch:
    """Who is told how it goes."""

    stage: Callable[[str], None] = lambda _: None
    progress: Callable[[Counter[DeliveryStatus], int], None] = lambda _counts, _total: None


@dataclass
class Scene:
    """One trial under way."""

    trial: Trial
    ground: Ground
    sink: SinkServer
    crew: list[Slot]
    chance: Random
    watch: Watch
    goal: int  # messages that are to go out in all, as things stand
    ahead: int = 0  # troubles after the present one
    reserve: int = 0  # messages that are kept back for each of them
    spare: int = 0  # and at any rate, so that no worker is without people
    left: dict[str, int] = field(default_factory=dict)  # with the attempts of their rows by then
    called_off: dict[str, int] = field(default_factory=dict)  # likewise
    restored: frozenset[str] = frozenset()
    decided: list[Row] = field(default_factory=list)  # as they stood before
    seen: list[tuple[Fault, str]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)  # what came about, by its name

    @property
    def kills(self) -> int:
        """How often a worker was killed so far."""
        return sum(slot.kills for slot in self.crew)

    def other(self, slot: Slot) -> Slot:
        """The slot beside."""
        (found,) = (one for one in self.crew if one is not slot)
        return found

    # --- workers ---------------------------------------------------------------------------------

    def fill_slots(self) -> None:
        """Have a process in each slot."""
        for slot in self.crew:
            if not slot.is_alive():
                slot.begin()

    def let_work(self, needed: Slot) -> bool:
        """Have a process in each slot, unfed until the needed one is there; whether it came."""
        awaited = self.sink.welcomed[needed.number] + (not needed.is_alive())
        self.fill_slots()
        return self.rest(
            lambda: (
                self.sink.welcomed[needed.number] >= awaited
                and looking.are_launched(self.ground, CALLED_OFF, READERS)
            )
        )

    def hold(self, slot: Slot, moment: str) -> str | None:
        """Wait until the sink holds a message of a worker; its recipient, None if none came."""
        self.sink.set_trap(slot.number, moment, self.chance.randint(1, 5))
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and slot.is_alive():
            held = self.sink.wait_for_trap(BEAT_SECONDS)
            if held is not None:
                return held
            self.feed()
        return None

    @contextmanager
    def frozen(self, slot: Slot) -> Iterator[None]:
        """Let a worker stand still; the sink ends it should nobody be left to thaw it."""
        # It may hold a lock of PostgreSQL that the conductor waits for: it thaws in any case.
        thawing = threading.Timer(LONGEST_FREEZE_SECONDS, slot.thaw)
        with writing(self.ground.engine):  # SQLite has but one lock, and it is ours now
            self.sink.order(frozen=slot.freeze())
            time.sleep(BEAT_SECONDS)  # it stands still a moment later
        thawing.start()
        try:
            yield
        finally:
            thawing.cancel()
            slot.thaw()
            self.sink.order(frozen=0)

    # --- time ------------------------------------------------------------------------------------

    def feed(self, least: float = 0) -> None:
        """Let some more messages go: so many that there are some for each trouble ahead."""
        kept = self.ahead * self.reserve + self.spare
        left = max(self.goal - self.sink.taken - kept, 0)
        share = left / (self.ahead + 1) / TROUBLE_BEATS
        self.sink.order(feed=max(share, min(left, LEAST_MEAL), least))
        self.watch.progress(Counter({DeliveryStatus.SENT: self.sink.taken}), self.trial.recipients)

    def wait(self, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Feed until something is so; whether it came to be."""
        return self._until(is_so, seconds, self.feed)

    def press(self, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait as `wait` does, and feed of what is kept, too, so that workers end their ranges."""
        return self._until(is_so, seconds, lambda: self.feed(PRESSING_MEAL))

    def rest(self, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait, unfed, until something is so; whether it came to be."""
        return self._until(is_so, seconds, self.sink.order)

    def wait_seconds(self, seconds: float) -> None:
        """Feed for so long."""
        self.wait(lambda: False, seconds)

    def _until(
        self, is_so: Callable[[], bool], seconds: float, each_beat: Callable[[], None]
    ) -> bool:
        until = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > until:
                return False
            each_beat()
            time.sleep(BEAT_SECONDS)
        return True
