"""What a reader of pasted posts sees, so that tests can count the words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from pipeline.pasted.document import parse_document
from pipeline.pasted.post import PastedPost

TODAY = date(2026, 11, 22)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)


def paste(source: str, *, html: bool = False) -> PastedPost:
    return parse_document(source, html=html, today=TODAY)


def shown(markdown: str) -> str:
    """Return what a reader sees, the numbers of lists and the pictures' texts among it."""
    return " ".join(_block_text(MARKDOWN.parse(markdown)).split())


def words(text: str) -> Counter[str]:
    visible = "".join(
        char for char in text if unicodedata.category(char) not in {"Cf", "Cc"} or char.isspace()
    )
    return Counter(re.findall(r"\w+", visible))


def words_kept(post: PastedPost) -> Counter[str]:
    """Return the words of the body and of all lines that were taken out of it."""
    kept = words(shown(post.body_markdown))
    for guess in post.guesses:
        is_out = guess.reason.startswith(("took line", "left out", "took the end"))
        if is_out and guess.field != "heading" and guess.line is not None:
            kept += words(guess.value)
    return kept


def words_of_html(source: str) -> Counter[str]:
    """Return what a page says, by a parser that shares nothing with the one under test."""
    reader = _Page()
    reader.feed(source)
    reader.close()
    return words("".join(reader.parts))


class _Page(HTMLParser):
    silent = ("script", "style", "head")

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.depth += tag in self.silent
        self.parts += [value or "" for name, value in attrs if tag == "img" and name == "alt"]
        self.separate(tag)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in self.silent
        self.separate(tag)

    def separate(self, tag: str) -> None:
        if tag not in {"b", "i", "em", "strong", "span", "a", "sup", "sub", "del", "o:p"}:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.parts.append(data)


def _block_text(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    numbers: list[int] = []
    for token in tokens:
        if token.type == "ordered_list_open":
            numbers.append(int(token.attrs.get("start", 1)))
        elif token.type == "bullet_list_open":
            numbers.append(-1)
        elif token.type.endswith("_list_close"):
            numbers.pop()
        elif token.type == "list_item_open" and numbers[-1] >= 0:
            parts.append(f"{numbers[-1]}{token.markup} ")
            numbers[-1] += 1
        elif token.type == "inline":
            parts.append(_inline_text(token.children or []) + "\n")
        else:
            parts.append(token.content + "\n")
    return "".join(parts)


def _inline_text(tokens: Sequence[Token]) -> str:
    texts = {"softbreak": "\n", "hardbreak": "\n", "html_inline": ""}
    return "".join(
        _inline_text(token.children) if token.children else texts.get(token.type, token.content)
        for token in tokens
    )
