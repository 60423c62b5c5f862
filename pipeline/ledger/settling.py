"""Paused and cancelled campaigns are settled range by range, in transactions that stay small.

From the instant at which its state says so, nothing of a cancelled campaign is started (rule 4),
and the sheet counts its open rows as cancelled; here the rows follow. What a killed command leaves
undone, the next pass does. Messages in flight still get their outcome: a range that a living worker
holds is finished when the worker has let go of it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, or_, select, update

from pipeline.db import lock_rows
from pipeline.ledger.leases import OPEN, free_range, in_range, take_over
from pipeline.schema import CampaignState, DeliveryStatus, campaigns, deliveries, ranges

UNSENT = (DeliveryStatus.PLANNED, DeliveryStatus.DEFERRED)


def has_unsettled(connection: Connection) -> bool:
    """Whether a try to settle may be worth its write lock."""
    cancelled = and_(
        campaigns.c.state == CampaignState.CANCELLED, campaigns.c.finished_at.is_(None)
    )
    lent = exists().where(
        ranges.c.campaign_id == campaigns.c.id,
        ranges.c.finished_at.is_(None),
        ranges.c.worker.is_not(None),
    )
    paused = and_(campaigns.c.state == CampaignState.PAUSED, lent)
    found = select(campaigns.c.id).where(or_(cancelled, paused)).limit(1)
    return connection.execute(found).first() is not None


def settle_range(connection: Connection, now: datetime, gone: Collection[str] = ()) -> bool:
    """Settle the next range of a cancelled or paused campaign; False when there is none.

    Cancelled: its rows that were never sent become `cancelled`. Both: what a worker that is gone
    had started becomes `unknown`.
    """
    row = connection.execute(_next_to_settle(free_range(now, gone))).one_or_none()
    if row is None:
        return False
    values: dict[str, Any] = {}
    if row.is_free:
        take_over(connection, row, now)
        values = {"worker": None, "leased_until": None}
    if row.state == CampaignState.CANCELLED:
        _cancel_rows(connection, row, now)
        if row.is_free and not _has_open(connection, row):
            values["finished_at"] = now
    if values:
        connection.execute(update(ranges).where(ranges.c.id == row.id).values(values))
    return True


def _next_to_settle(is_free: Any) -> Select[Any]:
    unsent = exists().where(
        in_range(ranges.c.campaign_id, ranges.c.low, ranges.c.high), deliveries.c.status.in_(UNSENT)
    )
    cancelled = and_(campaigns.c.state == CampaignState.CANCELLED, or_(is_free, unsent))
    paused = and_(campaigns.c.state == CampaignState.PAUSED, ranges.c.worker.is_not(None), is_free)
    next_one = (
        select(ranges, campaigns.c.state, is_free.label("is_free"))
        .join(campaigns, campaigns.c.id == ranges.c.campaign_id)
        .where(ranges.c.finished_at.is_(None), or_(cancelled, paused))
        .order_by(ranges.c.id)
        .limit(1)
    )
    return lock_rows(next_one, skip_locked=True, of=ranges)


def _cancel_rows(connection: Connection, row: Any, now: datetime) -> None:
    # A row that is being started at this instant is passed over, as in a takeover: it is sent.
    wanted = (
        in_range(row.campaign_id, row.low, row.high),
        deliveries.c.status.in_(UNSENT),
    )
    unsent = lock_rows(select(deliveries.c.subscriber_id).where(*wanted), skip_locked=True)
    connection.execute(
        update(deliveries)
        .where(*wanted, deliveries.c.subscriber_id.in_(unsent))
        .values(status=DeliveryStatus.CANCELLED, recorded_at=now, next_attempt_at=None)
    )


def _has_open(connection: Connection, row: Any) -> bool:
    found = select(deliveries.c.subscriber_id).where(
        in_range(row.campaign_id, row.low, row.high), deliveries.c.status.in_(OPEN)
    )
    return connection.execute(found.limit(1)).first() is not None
