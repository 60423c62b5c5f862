"""Rules 4 and 5: no body leaves before its row is `started`; every reply goes to its row.

Both take many rows at once, so that one writer can commit what all connections have gathered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from pipeline.db import hold_rows, ids_param, is_one_of, lies_between, lock_rows, rows_param
from pipeline.ledger.leases import Range, in_range, reopen_ranges, startable
from pipeline.schema import (
    CampaignState,
    DeliveryStatus,
    SubscriptionState,
    UtcDateTime,
    campaigns,
    deliveries,
    subscribers,
    subscriptions,
    suppressions,
)

LONGEST_REPLY = 500  # characters of a server's text that are kept


class Start(NamedTuple):
    """A wish to begin one person's message."""

    campaign_id: int
    subscriber_id: int


class Result(NamedTuple):
    """What became of one attempt. `status` is sent, deferred, refused, unknown or expired."""

    campaign_id: int
    subscriber_id: int
    attempt: int
    status: DeliveryStatus
    code: int = 0  # SMTP reply code; 0 when there was no reply
    enhanced_code: str = ""  # RFC 3463
    reply: str = ""
    next_attempt_at: datetime | None = None


# --- the statements -----------------------------------------------------------------------------
# Made once: to make them anew for each commit costs more than to carry them out.

_NOW = bindparam("now", type_=UtcDateTime())

_WANTED = and_(
    deliveries.c.campaign_id == bindparam("of_campaign"),
    is_one_of(
        deliveries.c.subscriber_id, ids_param("of_subscribers"), bindparam("low"), bindparam("high")
    ),
    startable(_NOW),
)

# What is said of the campaign alone is looked up once for all rows.
_OF_CAMPAIGN = campaigns.c.id == bindparam("of_campaign")

_CAMPAIGN_IS_LIVE = exists().where(_OF_CAMPAIGN, campaigns.c.state == CampaignState.SENDING)

_IS_SUBSCRIBED = exists().where(
    subscriptions.c.list_id == select(campaigns.c.list_id).where(_OF_CAMPAIGN).scalar_subquery(),
    subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
    subscriptions.c.state == SubscriptionState.CONFIRMED,
)

_HEARS = _IS_SUBSCRIBED.where(
    or_(subscriptions.c.paused_until.is_(None), subscriptions.c.paused_until <= _NOW)
)

# The address is suppressed, or there is none any more: the person was erased.
_IS_SUPPRESSED = exists().where(
    subscribers.c.id == deliveries.c.subscriber_id,
    or_(
        subscribers.c.identity.is_(None),
        exists().where(suppressions.c.identity == subscribers.c.identity),
    ),
)

# By ascending id: two workers that lock the same rows in other orders deadlock.
_HOLD = select(deliveries.c.subscriber_id).where(_WANTED).order_by(deliveries.c.subscriber_id)

_START = (
    update(deliveries)
    .where(_WANTED, _CAMPAIGN_IS_LIVE, _HEARS, ~_IS_SUPPRESSED)
    .values(
        status=DeliveryStatus.STARTED,
        attempt=deliveries.c.attempt + 1,
        worker=bindparam("by_worker"),
        started_at=_NOW,
        next_attempt_at=None,
    )
    .returning(deliveries.c.subscriber_id, deliveries.c.attempt)
)


def _skips(wanted: Any) -> tuple[Update, ...]:
    """Settle the rows of people who left, were suppressed, or want to hear nothing now."""
    reasons = (("left", ~_IS_SUBSCRIBED), ("suppressed", _IS_SUPPRESSED), ("paused", ~_HEARS))
    return tuple(
        update(deliveries)
        .where(wanted, _CAMPAIGN_IS_LIVE, may_not)
        .values(
            status=DeliveryStatus.SKIPPED, reason=reason, recorded_at=_NOW, next_attempt_at=None
        )
        for reason, may_not in reasons
    )


_SKIP = _skips(_WANTED)

_SKIP_IN_RANGE = _skips(
    and_(in_range(bindparam("of_campaign"), bindparam("low"), bindparam("high")), startable(_NOW))
)

# One for all results of a campaign that are alike but for the reply's text.
_RESULT = rows_param("results")  # campaign, subscriber, attempt, reply

_RECORD = (
    update(deliveries)
    .where(
        *(
            column == cast(_RESULT[place].as_string(), column.type)
            for place, column in enumerate(
                (deliveries.c.campaign_id, deliveries.c.subscriber_id, deliveries.c.attempt)
            )
        ),
        lies_between(deliveries.c.campaign_id, bindparam("of_campaign"), bindparam("of_campaign")),
        lies_between(deliveries.c.subscriber_id, bindparam("low"), bindparam("high")),
        or_(
            deliveries.c.status == DeliveryStatus.STARTED,
            deliveries.c.status == DeliveryStatus.UNKNOWN,
        ),
    )
    .values(
        status=bindparam("new_status"),
        code=bindparam("new_code"),
        enhanced_code=bindparam("new_enhanced_code"),
        reply=_RESULT[3].as_string(),
        next_attempt_at=bindparam("new_next_attempt_at"),
        reason="",
        recorded_at=_NOW,
    )
)


