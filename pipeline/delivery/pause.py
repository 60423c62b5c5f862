"""A pause that ends when either clock says so.

The wall's clock may be put back; the other one stands still while a machine sleeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Pause:
    """Over until it is begun."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.end()

    def begin(self, length: timedelta) -> None:
        """Let it last so long from now on."""
        self._ends_at = self._now() + length
        self._ends_at_monotonic = time.monotonic() + length.total_seconds()

    def end(self) -> None:
        """Let it be over."""
        self._ends_at = datetime.min.replace(tzinfo=UTC)
        self._ends_at_monotonic = 0.0

    @property
    def lasts(self) -> bool:
        """Whether it is not over."""
        return time.monotonic() < self._ends_at_monotonic and self._now() < self._ends_at
