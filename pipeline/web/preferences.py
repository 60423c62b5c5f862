"""What a reader gets: which lists, with which pauses, and why; by the link in every mail.

The link is the one for leaving, under another path: both let its owner get less, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Response, Router, post
from litestar.params import RawBody
from sqlalchemy import Connection

from pipeline import audience
from pipeline.audience import Subscription, read_unsubscribe_token
from pipeline.clock import Site
from pipeline.db import reading, writing
from pipeline.language import format_date
from pipeline.schema import ConsentEvent, SubscriptionState
from pipeline.web.handling import Asked, GivenPages, GivenSite, Segment, read_route
from pipeline.web.html import Pages
from pipeline.web.posted_form import read_form
from pipeline.web.readers import list_title, mask, private_page
from pipeline.web.unsubscribing import SAMPLE, UNDO_FOR

PAUSES = (14, 30, 90)  # days
_SOURCE = "preferences page"
_BEGINNINGS = (ConsentEvent.ASKED, ConsentEvent.JOINED)


@dataclass(frozen=True)
class _Choice:
    """One list as the form shows it."""

    id: int
    title: str
    kept: bool  # else it was left a moment ago, and can be had back
    paused_until: str  # as a date is written; empty when it is not paused


@read_route("/{token:str}")
def show(token: Segment, site: GivenSite, pages: GivenPages) -> Response[bytes]:
    """Show what the reader gets. Nothing changes."""
    if token == SAMPLE:
        return private_page(pages.message("sample"))
    reader = read_unsubscribe_token(site.keys, token).subscriber_id
    return private_page(_form(site, pages, reader))


@post("/{token:str}", status_code=200, sync_to_thread=True)
def change(
    token: Segment, body: RawBody, request: Asked, site: GivenSite, pages: GivenPages
) -> Response[Any]:
    """Do what one of the buttons says; a form without one changes nothing."""
    if token == SAMPLE:
        return private_page(pages.message("sample"))
    reader = read_unsubscribe_token(site.keys, token).subscriber_id
    form = read_form(body, request.headers.get("Content-Type", ""))
    if form.get("do") == "save":
        _save(site, reader, form)
        return private_page(_form(site, pages, reader, notice=pages.words["saved"][0]))
    if form.get("do") == "leave":
        return private_page(_leave_all(site, pages, reader))
    if "back" in form:
        return private_page(_come_back(site, pages, reader, form["back"]))
    return private_page(
        _form(site, pages, reader, notice=pages.words["pressed_nothing"][0]), status=400
    )


ROUTER = Router("/preferences", route_handlers=[show, change])


def _save(site: Site, reader: int, form: Mapping[str, str]) -> None:
    """Only what the form showed: a list that was joined meanwhile stays as it is."""
    now = site.now()
    with writing(site.engine) as connection:
        for one in _shown(connection, site, reader):
            if f"shown-{one.list_id}" in form:
                wanted = f"list-{one.list_id}" in form
                _apply(connection, one, form.get(f"pause-{one.list_id}", ""), now, wanted=wanted)


def _apply(
    connection: Connection, one: Subscription, pause: str, now: datetime, *, wanted: bool
) -> None:
    reader, left_at = one.subscriber_id, one.unsubscribed_at
    if not wanted:
        audience.unsubscribe(connection, one.list_id, reader, now, _SOURCE)
        return
    if not _is_kept(one) and left_at is not None:
        audience.come_back(connection, one.list_id, reader, left_at, now, _SOURCE)
    until = _pause(pause, one, now)
    if until != one.paused_until:
        audience.pause_subscription(connection, one.list_id, reader, until, now)


def _pause(chosen: str, one: Subscription, now: datetime) -> datetime | None:
    """Until when a list is to be silent. What is none of the choices leaves it as it is."""
    if chosen == "none":
        return None
    return now + timedelta(days=int(chosen)) if chosen in map(str, PAUSES) else one.paused_until


def _leave_all(site: Site, pages: Pages, reader: int) -> bytes:
    with writing(site.engine) as connection:
        audience.leave_everything(connection, reader, site.now(), _SOURCE)
    return _farewell(site, pages, reader)


def _come_back(site: Site, pages: Pages, reader: int, left: str) -> bytes:
    """Take back the departure that the page told of, and no other."""
    with writing(site.engine) as connection:
        if left != _undo(connection, site, reader):
            return _form(site, pages, reader)
        audience.come_back_to_everything(connection, site.keys, reader, site.now(), _SOURCE)
        address = _address(connection, reader)
    return pages.message("back_to_all", address=mask(address))


def _form(site: Site, pages: Pages, reader: int, notice: str = "") -> bytes:
    with reading(site.engine) as connection:
        address = _address(connection, reader)
        if not address:
            return pages.message("forgotten")
        if audience.left_everything_at(connection, reader) is not None:
            return _said_farewell(connection, site, pages, reader)
        title, promise, button, assurance = pages.words["preferences"]
        shown = _shown(connection, site, reader)
        return pages.write(
            "preferences.html",
            title=title,
            promise=promise.format(address=mask(address)),
            button=button,
            assurance=assurance,
            notice=notice,
            choices=[_choice(connection, site, pages, one) for one in shown],
            pauses=PAUSES,
            reasons=list(_reasons(connection, site, pages, reader)),
        )


def _farewell(site: Site, pages: Pages, reader: int) -> bytes:
    with reading(site.engine) as connection:
        if not _address(connection, reader):
            return pages.message("forgotten")
        return _said_farewell(connection, site, pages, reader)


def _said_farewell(connection: Connection, site: Site, pages: Pages, reader: int) -> bytes:
    undo = _undo(connection, site, reader)
    return pages.message(
        "left_all",
        answer_to="" if undo else site.config.site.email,
        undo=undo,
        address=mask(_address(connection, reader)),
    )


def _undo(connection: Connection, site: Site, reader: int) -> str:
    left_at = audience.left_everything_at(connection, reader)
    if left_at is None or site.now() - left_at > UNDO_FOR:
        return ""
    return left_at.isoformat()


def _shown(connection: Connection, site: Site, reader: int) -> list[Subscription]:
    """What the reader gets, and what they left so lately that it can be taken back."""
    since = site.now() - UNDO_FOR
    found = audience.read_subscriptions(connection, reader)
    return [
        one
        for one in found
        if _is_kept(one) or (one.unsubscribed_at is not None and one.unsubscribed_at >= since)
    ]


def _is_kept(one: Subscription) -> bool:
    return one.state is SubscriptionState.CONFIRMED


def _address(connection: Connection, reader: int) -> str:
    found = audience.read_subscriptions(connection, reader)
    return found[0].email if found else ""


def _choice(connection: Connection, site: Site, pages: Pages, one: Subscription) -> _Choice:
    paused = one.paused_until if one.paused_until and one.paused_until > site.now() else None
    return _Choice(
        one.list_id,
        list_title(connection, one.list, pages.words, site.config),
        _is_kept(one),
        _day(site, paused) if paused else "",
    )


def _reasons(connection: Connection, site: Site, pages: Pages, reader: int) -> Iterator[str]:
    """Why the reader gets mail, in plain words: what their consent receipts tell, oldest first."""
    found = audience.read_subscriptions(connection, reader)
    proofs = audience.consent_of(connection, audience.read_address(found[0].email))
    begun = {proof.list for proof in proofs if proof.event in _BEGINNINGS}
    told = [("why_file", one.confirmed_at, one.list) for one in found if one.list not in begun]
    told += [(f"why_{proof.event}", proof.at, proof.list) for proof in proofs]
    for name, at, mailing_list in told:
        if name in pages.words and at is not None and mailing_list:
            title = list_title(connection, mailing_list, pages.words, site.config)
            yield pages.words[name][0].format(date=_day(site, at), list=title)


def _day(site: Site, at: datetime) -> str:
    day = at.astimezone(site.config.site.zone).date()
    return format_date(day, site.config.site.language)
