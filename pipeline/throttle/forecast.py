"""When a number of messages can have been begun: arithmetic, and nothing for each message.

Under limits alone, message k can be begun no sooner than n messages after message k - n, a window
later. So its instant is the latest of a few known ones (now, and when each booking leaves its
window), each with the longest way from there to k in steps of (n messages, one window). As each
window is a whole multiple of the next smaller one, the longest way takes the largest steps first.

Bookings leave their window together, so a window is taken as a little longer than it is: the answer
may be late by a twentieth of a window (in a ramp-up, by some hours), and is never early.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from pipeline.throttle.pace import recovery
from pipeline.throttle.scope import DAY, LONGEST_RAMP, Rule
from pipeline.throttle.throttle import Throttle
from pipeline.throttle.windows import MICROSECONDS, PARTS, Bookings, to_instant, to_time

Steps: TypeAlias = tuple[tuple[int, int], ...]  # (microseconds, messages), shortest first
Known: TypeAlias = list[tuple[int, int]]  # (instant, the first message that waits for it)

_DAY = DAY * MICROSECONDS
_LONG_DAY = _DAY + _DAY // PARTS


def forecast(throttle: Throttle, count: int, rule: Rule, now: datetime) -> datetime:
    """The earliest instant at which `count` messages can have been begun; at least `now`.

    While a scope recovers, and is under limits too, the two are added up.
    """
    pace = throttle.pace
    recovering = recovery(pace, count, now) if pace else timedelta()
    if rule.first_day:
        limited = _ramped(throttle, rule, now, count - 1)
    else:
        limits = throttle.limits_at(rule, now)
        known = [(to_instant(now), 0), *_leaving(throttle.bookings, limits)]
        limited = _begin(known, steps(limits, steady=pace is None), count - 1)
    return to_time(limited) + recovering


def steps(limits: Mapping[int, int], *, steady: bool) -> Steps:
    """The limits that bind, each window as long as it can come to be.

    `steady` says that nothing but these limits holds messages up.
    """
    found: Steps = ()
    for window, limit in limits.items():
        length = window * MICROSECONDS
        spread = length // PARTS
        if steady and window == max(limits):
            spread = min(spread, _spread(found, limit))
        unit = found[-1][0] if found else 1
        length = -(-(length + spread) // unit) * unit
        if way(found, limit) < length:
            found = (*found, (length, limit))
    return found


def way(found: Steps, messages: int) -> int:
    """The longest way over so many messages, in microseconds."""
    total = 0
    for length, limit in reversed(found):
        total += messages // limit * length
        messages %= limit
    return total


def _spread(lower: Steps, limit: int) -> int:
    """How far the messages of one booking can lie apart."""
    return way(lower, -(-limit // PARTS)) + lower[-1][0] if lower else 0


def _begin(known: Known, found: Steps, message: int) -> int:
    """When `message` can be begun; messages are counted from 0, those before now are negative."""
    return max(at + way(found, message - first) for at, first in known if first <= message)


def _before(bookings: Bookings, window: int) -> Known:
    """What is booked, by the latest instant and the first message of each booking."""
    found: Known = []
    first, grows = 0, window * MICROSECONDS // PARTS  # more may join the newest one
    for last, count in reversed(bookings):
        first -= count
        found.append((last + grows, first))
        grows = 0
    return found


def _leaving(bookings: Mapping[int, Bookings], limits: Mapping[int, int]) -> Known:
    """When each booking leaves its window, and which message can be begun then."""
    return [
        (at + window * MICROSECONDS, max(0, limit + first))
        for window, limit in limits.items()
        for at, first in _before(bookings.get(window, ()), window)
    ]


def _ramped(throttle: Throttle, rule: Rule, now: datetime, message: int) -> int:
    """When `message` can be begun, day by day of the ramp-up, until its limit binds no longer."""
    at = to_instant(now)
    origin = to_instant(throttle.first_at or now)
    limits = throttle.limits_at(rule, now)
    past = _before(throttle.bookings.get(DAY, ()), DAY)
    del limits[DAY]
    leaving = _leaving(throttle.bookings, limits)
    hours = steps(limits, steady=False)
    begun, day = 0, max(0, (at - origin) // _DAY)
    while True:
        begins, ends = max(at, origin + day * _DAY), origin + (day + 1) * _DAY
        limit = rule.daily(day)
        full = [*_a_day_later(past, limit), (begins + _LONG_DAY, begun + limit)]
        ours = [each for each in past if each[1] >= 0]
        known = _without_weaker([*leaving, *ours, (begins, begun), *full])
        if limit == rule.daily(LONGEST_RAMP) or way(hours, limit) >= _LONG_DAY:
            return _begin(known, steps({**limits, DAY: limit}, steady=False), message)
        found = _begin(known, hours, message)
        if found < ends:
            return found
        begun = _first_from(ends, known, hours, range(begun, begun + limit + 1))
        past = [each for each in (*past, *known) if each[0] < ends < each[0] + 2 * _DAY]
        day += 1


def _a_day_later(known: Known, limit: int) -> Known:
    return [(at + _LONG_DAY, max(0, first + limit)) for at, first in known]


def _first_from(instant: int, known: Known, found: Steps, messages: range) -> int:
    """The first of `messages` that cannot be begun before `instant`."""
    return messages[bisect_left(messages, instant, key=lambda each: _begin(known, found, each))]


def _without_weaker(known: Known) -> Known:
    """Leave out what holds up no message that something later does not hold up as well."""
    kept: Known = []
    for at, first in sorted(known, key=lambda each: (-each[0], each[1])):
        if not kept or first < kept[-1][1]:
            kept.append((at, first))
    return kept
