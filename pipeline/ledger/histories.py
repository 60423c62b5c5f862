"""What one person was sent, for whoever looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from pipeline.schema import DeliveryStatus, campaigns, deliveries, editions, newsletters


@dataclass(frozen=True)
class PersonDelivery:
    """One campaign to one person; `at` is the last thing that happened, if anything has."""

    campaign_id: int
    newsletter: str
    subject: str
    rehearsal: bool
    status: DeliveryStatus
    at: datetime | None
    attempt: int
    reason: str
    reply: str


def deliveries_of(
    connection: Connection, subscriber_id: int, limit: int = 100
) -> tuple[PersonDelivery, ...]:
    """A person's deliveries of the newest campaigns, newest first.

    Campaign by campaign: the ledger has no index by person, and needs none for a page.
    """
    rows = connection.execute(
        select(deliveries, newsletters.c.name, editions.c.subject, campaigns.c.rehearsal)
        .select_from(campaigns)
        .join(deliveries, deliveries.c.campaign_id == campaigns.c.id)
        .join(newsletters, newsletters.c.id == campaigns.c.newsletter_id)
        .join(editions, editions.c.id == campaigns.c.edition_id)
        .where(deliveries.c.subscriber_id == subscriber_id)
        .order_by(campaigns.c.id.desc())
        .limit(limit)
    )
    return tuple(
        PersonDelivery(
            campaign_id=row.campaign_id,
            newsletter=row.name,
            subject=row.subject,
            rehearsal=row.rehearsal,
            status=DeliveryStatus(row.status),
            at=row.recorded_at or row.started_at,
            attempt=row.attempt,
            reason=row.reason,
            reply=row.reply or "",
        )
        for row in rows
    )
