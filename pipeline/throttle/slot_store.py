"""Slots: connections, or messages in flight, that worker processes share; a row for each worker."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from pipeline.db import insert
from pipeline.schema import slots
from pipeline.throttle.scope import Scope
from pipeline.throttle.shares import Need, Share, divide
from pipeline.throttle.store import hold
from pipeline.throttle.windows import LATE

_KEY = ("provider", "domain", "worker")


def take_slots(
    connection: Connection,
    scope: Scope,
    worker: str,
    need: Need,
    limit: int,
    now: datetime,
    until: datetime,
) -> int:
    """How many of the scope's `limit` slots `worker` may use until then, unless it asks before.

    To be asked again and again, by all workers for the same length of time. Whoever gets fewer than
    before closes what is too much before it does anything else, and until then what it uses
    is nobody else's; who gets none is the next in turn.
    """
    hold(connection, (scope,))
    _forget(connection, scope, now, until)
    live = {row.worker: Share(row.worker, row.count, row.since) for row in _rows(connection, scope)}
    mine = live.pop(worker, Share(worker, 0, now))
    count = divide(mine, tuple(live.values()), need.wanted, limit, now) if need.wanted > 0 else 0
    held = max(count, min(need.in_use, mine.count))
    since = mine.since if bool(held) == bool(mine.count) else now
    if need.wanted > 0:
        _write(connection, scope, Share(worker, held, min(since, now)), until)
    else:
        connection.execute(delete(slots).where(_of(scope), slots.c.worker == worker))
    return count


def read_slot_workers(connection: Connection) -> frozenset[str]:
    """The workers that hold slots or wait for some."""
    return frozenset(connection.execute(select(slots.c.worker).distinct()).scalars())


def is_awaited(connection: Connection, scopes: Collection[Scope]) -> bool:
    """Whether a worker waits for slots of these providers, and has none yet."""
    providers = {scope.provider for scope in scopes}
    waiting = select(slots.c.worker).where(slots.c.provider.in_(providers), slots.c.count == 0)
    return connection.execute(waiting.limit(1)).first() is not None


def return_slots(connection: Connection, worker: str) -> None:
    """Give back all that a worker holds."""
    connection.execute(delete(slots).where(slots.c.worker == worker))


def _forget(connection: Connection, scope: Scope, now: datetime, until: datetime) -> None:
    """Leave out workers that have not asked in time, also those of a clock put back since.

    Each is given as long again: its clock may be behind, and it would get nothing for ever.
    """
    connection.execute(delete(slots).where(_of(scope), slots.c.until <= now - (until - now)))
    connection.execute(
        update(slots).where(_of(scope), slots.c.until > until + LATE).values(until=until)
    )


def _rows(connection: Connection, scope: Scope) -> Any:
    return connection.execute(select(slots).where(_of(scope)))


def _write(connection: Connection, scope: Scope, share: Share, until: datetime) -> None:
    new = {"count": share.count, "until": until, "since": share.since}
    connection.execute(
        insert(connection, slots)
        .values(provider=scope.provider, domain=scope.domain, worker=share.worker, **new)
        .on_conflict_do_update(index_elements=_KEY, set_=new)
    )


def _of(scope: Scope) -> Any:
    return and_(slots.c.provider == scope.provider, slots.c.domain == scope.domain)
