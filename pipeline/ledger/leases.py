"""Rules 3, 6 and 9: ranges are lent to workers, taken over when a lease runs out, and finished.

A lease shares the work and protects nothing by itself: two workers on one range, or a worker that
wakes after its lease, are held apart by the fence alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select, true, update

from pipeline.db import lock_rows
from pipeline.schema import (
    CampaignState,
    DeliveryStatus,
    campaigns,
    deliveries,
    mailing_lists,
    ranges,
    subscribers,
)

_reopened = case(
    (campaigns.c.state == CampaignState.SENT, CampaignState.SENDING), else_=campaigns.c.state
)
_finished = case(
    (campaigns.c.state == CampaignState.SENDING, CampaignState.SENT), else_=campaigns.c.state
)
OPEN = (DeliveryStatus.PLANNED, DeliveryStatus.STARTED, DeliveryStatus.DEFERRED)


@dataclass(frozen=True)
class Range:
    """Subscriber ids `low` to `high` of one campaign, lent to one worker."""

    id: int
    campaign_id: int
    low: int
    high: int
    list_name: str = ""


class Recipient(NamedTuple):
    """One person whose message may be begun; the fence has the last word."""

    subscriber_id: int
    email: str
    name: str


def lease_range(
    connection: Connection,
    worker: str,
    now: datetime,
    seconds: int,
    *,
    rehearsal: bool,
    lists: Collection[str] | None = None,
    gone: Collection[str] = (),
) -> Range | None:
    """Lend the next range with work that is due to `worker`, or None; of `lists` or of any.

    A range is free when it was never lent, was given back, its lease ran out, or its worker is
    known to be gone. Rows that an earlier worker had started and never settled become `unknown`
    (rule 6): their messages may have left.
    """
    row = connection.execute(
        _first_due(free_range(now, gone), now, rehearsal=rehearsal, lists=lists)
    ).one_or_none()
    if row is None:
        return None
    take_over(connection, row, now)
    connection.execute(
        update(ranges)
        .where(ranges.c.id == row.id)
        .values(worker=worker, leased_until=now + timedelta(seconds=seconds))
    )
    return Range(row.id, row.campaign_id, row.low, row.high, row.list_name)


def free_range(now: datetime, gone: Collection[str]) -> Any:
    """The condition of ranges that nobody works on."""
    return or_(
        ranges.c.leased_until.is_(None),
        ranges.c.leased_until < now,
        ranges.c.worker.in_(list(gone)),
    )


def _first_due(
    free: Any, now: datetime, *, rehearsal: bool, lists: Collection[str] | None
) -> Select[Any]:
    """The oldest free range with work that is due in a live campaign, locked."""
    due = (
        select(ranges, mailing_lists.c.name.label("list_name"))
        .join(campaigns, campaigns.c.id == ranges.c.campaign_id)
        .join(mailing_lists, mailing_lists.c.id == campaigns.c.list_id)
        .where(
            ranges.c.finished_at.is_(None),
            ranges.c.due_at <= now,
            free,
            campaigns.c.state == CampaignState.SENDING,
            campaigns.c.rehearsal == rehearsal,
            true() if lists is None else mailing_lists.c.name.in_(lists),
        )
        .order_by(ranges.c.id)
        .limit(1)
    )
    return lock_rows(due, skip_locked=True, of=ranges)


def take_over(connection: Connection, row: Any, now: datetime) -> None:
    """Rule 6: what the range's old worker had started, and never settled, is `unknown`."""
    # A row that its old worker is recording at this instant is passed over: to wait for it, with
    # the range held that the worker wants to give back next, would be a deadlock.
    started = (
        in_range(row.campaign_id, row.low, row.high),
        deliveries.c.status == DeliveryStatus.STARTED,
    )
    stuck = lock_rows(select(deliveries.c.subscriber_id).where(*started), skip_locked=True)
    connection.execute(
        update(deliveries)
        .where(*started, deliveries.c.subscriber_id.in_(stuck))
        .values(status=DeliveryStatus.UNKNOWN, reason="worker lost", recorded_at=now)
    )


def read_workers(connection: Connection) -> frozenset[str]:
    """The workers that ranges are lent to now."""
    rows = connection.execute(
        select(ranges.c.worker)
        .where(ranges.c.worker.is_not(None), ranges.c.finished_at.is_(None))
        .distinct()
    )
    return frozenset(rows.scalars())


