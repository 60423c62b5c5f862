"""The SQL of notices: planned once, started before the body leaves, and what came of it.

The rules are the ledger's, but for one: an attempt of which nobody knows what became is made once
more. It is the same message with the same link, and a confirmation that never came helps nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, null, or_, select, update

from pipeline.db import insert
from pipeline.ledger import kept_reply
from pipeline.schema import (
    NoticeKind,
    NoticeState,
    mailing_lists,
    notices,
    requests,
    subscribers,
)

_WAITING = (NoticeState.PLANNED, NoticeState.DEFERRED, NoticeState.UNKNOWN)


@dataclass(frozen=True)
class PlannedNotice:
    """One notice that is due."""

    id: int
    request_id: int
    list_name: str
    email: str
    created_at: datetime
    expires_at: datetime  # when the link in it ends


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    state: NoticeState
    next_attempt_at: datetime | None = None
    code: int = 0  # SMTP reply code; 0 when there was no reply
    enhanced_code: str = ""  # RFC 3463
    reply: str = ""


def plan_confirmation(
    connection: Connection,
    request_id: int,
    list_id: int,
    subscriber_id: int,
    email: str,
    now: datetime,
) -> None:
    """Plan the mail that asks whether somebody wants to join; for one request, once."""
    connection.execute(
        insert(connection, notices)
        .values(
            kind=NoticeKind.CONFIRMATION,
            key=f"{NoticeKind.CONFIRMATION.value}:{request_id}",
            request_id=request_id,
            list_id=list_id,
            subscriber_id=subscriber_id,
            email=email,
            state=NoticeState.PLANNED,
            created_at=now,
            next_attempt_at=now,
        )
        .on_conflict_do_nothing()
    )


def _due(now: datetime) -> Any:
    return and_(notices.c.state.in_(_WAITING), notices.c.next_attempt_at <= now)


def has_due_notices(connection: Connection, now: datetime) -> bool:
    """Whether a notice is to be sent now, or was being sent by somebody."""
    either = or_(_due(now), notices.c.state == NoticeState.STARTED)
    return connection.execute(select(notices.c.id).where(either).limit(1)).first() is not None


def read_due(
    connection: Connection, now: datetime, after_id: int, limit: int
) -> tuple[PlannedNotice, ...]:
    """Some of the notices that are due, by ascending id after `after_id`."""
    rows = connection.execute(
        select(notices, mailing_lists.c.name.label("list_name"), requests.c.expires_at)
        .join(mailing_lists, mailing_lists.c.id == notices.c.list_id)
        .join(requests, requests.c.id == notices.c.request_id)
        .where(_due(now), notices.c.id > after_id)
        .order_by(notices.c.id)
        .limit(limit)
    )
    return tuple(map(_notice, rows))


def _notice(row: Row[Any]) -> PlannedNotice:
    return PlannedNotice(
        row.id, row.request_id, row.list_name, row.email, row.created_at, row.expires_at
    )


def start(connection: Connection, notice_id: int, worker: str, now: datetime) -> int | None:
    """The fence: note that a notice is begun, and give its attempt; None if it must not be sent.

    Somebody else may have begun it, or its person been erased.
    """
    return connection.execute(
        update(notices)
        .where(
            notices.c.id == notice_id,
            _due(now),
            notices.c.subscriber_id.in_(
                select(subscribers.c.id).where(
                    subscribers.c.id == notices.c.subscriber_id,
                    subscribers.c.identity.is_not(None),
                )
            ),
        )
        .values(
            state=NoticeState.STARTED,
            attempt=notices.c.attempt + 1,
            worker=worker,
            started_at=now,
            next_attempt_at=None,
        )
        .returning(notices.c.attempt)
    ).scalar()


def put_back(connection: Connection, notice_id: int, attempt: int, now: datetime) -> None:
    """Take back an attempt of which nothing has left."""
    connection.execute(
        update(notices)
        .where(_in_flight(notice_id, attempt))
        .values(state=NoticeState.PLANNED, attempt=attempt - 1, next_attempt_at=now)
    )


def record(
    connection: Connection, notice_id: int, attempt: int, outcome: Outcome, now: datetime
) -> None:
    """Note what became of an attempt, where nobody has begun another."""
    connection.execute(
        update(notices)
        .where(_in_flight(notice_id, attempt))
        .values(
            state=outcome.state,
            next_attempt_at=outcome.next_attempt_at,
            code=outcome.code or None,
            enhanced_code=outcome.enhanced_code or None,
            reply=kept_reply(outcome.reply) or None,
            recorded_at=now,
        )
    )


def _in_flight(notice_id: int, attempt: int) -> Any:
    return and_(
        notices.c.id == notice_id,
        notices.c.attempt == attempt,
        notices.c.state.in_((NoticeState.STARTED, NoticeState.UNKNOWN)),
    )


def read_senders(connection: Connection) -> tuple[str, ...]:
    """The workers that have a notice in flight."""
    found = select(notices.c.worker).where(notices.c.state == NoticeState.STARTED).distinct()
    return tuple(name for name in connection.execute(found).scalars() if name)


def doubt_lost(
    connection: Connection, gone: Collection[str], silent_since: datetime, now: datetime
) -> int:
    """Put in doubt what senders that are gone, or silent for long, had in flight; how many.

    Of a first attempt another one is made.
    """
    lost = or_(notices.c.worker.in_(list(gone)), notices.c.started_at < silent_since)
    doubted = connection.execute(
        update(notices)
        .where(notices.c.state == NoticeState.STARTED, lost)
        .values(
            state=NoticeState.UNKNOWN,
            next_attempt_at=case((notices.c.attempt == 1, now), else_=null()),
            recorded_at=now,
        )
    )
    return doubted.rowcount


def expire_old(connection: Connection, planned_before: datetime, now: datetime) -> int:
    """End trying where it has gone on for too long, or the link in it no longer holds; how many."""
    ended = requests.c.expires_at <= now
    of_ended = select(requests.c.id).where(requests.c.id == notices.c.request_id, ended)
    expired = connection.execute(
        update(notices)
        .where(
            notices.c.state.in_((NoticeState.PLANNED, NoticeState.DEFERRED)),
            or_(notices.c.created_at < planned_before, notices.c.request_id.in_(of_ended)),
        )
        .values(state=NoticeState.EXPIRED, next_attempt_at=null(), recorded_at=now)
    )
    return expired.rowcount
