"""Where those live who have not been sent to yet: counted by their mail domains."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, case, func, select, union_all

from pipeline.ledger.leases import OPEN
from pipeline.ledger.roster import eligible
from pipeline.schema import campaigns, deliveries, mailing_lists, subscribers, subscriptions


def count_open_at(
    connection: Connection, campaign_id: int, domains: Collection[str]
) -> dict[str, int]:
    """How many of a campaign are still to be sent to at each of `domains` (A-labels, lower case).

    Those who are not on the roster yet are counted with those who are.
    """
    if not domains:
        return {}
    begun = select(deliveries.c.subscriber_id).where(
        deliveries.c.campaign_id == campaign_id, deliveries.c.status.in_(OPEN)
    )
    ours = and_(campaigns.c.id == campaign_id, campaigns.c.roster_complete_at.is_(None))
    of_campaign = (campaigns.c.list_id, campaigns.c.launched_at, campaigns.c.highest_subscriber_id)
    to_come = eligible(*of_campaign).where(
        ours, subscriptions.c.subscriber_id > campaigns.c.roster_cursor
    )
    people = union_all(begun, to_come).subquery()
    ends = {one: subscribers.c.identity.endswith(f"@{one}", autoescape=True) for one in domains}
    domain = case(*((found, one) for one, found in ends.items())).label("domain")
    located = (
        select(domain).join(people, people.c.subscriber_id == subscribers.c.id).subquery("located")
    )
    counted = select(located.c.domain, func.count()).where(located.c.domain.is_not(None))
    rows = connection.execute(counted.group_by(located.c.domain))
    return {row[0]: row[1] for row in rows}


def read_list_name(connection: Connection, campaign_id: int) -> str:
    """The list that a campaign goes to."""
    named = select(mailing_lists.c.name).join(campaigns, campaigns.c.list_id == mailing_lists.c.id)
    return str(connection.execute(named.where(campaigns.c.id == campaign_id)).scalar_one())
