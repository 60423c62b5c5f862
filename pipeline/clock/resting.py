"""A provider that failed rests for a while, ever longer, while the others work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from pipeline.config import Provider

FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(seconds=900)


class Resting:
    """Which providers rest, and until when."""

    def __init__(self) -> None:
        self._rests: dict[str, tuple[timedelta, datetime]] = {}

    def awake(self, providers: Sequence[Provider], now: datetime) -> tuple[Provider, ...]:
        """Those to be tried now; all of them when each one rests, as there is nothing to lose."""
        return tuple(one for one in providers if not self._rests_at(one.name, now)) or (*providers,)

    def _rests_at(self, name: str, now: datetime) -> bool:
        if name not in self._rests:
            return False
        rest, until = self._rests[name]
        return until - rest <= now < until  # before that, the clock was put back

    def note(self, tried: Sequence[Provider], failed: Collection[str], now: datetime) -> None:
        """What came of a round: who failed rests twice as long as the last time."""
        for name in (one.name for one in tried):
            rest, _ = self._rests.pop(name, (FIRST_REST / 2, now))
            if name in failed:
                rest = min(2 * rest, LONGEST_REST)
                self._rests[name] = rest, now + rest
