"""The balance sheet: where every recipient of a campaign stands, from one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from pipeline.schema import CampaignState, DeliveryStatus, campaigns, deliveries


@dataclass(frozen=True)
class Sheet:
    """One campaign's balance.

    `recipients` was counted at launch, independently of the roster; `counts` has every state.
    Until the roster is complete, people not yet on it count as planned. Of a cancelled campaign,
    whoever was not begun counts as cancelled from that instant on, while the rows follow.
    """

    campaign_id: int
    recipients: int
    counts: Mapping[DeliveryStatus, int]
    roster_complete: bool
    next_attempt_at: datetime | None  # of the first deferred message, UTC

    @property
    def closes(self) -> bool:
        """Whether every recipient is accounted for."""
        return sum(self.counts.values()) == self.recipients

    @property
    def open(self) -> int:
        """How many messages may still go out."""
        return sum(
            self.counts[state]
            for state in (DeliveryStatus.PLANNED, DeliveryStatus.STARTED, DeliveryStatus.DEFERRED)
        )


def has_accepted(connection: Connection, campaign_id: int) -> bool:
    """Whether any message of a campaign was ever accepted."""
    found = select(deliveries.c.subscriber_id).where(
        deliveries.c.campaign_id == campaign_id, deliveries.c.status == DeliveryStatus.SENT
    )
    return connection.execute(found.limit(1)).first() is not None


def read_sheet(connection: Connection, campaign_id: int) -> Sheet:
    """The balance of one campaign."""
    return read_sheets(connection, (campaign_id,))[campaign_id]


def read_sheets(connection: Connection, campaign_ids: tuple[int, ...]) -> dict[int, Sheet]:
    """The balances of several campaigns, by id, all from one statement and so one instant."""
    rows = connection.execute(
        select(
            campaigns.c.id,
            campaigns.c.recipients,
            campaigns.c.state,
            campaigns.c.roster_complete_at,
            deliveries.c.status,
            func.count(deliveries.c.subscriber_id).label("n"),
            func.min(deliveries.c.next_attempt_at).label("next_at"),
        )
        .select_from(campaigns.outerjoin(deliveries, deliveries.c.campaign_id == campaigns.c.id))
        .where(campaigns.c.id.in_(campaign_ids))
        .group_by(
            campaigns.c.id,
            campaigns.c.recipients,
            campaigns.c.state,
            campaigns.c.roster_complete_at,
            deliveries.c.status,
        )
    ).all()
    grouped: dict[int, list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.id, []).append(row)
    return {campaign_id: _sheet(found) for campaign_id, found in grouped.items()}


def _sheet(rows: list[Row[Any]]) -> Sheet:
    first = rows[0]
    counts = dict.fromkeys(DeliveryStatus, 0)
    counts |= {DeliveryStatus(row.status): row.n for row in rows if row.status is not None}
    if first.roster_complete_at is None:
        counts[DeliveryStatus.PLANNED] += first.recipients - sum(counts.values())
    cancelled = first.state == CampaignState.CANCELLED
    for unsent in (DeliveryStatus.PLANNED, DeliveryStatus.DEFERRED) if cancelled else ():
        counts[DeliveryStatus.CANCELLED] += counts[unsent]
        counts[unsent] = 0
    next_tries = [] if cancelled else [row.next_at for row in rows if row.next_at]
    return Sheet(
        campaign_id=first.id,
        recipients=first.recipients,
        counts=counts,
        roster_complete=first.roster_complete_at is not None,
        next_attempt_at=min(next_tries, default=None),
    )
