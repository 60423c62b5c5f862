"""The HTML of a post as text that is a pleasure to read: wrapped, underlined, links numbered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

WIDTH = 72
_SPACE = re.compile(r"[ \t\r\n\f]+")
# fmt: off
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins",
    "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u",
    "var", "-text",
})
# fmt: on
_HEADINGS = {"h1": "=", "h2": "-", "h3": "-", "h4": "", "h5": "", "h6": ""}
_QUIET = frozenset({"script", "style", "template", "-comment"})


@dataclass
class _Links:
    """The addresses of one story, numbered in the order they are met."""

    urls: list[str] = field(default_factory=list)

    def number(self, url: str) -> int:
        if url not in self.urls:
            self.urls.append(url)
        return self.urls.index(url) + 1

    def lines(self) -> str:
        return "\n".join(f"[{number}] {url}" for number, url in enumerate(self.urls, 1))


def to_plain_text(html: str, words: Mapping[str, str], width: int = WIDTH) -> str:
    """Text of a sanitised fragment, `width` columns wide; its links stand numbered at the end.

    `words` are the phrases "image" and "struck". What is struck out or raised is marked, as
    "2,400 mg 1,200 mg" or "105" would say something else. A word or address longer than a line
    is never broken.
    """
    body = LexborHTMLParser(html).body
    links = _Links()
    writer = _Writer(links, words)
    blocks = list(writer.blocks(body, width)) if body else []
    if links.urls:
        blocks.append(links.lines())
    return "\n\n".join(blocks)


def columns(text: str) -> int:
    """How many columns `text` takes: two for East Asian wide characters, none for marks."""
    return sum(
        0
        if unicodedata.combining(char) or unicodedata.category(char) == "Cf"
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def underline(title: str, mark: str = "=", width: int = WIDTH) -> str:
    """A title on its own lines, underlined as far as its longest line reaches."""
    wrapped = wrap(title, width=width)
    longest = max(columns(line) for line in wrapped.split("\n"))
    return f"{wrapped}\n{mark * min(longest, width)}" if mark else wrapped


def wrap(text: str, first: str = "", rest: str = "", width: int = WIDTH) -> str:
    """Fold paragraphs at `width` columns; `first` and `rest` lead the first and other lines.

    Line breaks in `text` are kept. Text without spaces (Chinese, Japanese) is folded between
    its wide characters.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, lead = "", rest if lines else first
        for space, word in _words(paragraph):
            candidate = f"{line}{space if line else ''}{word}"
            if line and columns(lead + candidate) > width:
                lines.append(lead + line)
                line, lead = word, rest
            else:
                line = candidate
        lines.append((lead + line).rstrip())
    return "\n".join(lines)


def _words(paragraph: str) -> Iterator[tuple[str, str]]:
    """Pieces that are never broken, each with the space that stands before it."""
    for word in filter(None, _SPACE.split(paragraph)):
        space, piece = " ", ""
        for char in word:
            wide = unicodedata.east_asian_width(char) in "WF"
            if piece and wide and unicodedata.category(char)[0] not in "PM":
                yield space, piece
                space, piece = "", ""
            piece += char
        yield space, piece


