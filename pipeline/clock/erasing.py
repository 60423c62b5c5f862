"""A person wants everything forgotten (GDPR 17): who keeps what, forgets it, in one transaction."""

from __future__ import annotations

from pipeline import audience, ledger
from pipeline.clock.site import Site
from pipeline.db import writing


def erase(site: Site, address: str, by: str) -> bool:
    """Erase the person at `address`; False when nobody is known there.

    Raises AudienceError for what is no address. `by` says who wanted it, in the receipt.
    """
    wanted = audience.read_address(address)
    with writing(site.engine) as connection:
        person = audience.find_id(connection, wanted.identity)
        if person is None:
            return False
        audience.forget_requests(connection, person)
        audience.erase_person(connection, site.keys, person, site.now(), by)
        ledger.forget_replies(connection, person)
    return True
