"""Rule 7: a person decides about rows in doubt: they went, or they are sent again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from pipeline.db import hold_rows
from pipeline.ledger.decisions import Decided, keep_decisions
from pipeline.ledger.leases import reopen_ranges
from pipeline.schema import Decision, DeliveryStatus, deliveries, subscribers

PAGE = 2000  # rows that are read, or decided about, at a time

# "Again" keeps the attempt: the next start counts on from it, so that a late report of the old
# attempt no longer fits.
_BECOMES: dict[Decision, dict[str, Any]] = {
    Decision.SENT: {"status": DeliveryStatus.SENT, "reason": "decided"},
    Decision.AGAIN: {"status": DeliveryStatus.PLANNED, "reason": "", "worker": None},
}


@dataclass(frozen=True)
class Doubt:
    """A row in doubt: whose message it was, and what is known of it."""

    subscriber_id: int
    email: str  # empty when the person was erased
    attempt: int
    started_at: datetime | None  # UTC
    reason: str


def read_doubts(
    connection: Connection, campaign_id: int, *, after_id: int = 0
) -> tuple[Doubt, ...]:
    """The next page of a campaign's rows in doubt, by ascending subscriber number."""
    rows = connection.execute(
        select(deliveries, subscribers.c.email)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(_in_doubt(campaign_id), deliveries.c.subscriber_id > after_id)
        .order_by(deliveries.c.subscriber_id)
        .limit(PAGE)
    )
    return tuple(
        Doubt(
            row.subscriber_id,
            row.email or "",
            row.attempt,
            row.started_at,
            row.reason or row.reply or "",
        )
        for row in rows
    )


def reconcile(
    connection: Connection,
    campaign_id: int,
    ids: Collection[int],
    decision: Decision,
    by: str,
    now: datetime,
) -> frozenset[int]:
    """Take a decision about at most a page of people; those whose row was in doubt until now.

    The caller has seen that the campaign still sends, where the decision is "again".
    """
    wanted = (_in_doubt(campaign_id), deliveries.c.subscriber_id.in_(ids))
    by_id = select(deliveries.c.subscriber_id).order_by(deliveries.c.subscriber_id)
    hold_rows(connection, by_id.where(*wanted))
    decided = connection.execute(
        update(deliveries)
        .where(*wanted)
        .values(**_BECOMES[decision], recorded_at=now)
        .returning(deliveries.c.subscriber_id, deliveries.c.attempt)
    ).all()
    keep_decisions(
        connection,
        [
            Decided(decision, by, now, campaign_id, row.subscriber_id, row.attempt)
            for row in decided
        ],
    )
    found = frozenset(row.subscriber_id for row in decided)
    if decision is Decision.AGAIN and found:
        reopen_ranges(connection, campaign_id, found, now)
    return found


def _in_doubt(campaign_id: int) -> Any:
    return (deliveries.c.campaign_id == campaign_id) & (
        deliveries.c.status == DeliveryStatus.UNKNOWN
    )
