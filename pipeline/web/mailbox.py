"""The local mailbox as pages: what was captured, and one message as HTML, text and source."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from pipeline.clock import Site
from pipeline.delivery import Mail, list_mails, read_mail
from pipeline.web.handling import Asked, GivenLinks, GivenPages, GivenSite, Segment, read_route
from pipeline.web.html import HTML, Pages
from pipeline.web.loopback import is_on_this_machine
from pipeline.web.mail import open_mail

SHOWN = 200  # messages in the list
SOURCE_SHOWN = 500_000  # octets; a browser takes long over more
PHONE = "375"  # CSS pixels
_SUFFIX = ".eml"
_KEY = re.compile(r"\w[\w.-]{0,200}")
_PRIVATE = {"Referrer-Policy": "no-referrer"}
# The message is not ours: it may show pictures and its own styles, and links open elsewhere.
_MAIL_POLICY = (
    "default-src 'none'; img-src * data:; style-src 'unsafe-inline'; font-src * data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)


def refuse_strangers(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: captured mail holds addresses, so for everybody else there is no such page."""
    if not is_on_this_machine(connection):
        raise NotFoundException


@read_route("/")
def inbox(site: GivenSite, pages: GivenPages) -> Response[bytes]:
    """The newest messages, and how many there are."""
    mails, total = list_mails(site.mailbox, SHOWN)
    zone = site.config.site.zone
    return _page(
        pages,
        "mailbox.html",
        title="Mailbox",
        mails=[_row(mail, zone) for mail in mails],
        shown=f"{len(mails):,}",
        total=f"{total:,}",
        is_cut=total > len(mails),
    )


@read_route("/{key:str}")
def look(
    key: Segment, request: Asked, site: GivenSite, pages: GivenPages, links: GivenLinks
) -> Response[bytes]:
    """One message: its HTML in a frame, at the width of a desktop or a phone; or the file."""
    if key.endswith(_SUFFIX):
        return _download(site, key.removesuffix(_SUFFIX))
    message = _read(site, key)
    is_phone = request.query_params.get("width") == PHONE
    return _view(
        site, pages, key, message, tab="html", hosts=links.hosts, is_phone=is_phone, width=PHONE
    )


@read_route("/{key:str}/text")
def text(key: Segment, site: GivenSite, pages: GivenPages, links: GivenLinks) -> Response[bytes]:
    """One message: its plain text."""
    message = _read(site, key)
    plain = open_mail(message).text
    shown = None if plain is None else links.in_text(plain)
    return _view(site, pages, key, message, tab="text", hosts=links.hosts, shown=shown)


@read_route("/{key:str}/source")
def source(key: Segment, site: GivenSite, pages: GivenPages) -> Response[bytes]:
    """One message: what stood on the wire."""
    message = _read(site, key)
    shown = message[:SOURCE_SHOWN].decode("utf-8", "replace").replace("\r\n", "\n")
    is_cut = len(message) > SOURCE_SHOWN
    return _view(site, pages, key, message, tab="source", shown=shown, is_cut=is_cut)


@read_route("/{key:str}/html")
def frame(key: Segment, site: GivenSite, links: GivenLinks) -> Response[bytes]:
    """The HTML of a message alone, for the frame: no scripts, no origin of its own."""
    page = open_mail(_read(site, key)).html
    if page is None:
        raise NotFoundException
    headers = {**_PRIVATE, "Content-Security-Policy": _MAIL_POLICY}
    return Response(links.in_letter(page).encode(), media_type=HTML, headers=headers)


ROUTES = (inbox, look, text, source, frame)


def _read(site: Site, key: str) -> bytes:
    message = read_mail(site.mailbox, key) if _KEY.fullmatch(key) else None
    if message is None:
        raise NotFoundException
    return message


def _download(site: Site, key: str) -> Response[bytes]:
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="{key}{_SUFFIX}"'}
    return Response(_read(site, key), media_type="message/rfc822", headers=headers)


def _view(
    site: Site, pages: Pages, key: str, message: bytes, *, tab: str, **values: Any
) -> Response[bytes]:
    mail = open_mail(message)
    return _page(
        pages,
        "mail.html",
        title=mail.subject or "(no subject)",
        mail=mail,
        place=f"/mailbox/{key}",
        date=mail.date and moment(mail.date, site.config.site.zone),
        size=in_words(len(message)),
        tab=tab,
        **values,
    )


def _row(mail: Mail, zone: ZoneInfo) -> dict[str, Any]:
    name, address = parseaddr(mail.recipient)
    return {
        "mail": mail,
        "place": f"/mailbox/{mail.key}/",
        "subject": mail.subject or "(no subject)",
        "name": name,
        "address": address or mail.recipient,
        "time": moment(mail.received_at, zone),
        "size": in_words(mail.size),
    }


def moment(time: datetime, zone: ZoneInfo) -> str:
    """A time with its zone, as in "3 Mar 2026, 09:00:05 EST"."""
    local = time.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"


def in_words(octets: int) -> str:
    """A size in kB or MB, never rounded down to nothing."""
    if octets < 1_000_000:
        return f"{max(1, round(octets / 1000))} kB"
    return f"{octets / 1_000_000:.1f} MB"


def _page(pages: Pages, template: str, **values: Any) -> Response[bytes]:
    content = pages.write(template, language="en", **values)
    return Response(content, media_type=HTML, headers=_PRIVATE)
