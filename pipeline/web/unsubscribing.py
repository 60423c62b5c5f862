"""Leaving a list: a page with one button for people, one POST for mail programs (RFC 8058).

The page that confirms it takes it back by one button, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import MediaType, Response, Router, post
from litestar.params import RawBody

from pipeline.audience import (
    UnsubscribeClaim,
    come_back,
    find_subscription,
    read_unsubscribe_token,
)
from pipeline.clock import Site
from pipeline.db import reading, writing
from pipeline.schema import SubscriptionState
from pipeline.web.handling import Asked, GivenDepartures, GivenPages, GivenSite, Segment, read_route
from pipeline.web.html import Pages
from pipeline.web.posted_form import read_form
from pipeline.web.readers import PRIVATE, list_title, mask, private_page

UNDO_FOR = timedelta(days=1)  # after which a letter that was passed on brings nobody back
SAMPLE = "sample"  # stands in previews where a reader's token would be


@dataclass(frozen=True)
class _Standing:
    """Where a reader stands with a list, in words for the reader."""

    newsletter: str
    address: str  # masked
    subscribed: bool
    left_at: datetime | None


@read_route("/{token:str}")
def ask(token: Segment, site: GivenSite, pages: GivenPages) -> Response[bytes]:
    """Offer the button. Nothing changes: scanners and previews follow links too (RFC 8058 1)."""
    if token == SAMPLE:
        return private_page(pages.message("sample"))
    claim = read_unsubscribe_token(site.keys, token)
    return private_page(_question(site, pages, claim))


@post("/{token:str}", status_code=200, sync_to_thread=True)
def leave(
    token: Segment,
    body: RawBody,
    request: Asked,
    site: GivenSite,
    pages: GivenPages,
    departures: GivenDepartures,
) -> Response[Any]:
    """Take the reader off at once, without cookie or redirect (RFC 8058 3.1, 3.2).

    A form that says neither that it is one-click nor that the button was pressed changes
    nothing and is answered with 400 and the button.
    """
    if token == SAMPLE:
        return private_page(pages.message("sample"))
    claim = read_unsubscribe_token(site.keys, token)
    form = read_form(body, request.headers.get("Content-Type", ""))
    if form.get("List-Unsubscribe", "").lower() == "one-click":
        departures.leave(claim, "one-click")
        return Response(pages.words["one_click"][0], media_type=MediaType.TEXT, headers=PRIVATE)
    if form.get("confirm") == "yes":
        departures.leave(claim, "page")
        return private_page(_farewell(site, pages, _read_standing(site, pages, claim), "left"))
    if "back" in form:
        return private_page(_bring_back(site, pages, claim, form["back"]))
    return private_page(_question(site, pages, claim, missed=True), status=400)


# Two handlers of one path have to meet in a router: met in the application, the first of them
# would be wrapped for its thread twice, and fail.
ROUTER = Router("/unsubscribe", route_handlers=[ask, leave])


def _bring_back(site: Site, pages: Pages, claim: UnsubscribeClaim, left: str) -> bytes:
    """Take back the departure that the page told of, and no other."""
    found = _read_standing(site, pages, claim)
    if found is None or found.left_at is None or left != _undo(site, found):
        return _farewell(site, pages, found, "left_already")
    with writing(site.engine) as connection:
        came_back = come_back(
            connection,
            claim.list_id,
            claim.subscriber_id,
            found.left_at,
            site.now(),
            "page",
        )
    if not came_back:
        return _farewell(site, pages, found, "left_already")
    return pages.message("back", newsletter=found.newsletter, address=found.address)


def _undo(site: Site, found: _Standing) -> str:
    """What the button that takes a departure back posts: which one it is; or nothing."""
    if found.left_at is None or found.subscribed or site.now() - found.left_at > UNDO_FOR:
        return ""
    return found.left_at.isoformat()


def _question(site: Site, pages: Pages, claim: UnsubscribeClaim, *, missed: bool = False) -> bytes:
    found = _read_standing(site, pages, claim)
    if found is None or not found.subscribed:
        return _farewell(site, pages, found, "left_already")
    title, promise, button, assurance = pages.words["ask"]
    return pages.write(
        "unsubscribe.html",
        title=title.format(newsletter=found.newsletter),
        notice=pages.words["pressed_nothing"][0] if missed else "",
        promise=promise.format(address=found.address),
        button=button,
        assurance=assurance,
    )


def _farewell(site: Site, pages: Pages, found: _Standing | None, name: str) -> bytes:
    if found is None:
        return pages.message("forgotten")
    undo = _undo(site, found)
    return pages.message(
        name,
        answer_to="" if undo else site.config.site.email,
        undo=undo,
        newsletter=found.newsletter,
        address=found.address,
    )


def _read_standing(site: Site, pages: Pages, claim: UnsubscribeClaim) -> _Standing | None:
    with reading(site.engine) as connection:
        found = find_subscription(connection, claim.list_id, claim.subscriber_id)
        if found is None or not found.email:
            return None
        return _Standing(
            newsletter=list_title(connection, found.list, pages.words, site.config),
            address=mask(found.email),
            subscribed=found.state is not SubscriptionState.UNSUBSCRIBED,
            left_at=found.unsubscribed_at,
        )
