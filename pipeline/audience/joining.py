"""Joining a list by a form: what follows from a request, and from the link in its mail.

The form's handler only keeps the request; all that depends on who asks happens here, later, so that
nobody learns from the form whom we know. No SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from sqlalchemy import Connection

from pipeline.audience import joining_store, request_store, store
from pipeline.audience.keys import Keys
from pipeline.audience.receipt_store import write_receipts
from pipeline.audience.receipts import Receipt
from pipeline.audience.request_store import JoinRequest
from pipeline.audience.suppression_store import find_suppressed, lift_suppression
from pipeline.schema import ConsentEvent, RequestState, SubscriptionState, SuppressionReason

AT_ONCE = 100  # requests, in one transaction


class Invitee(NamedTuple):
    """Somebody who is to be asked by mail whether it was them."""

    request_id: int
    list_id: int
    subscriber_id: int
    email: str


class Standing(Enum):
    """What a link does, or did, when it is followed."""

    WAITS = auto()  # the button puts the person on the list
    CONFIRMED = auto()  # it just did
    ALREADY = auto()  # the person is on the list
    EXPIRED = auto()  # nothing: too old, used and left since, or not ours to decide


@dataclass(frozen=True)
class Confirmation:
    """A request as its link shows it."""

    standing: Standing
    list_name: str
    list_id: int
    subscriber_id: int
    email: str


def settle_requests(
    connection: Connection, keys: Keys, double: Mapping[str, bool], now: datetime
) -> tuple[tuple[Invitee, ...], int]:
    """Decide about the oldest open requests: who is to be asked by mail, and how many were decided.

    `double` has the lists with a form, and whether they ask for a confirmation.
    """
    found = request_store.read_open_requests(connection, now, AT_ONCE)
    asked: list[Invitee] = []
    decided = 0
    for request in found:
        if request.list_name not in double:
            request_store.settle(connection, request.id, RequestState.DROPPED, now)
            decided += 1
            continue
        ask = double[request.list_name]
        state, invitee = _settle(connection, keys, request, now, double=ask)
        decided += state is not RequestState.OPEN
        if invitee is not None:
            asked.append(invitee)
    return tuple(asked), decided


def _settle(
    connection: Connection, keys: Keys, request: JoinRequest, now: datetime, *, double: bool
) -> tuple[RequestState, Invitee | None]:
    list_id = store.ensure_list(connection, request.list_name, now)
    known = store.find_id(connection, request.identity)
    found = store.find_subscription(connection, list_id, known) if known else None
    state = found.state if found else None
    reason = find_suppressed(connection, keys, [request.identity]).get(request.identity)
    lists = request_store.lists_mailed(connection, request.identity, now)
    decision = _decide(request.list_name, state, reason, lists, double=double)
    if decision is RequestState.OPEN:
        return decision, None
    if decision is RequestState.DROPPED:
        request_store.settle(connection, request.id, decision, now)
        return decision, None
    person = joining_store.ensure_person(connection, request.email, request.identity, now)
    source = f"form {request.url}"
    if decision is RequestState.CONFIRMED:
        joining_store.confirm_subscription(connection, list_id, person, source, now)
        event = ConsentEvent.JOINED
    else:
        joining_store.add_pending(connection, list_id, person, source)
        event = ConsentEvent.ASKED
    said = Receipt(event, now, list_id, person, _details(request))
    write_receipts(connection, [said])
    request_store.settle(connection, request.id, decision, now, person)
    if decision is RequestState.CONFIRMED:
        return decision, None
    return decision, Invitee(request.id, list_id, person, request.email)


def _decide(
    list_name: str,
    state: SubscriptionState | None,
    reason: SuppressionReason | None,
    lists_mailed: frozenset[str],
    *,
    double: bool,
) -> RequestState:
    """What becomes of a request. Pure.

    Who left, or is suppressed, comes back by a mail alone, whatever the list asks of others: else
    anybody could bring them back. Staff's word against an address stands.
    """
    if reason is SuppressionReason.MANUAL:
        return RequestState.DROPPED
    if state is SubscriptionState.CONFIRMED and reason is None:
        return RequestState.DROPPED
    if not double and reason is None and state is not SubscriptionState.UNSUBSCRIBED:
        return RequestState.CONFIRMED
    if list_name in lists_mailed:
        return RequestState.DROPPED
    return RequestState.OPEN if lists_mailed else RequestState.MAILED


def _details(request: JoinRequest, **more: str) -> dict[str, str]:
    return {
        "address": request.email,
        "source": "form",
        "wording": request.wording,
        "url": request.url,
        "network": request.network,
        "asked_at": request.created_at.isoformat(),
        **more,
    }


def read_confirmation(
    connection: Connection, keys: Keys, request_id: int, now: datetime
) -> Confirmation | None:
    """Where the request behind a valid link stands; None once it is forgotten."""
    return _look(connection, keys, request_store.find_request(connection, request_id), now)


def confirm_request(
    connection: Connection, keys: Keys, request_id: int, now: datetime
) -> Confirmation | None:
    """The person at the address says yes: put them on the list, once.

    Their own yes, by mail, also lifts what kept their address from being mailed.
    """
    request = request_store.find_request(connection, request_id, hold=True)
    found = _look(connection, keys, request, now)
    if request is None or found is None or found.standing is not Standing.WAITS:
        return found
    source = f"form {request.url}"
    joining_store.confirm_subscription(connection, found.list_id, found.subscriber_id, source, now)
    lift_suppression(connection, keys, request.identity)
    mailed_at = request_store.mailed_at(connection, request.id)
    told = {"mailed_at": mailed_at.isoformat()} if mailed_at else {}
    details = _details(request, **told)
    said = Receipt(ConsentEvent.CONFIRMED, now, found.list_id, found.subscriber_id, details)
    write_receipts(connection, [said])
    request_store.use(connection, request.id, now)
    return Confirmation(
        Standing.CONFIRMED, found.list_name, found.list_id, found.subscriber_id, found.email
    )


def _look(
    connection: Connection, keys: Keys, request: JoinRequest | None, now: datetime
) -> Confirmation | None:
    if request is None or request.subscriber_id is None:
        return None
    list_id = store.find_list(connection, request.list_name).id
    found = store.find_subscription(connection, list_id, request.subscriber_id)
    if found is None or not found.email:
        return None
    reason = find_suppressed(connection, keys, [request.identity]).get(request.identity)
    standing = _stand(request, found.state, reason, now)
    return Confirmation(standing, request.list_name, list_id, found.subscriber_id, request.email)


def _stand(
    request: JoinRequest,
    state: SubscriptionState,
    reason: SuppressionReason | None,
    now: datetime,
) -> Standing:
    if state is SubscriptionState.CONFIRMED and reason is None:
        return Standing.ALREADY
    too_old = request.expires_at is None or request.expires_at <= now
    if request.used_at is not None or too_old or reason is SuppressionReason.MANUAL:
        return Standing.EXPIRED
    return Standing.WAITS


def purge_requests(connection: Connection, days: int, now: datetime) -> int:
    """Forget a batch of what nobody confirmed within so many days; how many requests went.

    Their network goes sooner: what limits count by is emptied after an hour.
    """
    request_store.forget_networks(connection, now)
    before = now - timedelta(days=days)
    count, people = request_store.drop_old_requests(connection, before, now, AT_ONCE)
    for person in sorted(people):
        joining_store.drop_pending(connection, person, now)
    return count
