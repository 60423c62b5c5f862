"""Joining a list: a form with one field, and the same answer to everybody who posts it.

The handler keeps the request and looks nobody up: who is known, left or suppressed is the clock's
to find out, so that neither the answer nor its time tells.
"""

from __future__ import annotations

from litestar import Response, Router, post
from litestar.exceptions import NotFoundException
from litestar.params import RawBody
from markupsafe import Markup

from pipeline.audience import (
    Address,
    Asking,
    add_request,
    form_stamp,
    hash_network,
    read_address,
    read_form_stamp,
)
from pipeline.clock import Site
from pipeline.config import ListSettings
from pipeline.db import writing
from pipeline.errors import AudienceError
from pipeline.web.handling import Asked, GivenPages, GivenSite, Segment, read_route
from pipeline.web.html import HTML, Pages
from pipeline.web.networks import kept_of, network_of
from pipeline.web.posted_form import read_form

TRAP = "website"  # a field that people do not see, and programs fill in
QUICKEST_SECONDS = 2  # from the page to its button; programs are quicker
OLDEST_SECONDS = 24 * 3600
RETRY_SECONDS = 3600
_SNIPPET = Markup("""\
<form action="{}" method="post" accept-charset="utf-8">
  <label>{}
    <input name="email" type="email" autocomplete="email" required>
  </label>
  <button>{}</button>
</form>
""")
_LONGEST = 320  # characters of what was typed that are shown again


@read_route("/{name:str}")
def show(name: Segment, site: GivenSite, pages: GivenPages) -> Response[bytes]:
    """The form."""
    return _page(_form(site, pages, _find(site, name)))


@read_route("/{name:str}/embed")
def embed(name: Segment, site: GivenSite, pages: GivenPages) -> Response[bytes]:
    """The form as HTML, to be copied into other pages."""
    settings = _find(site, name)
    title, explanation = pages.words["embed"]
    content = pages.write(
        "embed.html",
        title=title,
        explanation=explanation,
        snippet=str(_SNIPPET.format(_url(site, settings), *pages.words["join"][1:])),
    )
    return _page(content)


@post("/{name:str}", status_code=200, sync_to_thread=True)
def ask(
    name: Segment, body: RawBody, request: Asked, site: GivenSite, pages: GivenPages
) -> Response[bytes]:
    """Keep a request. No cookie and no token: a form on any page may post here.

    Without our stamp, as from such a form, a page with one button comes first.
    """
    settings = _find(site, name)
    form = read_form(body, request.headers.get("Content-Type", ""))
    typed = form.get("email", "")
    try:
        address = read_address(typed)
    except AudienceError:
        notice = pages.words["join_bad_address"][0]
        return _page(_form(site, pages, settings, typed=typed, notice=notice), 400)
    if form.get(TRAP):
        return _answer(pages, settings, address)
    if not _was_shown(site, pages, settings, form.get("shown", "")):
        return _page(_second_page(site, pages, settings, address))
    peer = request.client.host if request.client else ""
    if not _keep(site, pages, settings, address, peer):
        notice = pages.words["join_too_many"][0]
        refusal = _page(_form(site, pages, settings, typed=typed, notice=notice), 429)
        refusal.headers["Retry-After"] = str(RETRY_SECONDS)
        return refusal
    return _answer(pages, settings, address)


ROUTER = Router("/subscribe", route_handlers=[show, ask, embed])


def _find(site: Site, name: str) -> ListSettings:
    settings = site.config.find_list(name)
    if settings is None:
        raise NotFoundException
    return settings


def _url(site: Site, settings: ListSettings) -> str:
    return f"{site.config.serve.public_url}/subscribe/{settings.name}"


def _wording(site: Site, pages: Pages, settings: ListSettings) -> str:
    """What people agree to, as the form says it."""
    default = pages.words["wording"][0]
    return settings.wording or default.format(title=settings.title, site=site.config.site.title)


def _stamp(site: Site, pages: Pages, settings: ListSettings) -> str:
    seconds = int(site.now().timestamp())
    return form_stamp(site.keys, settings.name, _wording(site, pages, settings), seconds)


def _was_shown(site: Site, pages: Pages, settings: ListSettings, stamp: str) -> bool:
    """Whether our page with these words was before somebody's eyes for a moment."""
    wording = _wording(site, pages, settings)
    shown = read_form_stamp(site.keys, settings.name, wording, stamp)
    if shown is None:
        return False
    return QUICKEST_SECONDS <= site.now().timestamp() - shown <= OLDEST_SECONDS


def _form(
    site: Site, pages: Pages, settings: ListSettings, *, typed: str = "", notice: str = ""
) -> bytes:
    title, label, button = pages.words["join"]
    return pages.write(
        "subscribe.html",
        title=title.format(title=settings.title),
        description=settings.description,
        notice=notice,
        label=label,
        typed=typed[:_LONGEST],
        button=button,
        wording=_wording(site, pages, settings),
        stamp=_stamp(site, pages, settings),
        trap=TRAP,
        trap_label=pages.words["join_trap"][0],
    )


def _second_page(site: Site, pages: Pages, settings: ListSettings, address: Address) -> bytes:
    title, question, button = pages.words["join_again"]
    return pages.write(
        "subscribe_again.html",
        title=title,
        question=question.format(title=settings.title, address=address.email),
        address=address.email,
        button=button,
        wording=_wording(site, pages, settings),
        stamp=_stamp(site, pages, settings),
    )


def _keep(site: Site, pages: Pages, settings: ListSettings, address: Address, peer: str) -> bool:
    joining, network = site.config.joining, network_of(peer)
    asked = Asking(
        list_name=settings.name,
        address=address,
        wording=_wording(site, pages, settings),
        url=_url(site, settings),
        network=kept_of(peer, joining.network),
        counted_as=hash_network(site.keys, network) if network else "",
    )
    with writing(site.engine) as connection:
        return add_request(connection, asked, joining, site.now())


def _answer(pages: Pages, settings: ListSettings, address: Address) -> Response[bytes]:
    name = "join_asked" if settings.join == "double" else "join_single"
    return _page(pages.message(name, title=settings.title, address=address.email))


def _page(content: bytes, status: int = 200) -> Response[bytes]:
    return Response(content, status_code=status, media_type=HTML)
