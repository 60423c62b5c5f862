"""Rolling windows: how many were begun in the last second, minute, hour or day, in a few numbers.

A booking is an instant and a count. What is begun within the same twentieth of a window is kept as
one booking, unless it holds a twentieth of the limit already, and all of it counts until its last
message is out of the window. So a window never holds more than its limit, and at most a few dozen
numbers are kept. Instants are microseconds, for exact sums.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Bookings: TypeAlias = tuple[tuple[int, int], ...]  # (instant of the last, count), oldest first

PARTS = 20
MICROSECONDS = 1_000_000
# Another machine's clock may be this far ahead, and who waits for the database this late. What lies
# further in the future was written by a clock that has been put back since.
LATE = timedelta(seconds=10)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)


def to_instant(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - _EPOCH) // _UNIT


def to_time(instant: int) -> datetime:
    """The way back."""
    return _EPOCH + instant * _UNIT


def settle(bookings: Bookings, window: int, now: datetime) -> Bookings:
    """Leave out what is past, and bring what a wrong clock wrote back to now."""
    at = to_instant(now)
    ahead = at + LATE // _UNIT
    live = [each for each in bookings if each[0] + window * MICROSECONDS > at]
    early = sum(count for last, count in live if last > ahead)
    kept = tuple(each for each in live if each[0] <= ahead)
    return tuple(sorted((*kept, (at, early)))) if early else kept


def room(bookings: Bookings, limit: int) -> int:
    """How many more may be begun; the bookings are settled."""
    return max(0, limit - sum(count for _, count in bookings))


def free_at(bookings: Bookings, window: int, limit: int) -> datetime | None:
    """When there is room again; None when there is."""
    excess = sum(count for _, count in bookings) - limit
    for last, count in bookings if excess >= 0 else ():
        excess -= count
        if excess < 0:
            return to_time(last + window * MICROSECONDS)
    return None


def book(bookings: Bookings, window: int, limit: int, count: int, now: datetime) -> Bookings:
    """Add `count`; who comes late books no earlier than the others did."""
    at = to_instant(now)
    if not bookings:
        return ((at, count),)
    last, held = bookings[-1]
    at = max(at, last)
    joins = at == last or (held * PARTS < limit and _part(at, window) == _part(last, window))
    if joins:
        return (*bookings[:-1], (at, held + count))
    return (*bookings, (at, count))


def take_back(bookings: Bookings, window: int, count: int, taken_at: datetime) -> Bookings:
    """Take off what was booked at `taken_at`, and nothing of what was booked at another time."""
    part = _part(to_instant(taken_at), window)
    left = []
    for last, held in bookings:
        unused = min(held, count) if _part(last, window) == part else 0
        count -= unused
        left.append((last, held - unused))
    return tuple((last, held) for last, held in left if held)


def _part(instant: int, window: int) -> int:
    return instant * PARTS // (window * MICROSECONDS)
