"""Sanitised HTML as plain text: blocks with one empty line between, for mail and for search."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

_BLOCK_NAMES = (
    "blockquote caption dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre "
    "section summary table ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_SPACES = re.compile(r"[ \t\r\n\f]+")


def plain_text(root: LexborNode) -> str:
    """The text of a fragment: bullets for lists, "> " for quotations, " | " between cells.

    A picture is its alt text in brackets, a footnote's reference its number; links are their text.
    """
    return "\n\n".join(_blocks(root))


def sentence_text(node: LexborNode) -> str:
    """The text of one paragraph without pictures and footnote numbers, on one line."""
    return _SPACES.sub(" ", _inline(node, extras=False)).strip()


def is_class(node: LexborNode, name: str) -> bool:
    """Whether an element has the class `name`."""
    return name in (node.attributes.get("class") or "").split()


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _blocks(node: LexborNode) -> list[str]:
    found: list[str] = []
    run = ""
    for child in _children(node):
        if child.tag in _BLOCKS:
            found += [_fold(run), *_block(child)]
            run = ""
        else:
            run += _inline(child, extras=True)
    return [block for block in (*found, _fold(run)) if block]


def _fold(run: str) -> str:
    """Collapse white space as a browser does; U+000B stands for a forced line break till here."""
    lines = _SPACES.sub(" ", run).split("\v")
    return "\n".join(line.strip(" ") for line in lines).strip("\n")


def _block(node: LexborNode) -> list[str]:
    if node.tag in ("ul", "ol"):
        return ["\n".join(_items(node))]
    if node.tag == "pre":
        return [(node.text() or "").strip("\n").rstrip()]
    if node.tag == "blockquote":
        lines = "\n\n".join(_blocks(node)).split("\n")
        return ["\n".join(f"> {line}".rstrip() for line in lines)]
    if node.tag == "table":
        return _table(node)
    if node.tag == "hr":
        return [] if is_class(node, "footnotes-sep") else ["* * *"]
    return _blocks(node)


def _items(node: LexborNode) -> Iterator[str]:
    start = node.attributes.get("start") or "1"
    number = int(start) if re.fullmatch(r"-?\d{1,9}", start, re.ASCII) else 1
    for child in _children(node):
        if child.tag == "-text":
            continue
        marker = f"{number}. " if node.tag == "ol" else "- "
        number += 1
        yield marker + "\n".join(_blocks(child)).replace("\n", "\n" + " " * len(marker))


def _table(node: LexborNode) -> list[str]:
    captions = [_fold(_inline(caption, extras=True)) for caption in node.css("caption")]
    rows = [" | ".join(_cells(row)).strip() for row in node.css("tr")]
    return [*captions, "\n".join(rows)]


def _cells(row: LexborNode) -> Iterator[str]:
    for cell in _children(row):
        if cell.tag in ("td", "th"):
            yield " ".join(" ".join(_blocks(cell)).split("\n"))


def _inline(node: LexborNode, *, extras: bool) -> str:
    if node.tag == "-text":
        return (node.text() or "").replace("\v", " ")
    if node.tag == "br":
        return "\v" if extras else " "
    if node.tag == "img":
        alt = node.attributes.get("alt")
        return f"[{alt}]" if alt and extras else ""
    if node.tag == "sup" and is_class(node, "footnote-ref"):
        return note_mark(node) if extras else ""
    if node.tag == "a" and is_class(node, "footnote-backref"):
        return ""
    return "".join(_inline(child, extras=extras) for child in _children(node))


def note_mark(node: LexborNode) -> str:
    """A footnote's reference as plain text; later ones to the same note lose their counter."""
    return re.sub(r":\d+\]", "]", node.text() or "")
