"""Markdown to HTML: CommonMark with tables, strikethrough and footnotes; raw HTML passes through.

`{{ … }}` and other programs' shortcodes mean nothing here and stay the text they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

_MARKDOWN = (
    MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)
)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)\b[^>]*?(/?)>", re.IGNORECASE)
# Void, or closed by what follows: these do not nest by themselves.
_FLAT_NAMES = (
    "area base br col embed hr img input link meta source track wbr "
    "p li dt dd tr td th thead tbody tfoot option"
)
_FLAT = frozenset(_FLAT_NAMES.split())
DEEPEST = 100


@dataclass(frozen=True)
class Rendered:
    """The HTML of a body, unsafe as yet, and where its parts come from."""

    html: str
    body: str
    body_line: int  # line of the file on which the body starts
    tokens: Sequence[Token]

    def line_of(self, address: str) -> int:
        """Line of the file where `address` is used; the body's first if it cannot be found."""
        for token in self.tokens:
            above = _lines_above(token, address)
            if token.map and above is not None:
                return self.body_line + token.map[0] + above
        for needle in (address, unquote(address)):
            if needle in self.body:  # the definition of a reference is in no token
                return self.body_line + self.body[: self.body.index(needle)].count("\n")
        return self.body_line

    def is_too_deep(self) -> bool:
        """Whether elements nest more than DEEPEST deep: parsers then need time with the square."""
        return _depth(self.html) > DEEPEST


def render(body: str, body_line: int, slug: str) -> Rendered:
    """Render `body`; `slug` keeps the footnotes of several posts on one page apart."""
    env: dict[str, str] = {"docId": slug}
    tokens = _MARKDOWN.parse(body, env)
    html = str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env))
    return Rendered(html, body, body_line, tokens)


def _lines_above(token: Token, address: str) -> int | None:
    """Lines of a block before the link, picture or tag that names `address`; None if none does."""
    if token.type == "html_block" and address in token.content:
        return token.content[: token.content.index(address)].count("\n")
    lines = 0
    for child in token.children or ():
        named = child.attrGet("href") or child.attrGet("src")
        if named == address or (child.type == "html_inline" and address in child.content):
            return lines
        lines += child.type in ("softbreak", "hardbreak")
    return None


def _depth(html: str) -> int:
    depth = deepest = 0
    for closing, name, empty in _TAG.findall(html):
        if name.lower() in _FLAT or empty:
            continue
        depth = max(depth - 1, 0) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest
