"""Rule 2, the roster: recipients become `planned` rows, range by range, ids ascending."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, literal, or_, select, true, update

from pipeline.db import lock_rows
from pipeline.schema import (
    CampaignState,
    DeliveryStatus,
    SubscriptionState,
    campaigns,
    deliveries,
    mailing_lists,
    ranges,
    subscriptions,
)


def eligible(list_id: Any, launched_at: Any, highest_id: Any) -> Select[Any]:
    """The ids a campaign is for: on the list, confirmed before launch, not above the highest id.

    Who leaves between launch and the opening of their range stays on the roster, and the fence
    then skips them: so the roster's count is the one that was taken at launch. So does who left
    and came back meanwhile, and who hears nothing for a while.
    """
    columns = subscriptions.c
    is_on_it = and_(
        columns.confirmed_at <= launched_at,
        or_(
            columns.state == SubscriptionState.CONFIRMED,
            and_(
                columns.state == SubscriptionState.UNSUBSCRIBED,
                columns.unsubscribed_at > launched_at,
            ),
        ),
    )
    was_on_it = and_(
        columns.former_confirmed_at <= launched_at, columns.former_unsubscribed_at > launched_at
    )
    return select(columns.subscriber_id).where(
        columns.list_id == list_id, columns.subscriber_id <= highest_id, or_(is_on_it, was_on_it)
    )


def count_eligible(
    connection: Connection, list_id: int, launched_at: datetime, highest_id: int
) -> int:
    """How many people a campaign is for: counted at launch, to hold the roster against."""
    people = eligible(list_id, launched_at, highest_id).subquery()
    return connection.execute(select(func.count()).select_from(people)).scalar_one()


def open_range(
    connection: Connection,
    size: int,
    now: datetime,
    *,
    rehearsal: bool,
    lists: Collection[str] | None = None,
) -> bool:
    """Plan the next `size` recipients of the oldest live campaign; False when none are left.

    Of a campaign to one of `lists`, or to any.

    Cursor, range and rows commit together, in the caller's transaction. One statement plans the
    rows, so memory stays flat whatever the list.
    """
    named = select(mailing_lists.c.id).where(mailing_lists.c.name.in_(lists or ()))
    live = and_(
        campaigns.c.state == CampaignState.SENDING,
        campaigns.c.rehearsal == rehearsal,
        true() if lists is None else campaigns.c.list_id.in_(named),
    )
    return _open(connection, live, size, DeliveryStatus.PLANNED, now)


def open_cancelled(connection: Connection, size: int, now: datetime) -> bool:
    """Give the next `size` recipients of a cancelled campaign their row, settled as it is made."""
    cancelled = campaigns.c.state == CampaignState.CANCELLED
    return _open(connection, cancelled, size, DeliveryStatus.CANCELLED, now)


def open_under_way(connection: Connection, size: int, now: datetime) -> bool:
    """Plan the next recipients of a campaign that is being sent or paused, in either mode."""
    under_way = campaigns.c.state.in_((CampaignState.SENDING, CampaignState.PAUSED))
    return _open(connection, under_way, size, DeliveryStatus.PLANNED, now)


def _open(
    connection: Connection, which: Any, size: int, status: DeliveryStatus, now: datetime
) -> bool:
    campaign = _next_campaign(connection, which)
    if campaign is None:
        return False
    people = eligible(campaign.list_id, campaign.launched_at, campaign.highest_subscriber_id)
    after = people.where(subscriptions.c.subscriber_id > campaign.roster_cursor)
    page = after.order_by(subscriptions.c.subscriber_id).limit(size).subquery()
    low, high, count = connection.execute(
        select(func.min(page.c.subscriber_id), func.max(page.c.subscriber_id), func.count())
    ).one()
    if count:
        _add_rows(
            connection, campaign.id, after.where(subscriptions.c.subscriber_id <= high), status
        )
        _add_range(connection, campaign.id, low, high, status, now)
    values: dict[str, Any] = {"roster_cursor": high} if count else {}
    if count < size:
        values["roster_complete_at"] = now
    connection.execute(update(campaigns).where(campaigns.c.id == campaign.id).values(values))
    return True


def _add_rows(
    connection: Connection, campaign_id: int, people: Select[Any], status: DeliveryStatus
) -> None:
    connection.execute(
        insert(deliveries).from_select(
            ["campaign_id", "subscriber_id", "status"],
            people.with_only_columns(
                literal(campaign_id), subscriptions.c.subscriber_id, literal(status)
            ),
        )
    )


def _add_range(
    connection: Connection,
    campaign_id: int,
    low: int,
    high: int,
    status: DeliveryStatus,
    now: datetime,
) -> None:
    finished_at = None if status is DeliveryStatus.PLANNED else now
    connection.execute(
        insert(ranges).values(
            campaign_id=campaign_id, low=low, high=high, due_at=now, finished_at=finished_at
        )
    )


def _next_campaign(connection: Connection, which: Any) -> Any:
    statement = (
        select(campaigns)
        .where(which, campaigns.c.roster_complete_at.is_(None))
        .order_by(campaigns.c.id)
        .limit(1)
    )
    return connection.execute(lock_rows(statement)).one_or_none()