# --- the rules ----------------------------------------------------------------------------------


def start(
    connection: Connection, wishes: Collection[Start], worker: str, now: datetime
) -> Mapping[Start, int]:
    """Rule 4, the fence: move rows to `started` and give back the attempt of those that moved.

    A row moves from `planned`, or from `deferred` when due; only in a live campaign; only while
    the person may still get it. Who may no longer get it becomes `skipped`. A message whose wish
    is not in the answer must not be sent.
    """
    started: dict[Start, int] = {}
    for campaign_id, ids in _by_campaign(wishes).items():
        values = {
            "of_campaign": campaign_id,
            "of_subscribers": ids,
            "low": ids[0],
            "high": ids[-1],
            "now": now,
        }
        hold_rows(connection, _HOLD, values)
        rows = connection.execute(_START, {**values, "by_worker": worker}).all()
        moved = {Start(campaign_id, subscriber_id): attempt for subscriber_id, attempt in rows}
        if len(moved) < len(ids):
            _skip(connection, _SKIP, values)
        started |= moved
    return started


def _skip(connection: Connection, statements: tuple[Update, ...], values: Mapping[str, Any]) -> int:
    return sum(connection.execute(one, values).rowcount for one in statements)


def skip_gone(connection: Connection, lent: Range, now: datetime) -> int:
    """Settle whoever of a range may no longer get it, before their turn comes; how many.

    Only a convenience: who leaves later is kept out by `start`.
    """
    values = {"of_campaign": lent.campaign_id, "low": lent.low, "high": lent.high, "now": now}
    return _skip(connection, _SKIP_IN_RANGE, values)


def record(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """Rule 5: the reply goes to the row, where it is still `started` or `unknown` in that attempt.

    A worker that woke after a takeover may still report: its row learns what became of it, and
    where that is "later", its range is open again. A row that was started again since, by a
    decision, has another attempt and is left alone.
    """
    if not results:
        return
    doubtful = _doubtful(connection, [one for one in results if one.next_attempt_at])
    for alike in _alike(results):
        connection.execute(_RECORD, _values(alike, now))
    for campaign_id, ids in _by_campaign(doubtful).items():
        reopen_ranges(connection, campaign_id, ids, now)


def _doubtful(connection: Connection, deferred: Sequence[Result]) -> list[Start]:
    """The messages of the results whose rows are `unknown`, and so not in open ranges."""
    if not deferred:
        return []
    key = tuple_(deliveries.c.campaign_id, deliveries.c.subscriber_id, deliveries.c.attempt)
    of = [(one.campaign_id, one.subscriber_id, one.attempt) for one in deferred]
    rows = connection.execute(
        lock_rows(
            select(deliveries.c.campaign_id, deliveries.c.subscriber_id).where(
                key.in_(of), deliveries.c.status == DeliveryStatus.UNKNOWN
            )
        )
    )
    return [Start(row.campaign_id, row.subscriber_id) for row in rows]


def _alike(results: Sequence[Result]) -> Collection[list[Result]]:
    """Results that differ in nothing but the person, the attempt and the reply's text."""
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for one in results:
        key = (one.campaign_id, one.status, one.code, one.enhanced_code, one.next_attempt_at)
        groups.setdefault(key, []).append(one)
    return groups.values()


def _values(alike: Sequence[Result], now: datetime) -> dict[str, Any]:
    first = alike[0]
    # By ascending id, as for `_HOLD`.
    rows = [
        (one.campaign_id, one.subscriber_id, one.attempt, kept_reply(one.reply) or None)
        for one in sorted(alike, key=lambda result: result.subscriber_id)
    ]
    return {
        "results": rows,
        "of_campaign": first.campaign_id,
        "low": rows[0][1],
        "high": rows[-1][1],
        "new_status": first.status,
        "new_code": first.code or None,
        "new_enhanced_code": first.enhanced_code or None,
        "new_next_attempt_at": first.next_attempt_at,
        "now": now,
    }


def kept_reply(reply: str) -> str:
    """What is kept of a server's text, and no database refuses: without NUL or half a character."""
    if len(reply) <= LONGEST_REPLY and reply.isprintable():  # nearly every one
        return reply
    return reply[:LONGEST_REPLY].replace("\x00", "").encode("utf-8", "replace").decode()


def _by_campaign(wishes: Collection[Start]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = {}
    for wish in sorted(wishes):
        grouped.setdefault(wish.campaign_id, []).append(wish.subscriber_id)
    return grouped
