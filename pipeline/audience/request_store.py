"""The SQL of requests: who asks to join a list, by which form, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from pipeline.audience.addresses import Address
from pipeline.audience.receipt_store import keep_wording
from pipeline.config import Joining
from pipeline.db import lock_rows, take_turns
from pipeline.schema import NoticeState, RequestState, notices, requests, subscribers

HOUR = timedelta(hours=1)
ONE_MAIL_EACH = timedelta(hours=24)  # to an address that has not used the link of the last one
LINK_DAYS = 7


@dataclass(frozen=True)
class Asking:
    """What a posted form says, and where it came from."""

    list_name: str
    address: Address
    wording: str  # the words above its button
    url: str  # of the form
    network: str  # what is kept of where it came from, or why nothing is
    counted_as: str  # the hash that is limited; empty: not to be told from others


@dataclass(frozen=True)
class JoinRequest:
    """One wish to join a list, as it is kept."""

    id: int
    list_name: str
    email: str
    identity: str
    subscriber_id: int | None
    network: str
    wording: str
    url: str
    state: RequestState
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def add_request(connection: Connection, asked: Asking, limits: Joining, now: datetime) -> bool:
    """Keep one wish to join; False when a list or network has had too many within an hour.

    An address that was typed too often is let go in silence: the answer shall not tell who else
    typed it. The statements are the same whoever the address belongs to.
    """
    take_turns(connection, "requests")  # or processes that count together all see room for one
    hour = requests.c.created_at > now - HOUR
    by_list, by_network, by_address = connection.execute(
        select(
            _count(hour, requests.c.list_name == asked.list_name),
            _count(hour, requests.c.counted_as == asked.counted_as),
            _count(hour, requests.c.identity == asked.address.identity),
        )
    ).one()
    known = bool(asked.counted_as)
    if by_list >= limits.requests_per_list:
        return False
    if known and by_network >= limits.requests_per_network:
        return False
    if by_address < limits.requests_per_address:
        _add(connection, asked, now)
    return True


def _count(*conditions: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(requests).where(*conditions).scalar_subquery()


def _add(connection: Connection, asked: Asking, now: datetime) -> None:
    connection.execute(
        requests.insert().values(
            list_name=asked.list_name,
            email=asked.address.email,
            identity=asked.address.identity,
            network=asked.network,
            counted_as=asked.counted_as,
            wording=keep_wording(connection, asked.wording),
            url=asked.url,
            state=RequestState.OPEN,
            created_at=now,
        )
    )


def has_open_requests(connection: Connection) -> bool:
    """Whether there may be something to settle."""
    asked = select(requests.c.id).where(requests.c.state == RequestState.OPEN).limit(1)
    return connection.execute(asked).first() is not None


def read_open_requests(
    connection: Connection, now: datetime, limit: int
) -> tuple[JoinRequest, ...]:
    """The oldest requests nobody has looked at, but for those that wait for an earlier mail."""
    take_turns(connection, "requests")
    earlier = requests.alias("earlier")
    waits = exists().where(
        earlier.c.identity == requests.c.identity,
        earlier.c.list_name != requests.c.list_name,
        earlier.c.state == RequestState.MAILED,
        earlier.c.settled_at > now - ONE_MAIL_EACH,
    )
    rows = connection.execute(
        select(requests)
        .where(requests.c.state == RequestState.OPEN, ~waits)
        .order_by(requests.c.id)
        .limit(limit)
    )
    return tuple(map(_request, rows))


def lists_mailed(connection: Connection, identity: str, now: datetime) -> frozenset[str]:
    """For which lists an address has an unused confirmation mail of the last day."""
    found = connection.execute(
        select(requests.c.list_name).where(
            requests.c.identity == identity,
            requests.c.state == RequestState.MAILED,
            requests.c.settled_at > now - ONE_MAIL_EACH,
        )
    ).scalars()
    return frozenset(found)


def settle(
    connection: Connection,
    request_id: int,
    state: RequestState,
    now: datetime,
    subscriber_id: int | None = None,
) -> None:
    """Note what became of a request; one that is mailed gets a link that holds for LINK_DAYS."""
    values: dict[str, Any] = {"state": state, "settled_at": now, "subscriber_id": subscriber_id}
    if state is RequestState.MAILED:
        values["expires_at"] = now + timedelta(days=LINK_DAYS)
    if state is RequestState.CONFIRMED:
        values["used_at"] = now
    connection.execute(update(requests).where(requests.c.id == request_id).values(values))


def find_request(
    connection: Connection, request_id: int, *, hold: bool = False
) -> JoinRequest | None:
    """One request; `hold` lets nobody else use its link until the transaction ends."""
    found = select(requests).where(requests.c.id == request_id)
    row = connection.execute(lock_rows(found) if hold else found).one_or_none()
    return _request(row) if row else None


def use(connection: Connection, request_id: int, now: datetime) -> None:
    """Note that a link was used: it does nothing more."""
    connection.execute(
        update(requests)
        .where(requests.c.id == request_id)
        .values(state=RequestState.CONFIRMED, used_at=now)
    )


def mailed_at(connection: Connection, request_id: int) -> datetime | None:
    """When the confirmation mail was accepted by the next server."""
    return connection.execute(
        select(func.min(notices.c.recorded_at)).where(
            notices.c.request_id == request_id, notices.c.state == NoticeState.SENT
        )
    ).scalar()


def forget_networks(connection: Connection, now: datetime) -> None:
    """Empty what requests are counted by, once it no longer counts."""
    connection.execute(
        update(requests)
        .where(requests.c.counted_as != "", requests.c.created_at <= now - HOUR)
        .values(counted_as="")
    )


def drop_old_requests(
    connection: Connection, before: datetime, now: datetime, limit: int
) -> tuple[int, frozenset[int]]:
    """Delete requests from before, with their notices; how many, and whose they were.

    What was dropped at once goes after a day: until then it counts against limits.
    """
    take_turns(connection, "requests")
    old = or_(
        requests.c.created_at < before,
        and_(
            requests.c.state == RequestState.DROPPED,
            requests.c.created_at < now - ONE_MAIL_EACH,
        ),
    )
    rows = connection.execute(
        select(requests.c.id, requests.c.subscriber_id).where(old).limit(limit)
    ).all()
    _delete(connection, [row.id for row in rows])
    return len(rows), frozenset(row.subscriber_id for row in rows if row.subscriber_id)


def forget_requests(connection: Connection, subscriber_id: int) -> None:
    """Delete what a person asked for by forms, and the notices about it."""
    identity = (
        select(subscribers.c.identity).where(subscribers.c.id == subscriber_id).scalar_subquery()
    )
    found = connection.execute(
        select(requests.c.id).where(
            or_(requests.c.subscriber_id == subscriber_id, requests.c.identity == identity)
        )
    ).scalars()
    _delete(connection, list(found))


def _delete(connection: Connection, ids: Iterable[int]) -> None:
    found = list(ids)
    if found:
        connection.execute(delete(notices).where(notices.c.request_id.in_(found)))
        connection.execute(delete(requests).where(requests.c.id.in_(found)))


def _request(row: Row[Any]) -> JoinRequest:
    return JoinRequest(
        row.id,
        row.list_name,
        row.email,
        row.identity,
        row.subscriber_id,
        row.network,
        row.wording,
        row.url,
        RequestState(row.state),
        row.created_at,
        row.expires_at,
        row.used_at,
    )
