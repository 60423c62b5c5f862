"""What the ledger knows of a person who was erased: their rows stay, without a server's words."""

from __future__ import annotations

from sqlalchemy import Connection, null, select, update

from pipeline.schema import campaigns, deliveries


def forget_replies(connection: Connection, subscriber_id: int) -> None:
    """Drop what servers said of a person's messages: it often names the address."""
    connection.execute(
        update(deliveries)
        .where(
            # By each campaign: the table is sorted by them, and has no index of people.
            deliveries.c.campaign_id.in_(select(campaigns.c.id)),
            deliveries.c.subscriber_id == subscriber_id,
            deliveries.c.reply.is_not(None),
        )
        .values(reply=null())
    )
