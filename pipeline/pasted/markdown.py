"""Blocks as Markdown that a person can read and mend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.pasted.blocks import (
    Block,
    Code,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Quote,
    Table,
)
from pipeline.pasted.escape import escape_start, inline


def write_blocks(blocks: Sequence[Block]) -> str:
    """Return the blocks as Markdown, one empty line between them, without a line end at the end."""
    written: list[str] = []
    previous: Listing | None = None
    for block in blocks:
        if isinstance(block, Listing):
            previous = _unlike(block, previous)
            written.append(_listing(previous))
        else:
            previous = None
            written.append(_write(block))
    return "\n\n".join(text for text in written if text)


def _write(block: Block) -> str:  # noqa: PLR0911 - one line for each kind of block
    match block:
        case Heading(level, spans):
            return f"{'#' * level} {_title(spans)}" if spans else ""
        case Paragraph(lines):
            return "\\\n".join(escape_start(inline(line)) for line in lines if line)
        case Quote(blocks):
            return "\n".join(f"> {line}".rstrip() for line in write_blocks(blocks).split("\n"))
        case Table(rows):
            return _table(rows)
        case Code(text):
            return _fenced(text)
        case Listing():
            return _listing(block)
    return "* * *"


def _title(spans: Inline) -> str:
    # A heading may close with "#" signs (CommonMark 4.2); those of the words stay words.
    return re.sub(r"#+$", lambda run: "\\#" * len(run[0]), inline(spans))


def _unlike(listing: Listing, previous: Listing | None) -> Listing:
    """Give a numbered list another delimiter than the one right before, or both become one."""
    if previous is None or listing.start is None or previous.start is None:
        return listing
    if listing.delimiter != previous.delimiter:
        return listing
    other = ")" if listing.delimiter == "." else "."
    return Listing(listing.items, listing.start, other, listing.line)


def _listing(listing: Listing) -> str:
    items = [item for item in listing.items if listing.start is not None or item]
    gap = "\n" if all(_is_tight(item) for item in items) else "\n\n"
    written = []
    for position, item in enumerate(items):
        marker = "-" if listing.start is None else f"{listing.start + position}{listing.delimiter}"
        written.append(_item(marker, item, gap))
    return gap.join(written)


def _item(marker: str, item: Sequence[Block], gap: str) -> str:
    is_close = gap == "\n" and len(item) == 2
    text = "\n".join(map(_write, item)) if is_close else write_blocks(item)
    indent = " " * (len(marker) + 1)
    indented = re.sub(r"\n(?=[^\n])", "\n" + indent, text)
    return f"{marker} {indented}".rstrip()


def _is_tight(item: Sequence[Block]) -> bool:
    """Whether an item is one paragraph, or one with a list that may interrupt it (4.8, 5.2)."""
    if not item:
        return True
    if not isinstance(item[0], Paragraph) or len(item[0].lines) > 1:
        return False
    rest = item[1:]
    return not rest or (
        len(rest) == 1 and isinstance(rest[0], Listing) and rest[0].start in {None, 1}
    )


def _table(rows: Sequence[Sequence[Inline]]) -> str:
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def _cell(spans: Inline) -> str:
    if not any(span.code for span in spans):
        return inline(spans)
    # Inside a table a bar ends the cell even in code (GFM 4.10), so code becomes words.
    return inline(tuple(replace(span, code=False) for span in spans))


def _fenced(text: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{fence}\n{text.strip(chr(10))}\n{fence}"
