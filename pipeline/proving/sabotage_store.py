"""The statements of sabotage: what the ledger's own conditions would have kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, or_, tuple_, update

from pipeline.ledger import Result, Start
from pipeline.schema import DeliveryStatus, deliveries

_ROW = tuple_(deliveries.c.campaign_id, deliveries.c.subscriber_id)


def plan_again(connection: Connection, wishes: Collection[Start]) -> None:
    """Bring rows to where they may be started, in whatever state they are."""
    if wishes:
        wanted = [(wish.campaign_id, wish.subscriber_id) for wish in wishes]
        planned = update(deliveries).values(status=DeliveryStatus.PLANNED)
        connection.execute(planned.where(_ROW.in_(wanted)))


def start_anybody(
    connection: Connection, wishes: Collection[Start], worker: str, now: datetime
) -> Mapping[Start, int]:
    """Start rows without a look at whose they are."""
    if not wishes:
        return {}
    due = and_(deliveries.c.status == DeliveryStatus.DEFERRED, deliveries.c.next_attempt_at <= now)
    rows = connection.execute(
        update(deliveries)
        .where(
            _ROW.in_([(wish.campaign_id, wish.subscriber_id) for wish in wishes]),
            or_(deliveries.c.status == DeliveryStatus.PLANNED, due),
        )
        .values(
            status=DeliveryStatus.STARTED,
            attempt=deliveries.c.attempt + 1,
            worker=worker,
            started_at=now,
            next_attempt_at=None,
        )
        .returning(deliveries.c.campaign_id, deliveries.c.subscriber_id, deliveries.c.attempt)
    )
    return {Start(row.campaign_id, row.subscriber_id): row.attempt for row in rows}


def await_result(connection: Connection, result: Result) -> None:
    """Bring a row to where this result is taken for it."""
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.campaign_id == result.campaign_id,
            deliveries.c.subscriber_id == result.subscriber_id,
        )
        .values(status=DeliveryStatus.STARTED, attempt=result.attempt)
    )
