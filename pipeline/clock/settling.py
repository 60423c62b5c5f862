"""Paused and cancelled campaigns come to rest: by the command, and by the next pass or tick."""

from __future__ import annotations

from pipeline import ledger
from pipeline.clock.site import Site
from pipeline.db import reading, writing
from pipeline.delivery import gone_workers


def settle_campaigns(site: Site) -> None:
    """Give the rows of cancelled campaigns their last state, a range a transaction.

    Does next to nothing when there is nothing to settle. What is in flight is waited for by the
    next pass, not here.
    """
    with reading(site.engine) as connection:
        if not ledger.has_unsettled(connection):
            return
    while _settle_one(site):
        pass


def _settle_one(site: Site) -> bool:
    now = site.now()
    with writing(site.engine) as connection:
        gone = gone_workers(ledger.read_workers(connection))
        if ledger.settle_range(connection, now, gone):
            return True
        if ledger.open_cancelled(connection, site.config.delivery.range_size, now):
            return True
        ledger.finish_campaigns(connection, now)
    return False
