"""After a restore nobody knows what became of the rows that the backup has as open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from pipeline.ledger.leases import OPEN, finish_campaigns
from pipeline.ledger.roster import open_under_way
from pipeline.schema import CampaignState, DeliveryStatus, campaigns, deliveries, ranges

_PAGE = 1000  # people in a range that is opened here


def doubt_open_rows(connection: Connection, now: datetime) -> int:
    """Put every message without an outcome in doubt; how many.

    Of campaigns that were under way all that was planned may have gone out since the backup, people
    not yet on the roster included. A cancelled campaign sent nothing more but what was in flight.
    One transaction, however long: half a restore would be sent by the next worker.
    """
    while open_under_way(connection, _PAGE, now):
        pass
    live = select(campaigns.c.id).where(
        campaigns.c.state.in_((CampaignState.SENDING, CampaignState.PAUSED))
    )
    doubted = connection.execute(
        update(deliveries)
        .where(
            or_(
                deliveries.c.campaign_id.in_(live) & deliveries.c.status.in_(OPEN),
                deliveries.c.status == DeliveryStatus.STARTED,
            )
        )
        .values(
            status=DeliveryStatus.UNKNOWN,
            reason="restored",
            next_attempt_at=None,
            recorded_at=now,
        )
    )
    connection.execute(
        update(ranges)
        .where(ranges.c.finished_at.is_(None), ranges.c.campaign_id.in_(live))
        .values(finished_at=now, worker=None, leased_until=None)
    )
    finish_campaigns(connection, now)
    return doubted.rowcount
