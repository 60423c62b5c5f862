"""What follows when people ask to join a list: they are asked by mail, or forgotten in time."""

from __future__ import annotations

from collections.abc import Callable

from pipeline import audience, delivery
from pipeline.clock.site import Site
from pipeline.db import reading, writing
from pipeline.delivery import Notices
from pipeline.errors import TransportUnavailable


def settle_requests(site: Site) -> int:
    """Decide about all requests from forms; how many were decided.

    Who is to be asked by mail has a notice planned in the same transaction.
    """
    with reading(site.engine) as connection:
        if not audience.has_open_requests(connection):
            return 0
    total = 0
    while decided := _settle_some(site):
        total += decided
    return total


def _settle_some(site: Site) -> int:
    double = {one.name: one.join == "double" for one in site.config.lists if one.is_open}
    now = site.now()
    with writing(site.engine) as connection:
        invited, decided = audience.settle_requests(connection, site.keys, double, now)
        for one in invited:
            delivery.plan_confirmation(connection, *one, now)
    return decided


def purge_requests(site: Site) -> None:
    """Forget what nobody confirmed in time, and the networks that no limit counts any more."""
    while True:
        with writing(site.engine) as connection:
            days = site.config.joining.unconfirmed_days
            if not audience.purge_requests(connection, days, site.now()):
                return


def has_due_notices(site: Site) -> bool:
    """Whether there is a notice to be sent now."""
    with reading(site.engine) as connection:
        return delivery.has_due_notices(connection, site.now())


def make_notices(
    site: Site, on_problem: Callable[[TransportUnavailable], None] = lambda _: None
) -> Notices:
    """What sends this site's notices."""
    return Notices(site.engine, site.config, site.keys, site.now, on_problem)
