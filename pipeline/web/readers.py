"""What readers are told of themselves: their lists by the names they know, their address masked."""

from __future__ import annotations

from litestar import Response
from sqlalchemy import Connection

from pipeline.campaigns import read_newsletters
from pipeline.config import Config
from pipeline.web.html import HTML
from pipeline.web.words import Words

# The token in the address is all it takes to act for a reader: it must not travel on.
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def list_title(connection: Connection, mailing_list: str, words: Words, config: Config) -> str:
    """What the list's readers know it by: its newsletters' titles; else the list's own name."""
    titles = {
        newsletter.settings.title or config.site.title: None
        for newsletter in read_newsletters(connection)
        if newsletter.settings.list == mailing_list
    }
    return words["and"][0].join(titles or [mailing_list])


def mask(email: str) -> str:
    """An address that its owner recognises and nobody else can use: r•••@example.com."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def private_page(content: bytes, status: int = 200) -> Response[bytes]:
    """A page at an address with a reader's token in it."""
    return Response(content, status_code=status, media_type=HTML, headers=PRIVATE)
