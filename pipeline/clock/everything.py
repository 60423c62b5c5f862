"""All that is kept of one person, as one document for them (GDPR 15 and 20)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipeline import audience, ledger
from pipeline.clock.site import Site
from pipeline.db import reading

_ALL = 1_000_000  # campaigns; nobody was sent more


def read_everything(site: Site, address: str) -> dict[str, Any]:
    """What is known of the person at `address`, by what it is about.

    Raises AudienceError when nobody is known there.
    """
    wanted = audience.read_address(address)
    with reading(site.engine) as connection:
        person = audience.read_profile(connection, wanted)
        consent = audience.consent_of(connection, wanted)
        arrivals = audience.arrivals(connection, wanted)
        deliveries = ledger.deliveries_of(connection, person.id, _ALL)
    return {
        "written_at": site.now(),
        "site": site.config.site.title,
        "person": asdict(person),
        "consent": [asdict(one) for one in consent],
        "imports": [
            {
                "list": one.list,
                "at": one.batch.started_at,
                "source": one.batch.source,
                "basis": one.batch.basis,
                "proof": dict(one.proof),
            }
            for one in arrivals
        ],
        "messages": [asdict(one) for one in deliveries],
    }
