"""The application: which routes there are, what they share, and what is said when one fails."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Litestar, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException

from pipeline.clock import Site
from pipeline.errors import DatabaseUnavailable, TokenError
from pipeline.web import (
    confirming,
    health,
    joining,
    mailbox,
    preferences,
    published,
    stylesheet,
    unsubscribing,
)
from pipeline.web.departures import Departures
from pipeline.web.handling import Asked
from pipeline.web.headers import Headers
from pipeline.web.html import HTML, Pages
from pipeline.web.local_links import LocalLinks
from pipeline.web.published_files import PublishedFiles
from pipeline.web.readers import PRIVATE

LOG = logging.getLogger("pipeline.web")
LARGEST_BODY = 10_000  # octets; a one-click request has about 200
RETRY_SECONDS = 120  # after which to ask again, told to those who ask while the database is away


def make_app(site: Site) -> Litestar:
    """The ASGI application of one site. Raises ConfigError when the accent is no colour."""
    sheet = stylesheet.Sheet.make(site.config)
    pages = Pages(site.config, site.output, sheet.version)
    errors = ErrorPages(pages)
    return Litestar(
        [
            health.answer,
            stylesheet.answer,
            unsubscribing.ROUTER,
            preferences.ROUTER,
            joining.ROUTER,
            confirming.ROUTER,
            *_mailbox(site),
            *published.ROUTES,
        ],
        dependencies={
            "site": _given(site),
            "pages": _given(pages),
            "sheet": _given(sheet),
            "departures": _given(Departures(site)),
            "links": _given(LocalLinks((site.config.serve.public_url, site.config.site.url))),
            "files": _given(PublishedFiles(site.output)),
        },
        exception_handlers={
            TokenError: errors.invalid_link,
            DatabaseUnavailable: errors.unavailable,
            NotFoundException: errors.not_found,
            HTTPException: errors.refused,
            Exception: errors.failed,
        },
        before_send=[Headers(site.config.serve.public_url).complete],
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )


def _given(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _mailbox(site: Site) -> list[Router]:
    """The mailbox holds addresses: with a provider set there is nothing to look at, so no route."""
    if not site.config.rehearsal:
        return []
    return [Router("/mailbox", route_handlers=mailbox.ROUTES, guards=[mailbox.refuse_strangers])]


class ErrorPages:
    """What a reader sees when there is nothing to show: a sentence and a way on, no traceback."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def invalid_link(self, _: Asked, __: TokenError) -> Response[bytes]:
        """A signed link does not hold."""
        return self._page("bad_link", 404, dict(PRIVATE))

    def not_found(self, request: Asked, _: NotFoundException) -> Response[bytes]:
        """Nothing is at this path; or nothing at all is published yet."""
        is_home = request.scope["raw_path"] in (b"/", b"/index.html")
        return self._page("no_site" if is_home else "not_found", 404)

    def refused(self, _: Asked, error: HTTPException) -> Response[bytes]:
        """The request is not one we answer."""
        name = {405: "wrong_method", 413: "too_large"}.get(error.status_code, "bad_request")
        return self._page(name, error.status_code, dict(error.headers or {}))

    def unavailable(self, request: Asked, error: DatabaseUnavailable) -> Response[bytes]:
        """The database is away or locked: mail programs shall ask again (RFC 9110 15.6.4)."""
        LOG.error("%s %s: %s", request.method, _kind_of_path(request), error)
        return self._page("unavailable", 503, {"Retry-After": str(RETRY_SECONDS)})

    def failed(self, request: Asked, error: Exception) -> Response[bytes]:
        """A bug: the log gets the traceback and the kind of path."""
        LOG.error("%s %s failed", request.method, _kind_of_path(request), exc_info=error)
        return self._page("failed", 500)

    def _page(
        self, name: str, status: int, headers: dict[str, str] | None = None
    ) -> Response[bytes]:
        content = self._pages.message(name)
        return Response(content, status_code=status, media_type=HTML, headers=headers)


def _kind_of_path(request: Asked) -> str:
    """The path for the log: never the token in it."""
    return request.scope.get("path_template") or "a page"
