"""What a worker asks: how many may be begun, what is given back, what was learned, when it ends.

Everything happens in the caller's transaction; what is taken is booked when that commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from pipeline.throttle import store
from pipeline.throttle.forecast import forecast
from pipeline.throttle.pace import Pace, slow_down, speed_up
from pipeline.throttle.scope import Grant, Rule, Scope
from pipeline.throttle.throttle import Throttle, grant, settle, take_back

NO_RULE = Rule()


def take(
    connection: Connection, wanted: Mapping[Scope, int], rules: Mapping[Scope, Rule], now: datetime
) -> dict[Scope, Grant]:
    """Book how many messages of each scope may be begun now.

    On PostgreSQL other workers of the provider wait until the caller's transaction ends; where
    nothing is limited and nothing learned, nobody waits and nothing is written.
    """
    binding = any(rules.get(scope, NO_RULE).binds for scope in wanted)
    if not binding and not store.read_paced(connection, wanted):
        return {scope: Grant(count) for scope, count in wanted.items()}
    store.hold(connection, wanted)
    before = store.read_throttles(connection, wanted)
    given = {
        scope: grant(settle(before[scope], now), count, rules.get(scope, NO_RULE), now)
        for scope, count in wanted.items()
    }
    _save_changed(connection, before, {scope: after for scope, (after, _) in given.items()})
    return {scope: granted for scope, (_, granted) in given.items()}


def give_back(connection: Connection, unused: Mapping[Scope, int], taken_at: datetime) -> None:
    """Give back what was granted at `taken_at` and not begun after all.

    What is past its window by then stays as it is, and so does what nobody can tell apart from it.
    """
    store.hold(connection, unused)
    before = store.read_throttles(connection, unused)
    after = {scope: take_back(before[scope], count, taken_at) for scope, count in unused.items()}
    _save_changed(connection, before, after)


def learn(
    connection: Connection,
    troubles: Collection[Scope],
    accepted: Mapping[Scope, int],
    now: datetime,
) -> None:
    """Slow scopes down that had trouble, and let those that accepted messages recover."""
    scopes = {*troubles, *accepted}
    if not troubles and not store.read_paced(connection, scopes):
        return
    store.hold(connection, scopes)
    before = store.read_throttles(connection, scopes)
    settled = [settle(throttle, now) for throttle in before.values()]
    after = {
        throttle.scope: replace(throttle, pace=slow_down(throttle.pace, now))
        if throttle.scope in troubles
        else replace(throttle, pace=speed_up(throttle.pace, accepted[throttle.scope], now))
        for throttle in settled
    }
    _save_changed(connection, before, after)


def read_full(
    connection: Connection, rules: Mapping[Scope, Rule], now: datetime
) -> dict[Scope, datetime]:
    """The scopes of which nothing may be begun now, and when something may be again."""
    rows = store.read_throttles(connection, rules)
    asked = {scope: grant(settle(rows[scope], now), 1, rules[scope], now)[1] for scope in rules}
    return {scope: one.again_at for scope, one in asked.items() if one.again_at is not None}


def read_learned(connection: Connection) -> dict[Scope, Pace]:
    """The scopes that get less than their rules allow, and how much."""
    rows = store.read_all_paced(connection)
    return {row.scope: row.pace for row in rows if row.pace is not None}


def finish_at(
    connection: Connection,
    remaining: Mapping[Scope, int],
    rules: Mapping[Scope, Rule],
    now: datetime,
) -> datetime | None:
    """When that many messages can have been begun, if all goes well; None when nothing binds."""
    rows = store.read_throttles(connection, remaining)
    times = [
        forecast(settle(rows[scope], now), count, rules.get(scope, NO_RULE), now)
        for scope, count in remaining.items()
        if count > 0
    ]
    return max((time for time in times if time > now), default=None)


def _save_changed(
    connection: Connection, before: Mapping[Scope, Throttle], after: Mapping[Scope, Throttle]
) -> None:
    store.save(connection, [row for scope, row in after.items() if row != before[scope]])
