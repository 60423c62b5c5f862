"""The throttles' rows; one process at a time changes those of a provider.

One lock for a provider, not one for each of its rows: a transaction may then learn about one domain
and take for another in any order, where two that lock rows in turn would deadlock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from pipeline.db import insert, take_turns
from pipeline.schema import throttles
from pipeline.throttle.pace import Pace
from pipeline.throttle.scope import Scope
from pipeline.throttle.throttle import Throttle

# Made once: to make them anew for each turn of a worker costs more than to carry them out.
_ALL = select(throttles)
_PACED = _ALL.where(throttles.c.interval_seconds.is_not(None))
_OF_PROVIDERS = throttles.c.provider.in_(bindparam("providers", expanding=True))
_OF_DOMAINS = throttles.c.domain.in_(bindparam("domains", expanding=True))
_READ = _ALL.where(_OF_PROVIDERS, _OF_DOMAINS)
_READ_PACED = _PACED.where(_OF_PROVIDERS, _OF_DOMAINS)
_KEY = ("provider", "domain")
_LEARNED = ("bookings", "first_at", "interval_seconds", "next_at", "heard_from")
_WRITING: dict[str, Any] = {}  # by dialect


def hold(connection: Connection, scopes: Iterable[Scope]) -> None:
    """Let nobody else change throttles of these providers until the transaction ends."""
    for provider in sorted({scope.provider for scope in scopes}):
        take_turns(connection, f"throttle {provider}")


def read_throttles(connection: Connection, scopes: Collection[Scope]) -> dict[Scope, Throttle]:
    """The throttles of `scopes`; one without a row is empty."""
    rows = connection.execute(_READ, _named(scopes))
    found = {throttle.scope: throttle for throttle in map(_from_row, rows)}
    return {scope: found.get(scope) or Throttle(scope) for scope in scopes}


def read_paced(connection: Connection, scopes: Collection[Scope]) -> dict[Scope, Throttle]:
    """Those of `scopes` that have learned a pace."""
    rows = connection.execute(_READ_PACED, _named(scopes))
    found = {throttle.scope: throttle for throttle in map(_from_row, rows)}
    return {scope: found[scope] for scope in scopes if scope in found}


def read_all_paced(connection: Connection) -> list[Throttle]:
    """Every scope that has learned a pace."""
    rows = connection.execute(_PACED.order_by(*(throttles.c[name] for name in _KEY)))
    return [_from_row(row) for row in rows]


def save(connection: Connection, changed: Collection[Throttle]) -> None:
    """Write rows, new ones too."""
    if not changed:
        return
    rows = [_to_row(throttle) for throttle in changed]
    # A list of one costs PostgreSQL's driver a whole pipeline.
    connection.execute(_writing(connection), rows if len(rows) > 1 else rows[0])


def _writing(connection: Connection) -> Any:
    dialect = connection.dialect.name
    if dialect not in _WRITING:
        new = insert(connection, throttles)
        learned = {name: new.excluded[name] for name in _LEARNED}
        _WRITING[dialect] = new.on_conflict_do_update(index_elements=_KEY, set_=learned)
    return _WRITING[dialect]


def _named(scopes: Collection[Scope]) -> dict[str, list[str]]:
    """Their providers and their domains: a little more than was asked for if both are several."""
    return {
        "providers": sorted({scope.provider for scope in scopes}),
        "domains": sorted({scope.domain for scope in scopes}),
    }


def _from_row(row: Row[Any]) -> Throttle:
    pace = None
    if row.interval_seconds is not None:
        pace = Pace(row.interval_seconds, row.next_at, row.heard_from)
    bookings = {
        int(window): tuple((last, count) for last, count in booked)
        for window, booked in row.bookings.items()
    }
    return Throttle(Scope(row.provider, row.domain), bookings, row.first_at, pace)


def _to_row(throttle: Throttle) -> dict[str, Any]:
    pace = throttle.pace
    return {
        "provider": throttle.scope.provider,
        "domain": throttle.scope.domain,
        "bookings": {str(window): booked for window, booked in throttle.bookings.items()},
        "first_at": throttle.first_at,
        "interval_seconds": pace and pace.interval_seconds,
        "next_at": pace and pace.next_at,
        "heard_from": pace and pace.heard_from,
    }
