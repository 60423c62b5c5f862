"""What is known of people goes after the time that the site has set for it (GDPR 5(1)(e))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pipeline import audience
from pipeline.clock.site import Site
from pipeline.db import reading, writing


@dataclass(frozen=True)
class Forgotten:
    """How much went, or would go."""

    networks: int  # client networks in consent receipts


def forget_old(site: Site, *, dry_run: bool = False) -> Forgotten:
    """Forget what is older than the site wants it; or tell what would go."""
    days = site.config.retention.network_days
    if not days:
        return Forgotten(0)
    before = site.now() - timedelta(days=days)
    with reading(site.engine) as connection:
        forgotten = Forgotten(audience.count_networks(connection, before))
    if forgotten.networks and not dry_run:
        with writing(site.engine) as connection:
            audience.forget_networks(connection, before)
    return forgotten