def is_held(connection: Connection, lent: Range, worker: str) -> bool:
    """Whether `worker` may go on with a range: it was not taken over, and its campaign is live."""
    held = (
        select(ranges.c.id)
        .join(campaigns, campaigns.c.id == ranges.c.campaign_id)
        .where(
            ranges.c.id == lent.id,
            ranges.c.worker == worker,
            campaigns.c.state == CampaignState.SENDING,
        )
    )
    return connection.execute(held).first() is not None


def renew_leases(
    connection: Connection, worker: str, held: Collection[int], until: datetime
) -> None:
    """Keep the ranges that `worker` still works on; one that was taken over stays lost."""
    connection.execute(
        update(ranges)
        .where(ranges.c.id.in_(list(held)), ranges.c.worker == worker)
        .values(leased_until=until)
    )


def read_recipients(connection: Connection, lent: Range, now: datetime) -> tuple[Recipient, ...]:
    """The people of a range whose message is planned, or deferred and due."""
    rows = connection.execute(
        select(subscribers.c.id, subscribers.c.email, subscribers.c.name)
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .where(in_range(lent.campaign_id, lent.low, lent.high), startable(now))
        .order_by(subscribers.c.id)
    ).all()
    return tuple(Recipient(subscriber_id, email or "", name) for subscriber_id, email, name in rows)


def startable(now: Any) -> Any:
    """The condition of rows that may go to `started`: planned, or deferred and due."""
    return or_(
        deliveries.c.status == DeliveryStatus.PLANNED,
        and_(
            deliveries.c.status == DeliveryStatus.DEFERRED,
            deliveries.c.next_attempt_at <= now,
        ),
    )


def release_range(
    connection: Connection,
    lent: Range,
    worker: str,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """Give a range back: finished, or due again when its first deferred row is.

    Those of its people who could be begun now are due again at once, or at `not_before`. Does
    nothing when another worker has taken it over.
    """
    mine = select(ranges.c.id).where(ranges.c.id == lent.id, ranges.c.worker == worker)
    if connection.execute(lock_rows(mine)).first() is None:
        return
    later = and_(deliveries.c.status == DeliveryStatus.DEFERRED, deliveries.c.next_attempt_at > now)
    left = connection.execute(
        select(
            func.count().label("open"),
            func.count().filter(~later).label("at_once"),
            func.min(deliveries.c.next_attempt_at).filter(later).label("next_at"),
        ).where(in_range(lent.campaign_id, lent.low, lent.high), deliveries.c.status.in_(OPEN))
    ).one()
    values: dict[str, Any] = {"worker": None, "leased_until": None}
    if left.open == 0:
        values["finished_at"] = now
    else:
        again_at = (not_before or now) if left.at_once else None
        values["due_at"] = min(at for at in (again_at, left.next_at) if at)
    connection.execute(update(ranges).where(ranges.c.id == lent.id).values(values))


def reopen_ranges(
    connection: Connection, campaign_id: int, ids: Collection[int], now: datetime
) -> None:
    """Look at these people's ranges once more: their rows, and so the campaign, are open again.

    A paused campaign stays paused. A cancelled one stays cancelled, and is to be settled anew.
    """
    theirs = exists().where(
        in_range(ranges.c.campaign_id, ranges.c.low, ranges.c.high),
        deliveries.c.subscriber_id.in_(ids),
    )
    connection.execute(
        update(ranges)
        .where(ranges.c.campaign_id == campaign_id, theirs)
        .values(finished_at=None, due_at=now)
    )
    connection.execute(
        update(campaigns)
        .where(campaigns.c.id == campaign_id)
        .values(state=_reopened, finished_at=None)
    )


def finish_campaigns(connection: Connection, now: datetime) -> None:
    """Rule 9: a campaign is sent when its roster is complete and every range is finished.

    A cancelled one is at its end then, too.
    """
    unfinished = exists().where(
        ranges.c.campaign_id == campaigns.c.id, ranges.c.finished_at.is_(None)
    )
    complete = (
        campaigns.c.state.in_((CampaignState.SENDING, CampaignState.CANCELLED)),
        campaigns.c.finished_at.is_(None),
        campaigns.c.roster_complete_at.is_not(None),
        ~unfinished,
    )
    # Held first, then looked at again: a range may be opened anew between the two.
    held = connection.execute(lock_rows(select(campaigns.c.id).where(*complete))).scalars().all()
    connection.execute(
        update(campaigns)
        .where(campaigns.c.id.in_(held), *complete)
        .values(state=_finished, finished_at=now)
    )


def in_range(campaign_id: Any, low: Any, high: Any) -> Any:
    """The condition of a range's rows."""
    return and_(
        deliveries.c.campaign_id == campaign_id, deliveries.c.subscriber_id.between(low, high)
    )
