"""What people decided: an append-only table, so that it can be shown years later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pipeline.schema import Decision, decisions


@dataclass(frozen=True)
class Decided:
    """One decision: by whom, when, and about which attempt of whose message."""

    decision: Decision
    by: str
    at: datetime
    campaign_id: int | None = None
    subscriber_id: int | None = None
    attempt: int | None = None


def keep_decisions(connection: Connection, made: Sequence[Decided]) -> None:
    """Keep decisions for ever."""
    if made:
        connection.execute(insert(decisions), [_values(one) for one in made])


def _values(one: Decided) -> dict[str, object]:
    return {
        "campaign_id": one.campaign_id,
        "subscriber_id": one.subscriber_id,
        "attempt": one.attempt,
        "decision": one.decision,
        "decided_by": one.by,
        "decided_at": one.at,
    }


def read_decisions(connection: Connection, campaign_id: int) -> tuple[Decided, ...]:
    """What was decided about a campaign and its rows, oldest first."""
    rows = connection.execute(
        select(decisions).where(decisions.c.campaign_id == campaign_id).order_by(decisions.c.id)
    )
    return tuple(
        Decided(
            Decision(row.decision),
            row.decided_by,
            row.decided_at,
            row.campaign_id,
            row.subscriber_id,
            row.attempt,
        )
        for row in rows
    )