class _Writer:
    """Walks one fragment; every method yields or returns text without trailing newlines."""

    def __init__(self, links: _Links, words: Mapping[str, str]) -> None:
        self._links = links
        self._words = words

    def blocks(self, parent: LexborNode, width: int) -> Iterator[str]:
        """The block elements below `parent`; runs of inline nodes between them are paragraphs."""
        run: list[LexborNode] = []
        for node in _children(parent):
            if node.tag in _INLINE:
                run.append(node)
                continue
            yield from self._paragraph(run, width)
            run = []
            yield from self._block(node, width)
        yield from self._paragraph(run, width)

    def _paragraph(self, nodes: list[LexborNode], width: int) -> Iterator[str]:
        text = _tidy("".join(map(self._inline, nodes)))
        if text:
            yield wrap(text, width=width)

    def _block(self, node: LexborNode, width: int) -> Iterator[str]:
        tag = node.tag or ""
        if tag in _QUIET:
            return
        if tag in _HEADINGS:
            title = _tidy(self._inlines(node)).replace("\n", " ")
            if title:
                yield underline(title, _HEADINGS[tag], width)
        elif tag in ("ul", "ol"):
            yield from self._list(node, width)
        elif tag == "blockquote":
            yield _indent("\n\n".join(self.blocks(node, width - 2)), "> ", "> ")
        elif tag == "pre":
            yield _indent(node.text().strip("\n"), "    ", "    ")
        elif tag == "table":
            yield from self._table(node, width)
        elif tag == "hr":
            yield "* * *"
        else:
            yield from self.blocks(node, width)

    def _list(self, node: LexborNode, width: int) -> Iterator[str]:
        number = int(node.attributes.get("start") or 1) if node.tag == "ol" else 0
        items = [child for child in _children(node) if child.tag == "li"]
        loose = any(child.tag == "p" for item in items for child in _children(item))
        leads = [f"{number + i}. " if number else "- " for i in range(len(items))]
        widest = max(map(len, leads), default=0)
        written = [
            self._item(item, lead.rjust(widest), width, loose=loose)
            for item, lead in zip(items, leads, strict=True)
        ]
        if written:
            yield ("\n\n" if loose else "\n").join(written)

    def _item(self, item: LexborNode, lead: str, width: int, *, loose: bool) -> str:
        blocks = self.blocks(item, width - len(lead))
        return _indent(("\n\n" if loose else "\n").join(blocks), lead, " " * len(lead))

    def _table(self, node: LexborNode, width: int) -> Iterator[str]:
        """Aligned rows where they fit; otherwise each row as a small list under its heading."""
        for caption in node.css("caption"):
            yield from self._paragraph(list(_children(caption)), width)
        rows = [
            [
                _tidy(self._inlines(cell)).replace("\n", " ")
                for cell in _children(row)
                if cell.tag in ("td", "th")
            ]
            for row in node.css("tr")
        ]
        rows = [row for row in rows if any(row)]
        if rows:
            yield _aligned(rows, width) or _listed(rows, width)

    def _inlines(self, node: LexborNode) -> str:
        return "".join(map(self._inline, _children(node)))

    def _inline(self, node: LexborNode) -> str:
        tag = node.tag or ""
        if tag == "-text":
            return _SPACE.sub(" ", node.text_content or "")
        if tag == "br":
            return "\n"
        if tag == "img":
            return self._image(node)
        text = "" if tag in _QUIET else self._inlines(node)
        if tag in ("s", "del") and text.strip():
            return f"[{self._words['struck']}: {text.strip()}]"
        if tag == "sup" and text[:1].isalnum():
            return f"^{text}"
        return self._link(node, text) if tag == "a" else text

    def _image(self, node: LexborNode) -> str:
        alt = _tidy(node.attributes.get("alt") or "")
        return f"[{self._words['image']}: {alt}]" if alt else ""

    def _link(self, node: LexborNode, text: str) -> str:
        url = node.attributes.get("href") or ""
        shown = url.removeprefix("mailto:").removeprefix("tel:")
        if not url or url.startswith("#") or text.strip() in (url, shown):
            return text
        return f"{text} [{self._links.number(url)}]" if text.strip() else ""


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _tidy(text: str) -> str:
    lines = (_SPACE.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(lines).strip("\n")


def _indent(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        ((rest if index else first) + line).rstrip() for index, line in enumerate(lines)
    )


def _aligned(rows: list[list[str]], width: int) -> str:
    """Rows in columns with a rule under the first; "" when they do not fit."""
    count = max(map(len, rows))
    full = [row + [""] * (count - len(row)) for row in rows]
    widths = [max(columns(row[index]) for row in full) for index in range(count)]
    if sum(widths) + 2 * (count - 1) > width:
        return ""
    full.insert(1, ["-" * size for size in widths])
    return "\n".join(
        "  ".join(
            cell + " " * (size - columns(cell)) for cell, size in zip(row, widths, strict=True)
        ).rstrip()
        for row in full
    )


def _listed(rows: list[list[str]], width: int) -> str:
    """A wide table as paragraphs: its heads repeated before each cell."""
    heads, *body = rows
    blocks = []
    for row in body or [heads]:
        pairs = zip(heads + [""] * len(row), row, strict=False)
        cells = [f"{head}: {cell}" if head and body else cell for head, cell in pairs if cell]
        blocks.append("\n".join(wrap(cell, rest="  ", width=width) for cell in cells))
    return "\n\n".join(blocks)
