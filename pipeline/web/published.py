"""The published site: its files at the paths they were written for."""

from __future__ import annotations

from pathlib import Path

from litestar import Response
from litestar.exceptions import NotFoundException

from pipeline.web.conditional import is_unchanged, validators
from pipeline.web.handling import Asked, GivenFiles, GivenLinks, read_route
from pipeline.web.local_links import LocalLinks
from pipeline.web.loopback import is_on_this_machine
from pipeline.web.published_files import (
    INDEX,
    PublishedFiles,
    Segments,
    Stored,
    folder_path,
    read_path,
)

_FIVE_MINUTES = "public, max-age=300"
_DAY = "public, max-age=86400"

_FEEDS = {
    "feed.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
}
# The framework adds the charset to text types itself.
_PAGES = {".html": "text/html"}
_ASSETS = {
    ".css": "text/css",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_UNKNOWN = "application/octet-stream"

# Posts may show pictures from elsewhere; nothing else comes from there, and nothing runs.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src * data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
# An edition is the mail as it was sent, and mail carries its styles in itself.
_EDITION_POLICY = _POLICY.replace("style-src 'self'", "style-src 'unsafe-inline'")


# One handler with both paths would be wrapped for its thread twice, and fail.
@read_route("/")
def home(request: Asked, files: GivenFiles, links: GivenLinks) -> Response[bytes]:
    """The front page."""
    return _answer(request, files, links)


@read_route("/{path:path}")
def page(request: Asked, files: GivenFiles, links: GivenLinks) -> Response[bytes]:
    """Every other file."""
    return _answer(request, files, links)


ROUTES = (home, page)


def _answer(request: Asked, files: PublishedFiles, links: LocalLinks) -> Response[bytes]:
    """One file, 304 when the client has it, 301 to a folder named without its slash."""
    # Not the framework's path: that one is decoded, and slashes in it are merged.
    segments = read_path(request.scope["raw_path"])
    if segments is None:
        raise NotFoundException
    if file := files.find(segments):
        with files.opened(file) as stored:
            if _is_edition(segments) and is_on_this_machine(request):
                return _send_here(stored, links)
            return _send(request, segments, stored)
    return _redirect(segments, files)


def _redirect(segments: Segments, files: PublishedFiles) -> Response[bytes]:
    if not files.find((*segments, INDEX)):
        raise NotFoundException
    headers = {"Location": folder_path(segments), "Cache-Control": _FIVE_MINUTES}
    return Response(b"", status_code=301, headers=headers, media_type="text/plain")


def _send(request: Asked, segments: Segments, stored: Stored) -> Response[bytes]:
    kind, kept = describe(segments[-1])
    headers = {
        **validators(stored.tag, stored.modified_at),
        "Cache-Control": kept,
        "Content-Security-Policy": _EDITION_POLICY if _is_edition(segments) else _POLICY,
    }
    if is_unchanged(
        request.headers.getall("If-None-Match", []),
        request.headers.get("If-Modified-Since"),
        stored.tag,
        stored.modified_at,
    ):
        return Response(b"", status_code=304, headers=headers)
    return Response(stored.read(), media_type=kind, headers=headers)


def _send_here(stored: Stored, links: LocalLinks) -> Response[bytes]:
    """An edition names its pictures by their public addresses, where nothing may be yet."""
    content = links.in_page(stored.read().decode("utf-8", "replace")).encode()
    headers = {"Content-Security-Policy": _EDITION_POLICY}
    return Response(content, media_type=_PAGES[".html"], headers=headers)


def describe(name: str) -> tuple[str, str]:
    """The media type of a file and how long it may be kept, by its name."""
    suffix = Path(name).suffix.lower()
    if name in _FEEDS:
        return _FEEDS[name], _FIVE_MINUTES
    if suffix in _PAGES:
        return _PAGES[suffix], _FIVE_MINUTES
    return _ASSETS.get(suffix, _UNKNOWN), _DAY


def _is_edition(segments: Segments) -> bool:
    return len(segments) == 3 and segments[0] == "editions" and segments[2] == INDEX
