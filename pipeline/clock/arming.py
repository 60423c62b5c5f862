"""A held site is armed: what may have happened since its backup does not happen again."""

from __future__ import annotations

from pipeline import campaigns, ledger
from pipeline.clock.site import Site
from pipeline.clock.steps import declare_newsletters
from pipeline.ledger import Armed
from pipeline.schema import Decision


def arm(site: Site, decision: Decision, by: str) -> tuple[Armed, tuple[str, ...]]:
    """Arm a held site; what was found, and the newsletters that now wait for their next time.

    Of a restored site, a newsletter that is due may have gone out since the backup.
    """
    waiting: tuple[str, ...] = ()
    if decision is Decision.RESTORED and ledger.find_hold(site.engine, site.config.var):
        newsletters = declare_newsletters(site)
        # First, while everything is held: a kill between the two leaves nothing to be sent.
        waiting = campaigns.wait_for_next(
            site.engine, newsletters, site.now(), rehearsal=site.config.rehearsal
        )
    return ledger.arm(site.engine, site.config.var, decision, by, site.now()), waiting
