"""One scope's throttle: what is booked, when it was first used, and the pace it has learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.throttle import pace as paces
from pipeline.throttle import windows
from pipeline.throttle.pace import Pace
from pipeline.throttle.scope import DAY, Grant, Rule, Scope
from pipeline.throttle.windows import LATE, Bookings


@dataclass(frozen=True)
class Throttle:
    """A row of the table; `bookings` by the seconds of their window."""

    scope: Scope
    bookings: Mapping[int, Bookings] = field(default_factory=dict)
    first_at: datetime | None = None
    pace: Pace | None = None

    def limits_at(self, rule: Rule, now: datetime) -> dict[int, int]:
        """How many in any stretch of so many seconds."""
        return rule.limits_after(now - (self.first_at or now))


def settle(throttle: Throttle, now: datetime) -> Throttle:
    """Leave out what is past, and put right what a clock wrote that has been put back since."""
    live = {
        window: left
        for window, bookings in throttle.bookings.items()
        if (left := windows.settle(bookings, window, now))
    }
    first, pace = throttle.first_at, throttle.pace
    return replace(
        throttle,
        bookings=live,
        first_at=now if first and first > now + LATE else first,
        pace=pace and paces.settle(pace, now),
    )


def grant(throttle: Throttle, wanted: int, rule: Rule, now: datetime) -> tuple[Throttle, Grant]:
    """Book as many of `wanted` as may be begun now; the throttle is settled."""
    limits = throttle.limits_at(rule, now)
    pace = throttle.pace
    if not limits and pace is None:
        return throttle, Grant(wanted)
    held = throttle.bookings
    rooms = [windows.room(held.get(window, ()), limit) for window, limit in limits.items()]
    if pace is not None:
        rooms.append(paces.ready(pace, now))
    count = max(0, min(wanted, *rooms))
    after = _book(throttle, count, limits, now) if count else throttle
    return after, Grant(count, _again_at(after, rule, now) if count < wanted else None)


def _book(throttle: Throttle, count: int, limits: Mapping[int, int], now: datetime) -> Throttle:
    booked = {
        window: windows.book(throttle.bookings.get(window, ()), window, limit, count, now)
        for window, limit in limits.items()
    }
    return replace(
        throttle,
        bookings={**throttle.bookings, **booked},
        first_at=throttle.first_at or now,
        pace=throttle.pace and paces.move_on(throttle.pace, count, now),
    )


def _again_at(throttle: Throttle, rule: Rule, now: datetime) -> datetime:
    times = [now] if throttle.pace is None else [throttle.pace.next_at]
    for window, limit in throttle.limits_at(rule, now).items():
        free = windows.free_at(throttle.bookings.get(window, ()), window, limit)
        if free is not None:
            times.append(min(free, _next_day(throttle, rule, now)) if window == DAY else free)
    return max(times)


def _next_day(throttle: Throttle, rule: Rule, now: datetime) -> datetime:
    """When the ramp-up allows more; past its end, later than any window."""
    first = throttle.first_at or now
    day = (now - first) // timedelta(seconds=DAY)
    grows = rule.daily(day + 1) > rule.daily(day)
    return first + timedelta(seconds=DAY) * (day + 1 if grows else day + 2)


def take_back(throttle: Throttle, unused: int, taken_at: datetime) -> Throttle:
    """Undo a part of what was granted at `taken_at`."""
    left = {
        window: kept
        for window, bookings in throttle.bookings.items()
        if (kept := windows.take_back(bookings, window, unused, taken_at))
    }
    pace = throttle.pace and paces.move_back(throttle.pace, unused, taken_at)
    return replace(throttle, bookings=left, pace=pace)
