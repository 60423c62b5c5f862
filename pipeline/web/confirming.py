"""The link in a confirmation mail: a page with one button, because scanners follow links too."""

from __future__ import annotations

from litestar import Response, Router, post
from litestar.params import RawBody

from pipeline.audience import (
    Confirmation,
    Standing,
    confirm_request,
    read_confirm_token,
    read_confirmation,
    unsubscribe_token,
)
from pipeline.clock import Site
from pipeline.db import reading, writing
from pipeline.errors import TokenError
from pipeline.web.handling import Asked, GivenPages, GivenSite, Segment, read_route
from pipeline.web.html import Pages
from pipeline.web.posted_form import read_form
from pipeline.web.readers import mask, private_page


@read_route("/{token:str}")
def ask(token: Segment, site: GivenSite, pages: GivenPages) -> Response[bytes]:
    """Offer the button; nothing changes."""
    try:
        request_id = read_confirm_token(site.keys, token)
    except TokenError:
        return _invalid(pages)
    with reading(site.engine) as connection:
        found = read_confirmation(connection, site.keys, request_id, site.now())
    return _show(site, pages, found)


@post("/{token:str}", status_code=200, sync_to_thread=True)
def confirm(
    token: Segment, body: RawBody, request: Asked, site: GivenSite, pages: GivenPages
) -> Response[bytes]:
    """Put the reader on the list, if the button was pressed."""
    try:
        request_id = read_confirm_token(site.keys, token)
    except TokenError:
        return _invalid(pages)
    pressed = read_form(body, request.headers.get("Content-Type", "")).get("confirm") == "yes"
    if not pressed:
        with reading(site.engine) as connection:
            found = read_confirmation(connection, site.keys, request_id, site.now())
        return _show(site, pages, found, missed=True)
    with writing(site.engine) as connection:
        found = confirm_request(connection, site.keys, request_id, site.now())
    return _show(site, pages, found)


ROUTER = Router("/confirm", route_handlers=[ask, confirm])


def _show(
    site: Site, pages: Pages, found: Confirmation | None, *, missed: bool = False
) -> Response[bytes]:
    if found is None or found.standing is Standing.EXPIRED:
        return private_page(_expired(site, pages, found), 410)
    settings = site.config.find_list(found.list_name)
    title = settings.title if settings else found.list_name
    address = mask(found.email)
    if found.standing is Standing.WAITS:
        return private_page(_question(pages, title, address, missed=missed), 400 if missed else 200)
    name = "confirmed" if found.standing is Standing.CONFIRMED else "confirmed_already"
    token = unsubscribe_token(site.keys, found.list_id, found.subscriber_id)
    leave = f"/unsubscribe/{token}", pages.words["not_after_all"][0]
    return private_page(pages.message(name, onward=leave, newsletter=title, address=address))


def _question(pages: Pages, title: str, address: str, *, missed: bool) -> bytes:
    heading, promise, button, assurance = pages.words["confirm"]
    return pages.write(
        "unsubscribe.html",
        title=heading.format(newsletter=title),
        notice=pages.words["pressed_nothing"][0] if missed else "",
        promise=promise.format(newsletter=title, address=address),
        button=button,
        assurance=assurance,
    )


def _expired(site: Site, pages: Pages, found: Confirmation | None) -> bytes:
    settings = site.config.find_list(found.list_name) if found else None
    if settings is None:
        return pages.message("confirm_too_late", answer_to=site.config.site.email)
    again = f"/subscribe/{settings.name}", pages.words["ask_again"][0]
    return pages.message("confirm_too_late", onward=again)


def _invalid(pages: Pages) -> Response[bytes]:
    return private_page(pages.message("bad_confirm_link"), 404)
