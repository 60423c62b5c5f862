"""What a pasted document consists of, between reading it and writing it as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Span:
    """Words that look alike. A picture is a span too: its words are the alternative text."""

    text: str
    strong: bool = False
    emphasis: bool = False
    struck: bool = False
    code: bool = False
    shift: str = ""  # "sup" or "sub": 10 to the third must not become 103
    href: str = ""
    image: str = ""  # the picture's address


Inline = tuple[Span, ...]


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together; more than one where the author broke them by hand."""

    lines: tuple[Inline, ...]
    line: int = 0


@dataclass(frozen=True)
class Heading:
    """A heading; `level` from 1 to 6."""

    level: int
    spans: Inline
    line: int = 0


@dataclass(frozen=True)
class Listing:
    """A list; `start` is its first number, or None when it has bullets."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None
    delimiter: str = "."  # or ")"
    line: int = 0


@dataclass(frozen=True)
class Quote:
    """Words of somebody else."""

    blocks: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first row is the head. Every row has the same number of cells."""

    rows: tuple[tuple[Inline, ...], ...]
    line: int = 0


@dataclass(frozen=True)
class Code:
    """Text in which spaces and line ends count."""

    text: str
    line: int = 0


@dataclass(frozen=True)
class Rule:
    """A line across."""

    line: int = 0


Block = Paragraph | Heading | Listing | Quote | Table | Code | Rule


@dataclass(frozen=True)
class ListEntry:
    """One line that starts with a bullet or a number, before the list around it is known."""

    level: int  # from 0
    number: int | None  # None when it has a bullet
    delimiter: str  # what stands after the number: "." or ")"
    blocks: tuple[Block, ...]
    line: int = 0


def plain(spans: Iterable[Span]) -> str:
    """Return the words alone, with single spaces between them."""
    return " ".join("".join(span.text for span in spans).split())


def words_of(block: Block) -> str:  # noqa: PLR0911 - one line for each kind of block
    """Return all words of a block, with single spaces between them."""
    match block:
        case Heading():
            return plain(block.spans)
        case Paragraph():
            return " ".join(plain(line) for line in block.lines)
        case Listing():
            return " ".join(words_of(inner) for item in block.items for inner in item)
        case Quote():
            return " ".join(words_of(inner) for inner in block.blocks)
        case Table():
            return " ".join(plain(cell) for row in block.rows for cell in row)
        case Code():
            return " ".join(block.text.split())
    return ""  # a rule


def tidy(spans: Iterable[Span]) -> Inline:
    """Collapse white space across spans, drop it at both ends, and join spans that look alike."""
    tidied: list[Span] = []
    ends_in_space = True
    for span in spans:
        text = re.sub(r"\s+", " ", span.text)
        text = text[1:] if ends_in_space and text.startswith(" ") else text
        if not text and not span.image:
            continue
        ends_in_space = text.endswith(" ")
        if tidied and not span.image and replace(tidied[-1], text=text) == replace(span, text=text):
            tidied[-1] = replace(span, text=tidied[-1].text + text)
        else:
            tidied.append(replace(span, text=text))
    if tidied and ends_in_space:
        tidied[-1] = replace(tidied[-1], text=tidied[-1].text.rstrip(" "))
    return tuple(span for span in tidied if span.text or span.image)


def nest(entries: tuple[ListEntry, ...], *, deepest: int = 4) -> tuple[Listing, ...]:
    """Turn lines with levels into lists; what lies deeper than `deepest` stays on that level."""
    level = entries if deepest else tuple(replace(entry, level=0) for entry in entries)
    runs: list[list[tuple[ListEntry, tuple[Block, ...]]]] = []
    for head, below in _families(level):
        item = (*head.blocks, *nest(below, deepest=deepest - 1))
        if runs and _continues(runs[-1][-1][0], head):
            runs[-1].append((head, item))
        else:
            runs.append([(head, item)])
    return tuple(_listing(run) for run in runs)


def _listing(run: list[tuple[ListEntry, tuple[Block, ...]]]) -> Listing:
    first = run[0][0]
    return Listing(tuple(item for _, item in run), first.number, first.delimiter, first.line)


def _families(
    entries: tuple[ListEntry, ...],
) -> list[tuple[ListEntry, tuple[ListEntry, ...]]]:
    families: list[tuple[ListEntry, list[ListEntry]]] = []
    top = entries[0].level if entries else 0
    for entry in entries:
        if not families or entry.level <= top:
            families.append((entry, []))
        else:
            families[-1][1].append(entry)
    return [(head, tuple(below)) for head, below in families]


def _continues(last: ListEntry, head: ListEntry) -> bool:
    if last.number is None or head.number is None:
        return last.number is None and head.number is None
    return head.number == last.number + 1 and head.delimiter == last.delimiter
