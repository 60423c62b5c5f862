"""The shape of a plain text: which lines are headings, which belong together, what is a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.pasted.blocks import (
    Block,
    Heading,
    Paragraph,
    Rule,
    Table,
    nest,
)
from pipeline.pasted.items import read_items, spans
from pipeline.pasted.post import Guess
from pipeline.pasted.text import Kind, TextLine

_WIDEST_WRAP = 100  # columns; a longer line was not broken by hand or by a mail program
_KNOWN_HEADINGS = {
    *("introduction", "background", "conclusion", "conclusions", "references", "sources"),
    *("bibliography", "further reading", "summary", "abstract", "notes", "faq"),
    *("einleitung", "fazit", "literatur", "quellen", "zusammenfassung"),
}


@dataclass(frozen=True)
class Outline:
    """The blocks of a text, and what was guessed to find them."""

    blocks: tuple[Block, ...]
    guesses: tuple[Guess, ...]


def read_outline(lines: Sequence[TextLine]) -> Outline:
    """Read lines as blocks; every word of every line comes out again, in order."""
    width = wrap_width(lines)
    levels = _heading_levels(lines, width)
    blocks: list[Block] = []
    position = 0
    while position < len(lines):
        end = _end_of_block(lines, position, levels, width)
        blocks += _block(lines[position:end], levels.get(position), width)
        position = end
    return Outline(tuple(blocks), tuple(_guesses(lines, levels, width)))


def wrap_width(lines: Sequence[TextLine]) -> int:
    """Return the column at which lines were broken, or 0 when each line is a paragraph.

    Lines were broken to a width when the next line's first word would not have fitted.
    """
    plain = [line for line in lines if line.kind is not Kind.BLANK]
    width = max((len(line.raw) for line in plain), default=0)
    pairs = [(a, b) for a, b in pairwise(lines) if _may_continue(a, b)]
    if not 40 <= width <= _WIDEST_WRAP or len(pairs) < 2:
        return 0
    full = sum(_is_full(a, b, width) for a, b in pairs)
    return width if full >= 0.6 * len(pairs) else 0


def _may_continue(line: TextLine, following: TextLine) -> bool:
    return line.kind not in {Kind.BLANK, Kind.RULE} and following.kind is Kind.PLAIN


def _is_full(line: TextLine, following: TextLine, width: int) -> bool:
    return len(line.raw) + 1 + len(following.raw.split()[0]) > width - 6


def _heading_levels(lines: Sequence[TextLine], width: int) -> dict[int, int]:
    """Return the level of each line that is a heading, by its position."""
    levels: dict[int, int] = {}
    below = 2
    in_sources = False
    for position, line in enumerate(lines):
        if line.kind is Kind.NUMBER and not in_sources and _is_section(lines, position):
            levels[position] = min(len(line.numbers) + 1, 6)
            below = levels[position] + 1
        elif line.kind is Kind.PLAIN and _is_heading(lines, position, width):
            is_known = line.text.rstrip(":").lower() in _KNOWN_HEADINGS
            is_loud = _is_capitals(line.text)
            levels[position] = 2 if is_known or is_loud else min(below, 3)
            below = 3 if is_loud else 2 if is_known else below
            in_sources = line.text.rstrip(":").lower() in {"references", "sources", "literatur"}
    return levels


def _is_section(lines: Sequence[TextLine], position: int) -> bool:
    """Whether a numbered line is a heading: short, without an end, and not one of a list."""
    line = lines[position]
    if not _is_title_like(line.text) or _following(lines, position) is None:
        return False
    return len(line.numbers) > 1 or not (
        _is_sibling(line, _beside(lines, position, 1), 1)
        or _is_sibling(line, _beside(lines, position, -1), -1)
    )


def _beside(lines: Sequence[TextLine], position: int, step: int) -> TextLine | None:
    """Return the next numbered line before or after, over empty lines and what is indented."""
    at = position + step
    while 0 <= at < len(lines):
        line = lines[at]
        if line.kind is not Kind.BLANK and line.indent <= lines[position].indent:
            return line if line.kind is Kind.NUMBER else None
        at += step
    return None


def _is_sibling(line: TextLine, other: TextLine | None, step: int) -> bool:
    return (
        other is not None
        and len(other.numbers) == 1
        and other.mark == line.mark
        and other.numbers[0] == line.numbers[0] + step
    )


def _is_heading(lines: Sequence[TextLine], position: int, width: int) -> bool:
    line = lines[position]
    following = _following(lines, position)
    if (
        following is None
        or not _is_title_like(line.text.rstrip(":"))
        or _is_within(lines, position, width)
    ):
        return False
    if _is_capitals(line.text) or line.text.rstrip(":").lower() in _KNOWN_HEADINGS:
        return True
    if line.text.endswith(":"):
        return False
    if lines[following].kind is not Kind.PLAIN:
        is_apart = position == 0 or lines[position - 1].kind is Kind.BLANK
        return is_apart and len(line.text.split()) <= 8 and lines[following].kind is not Kind.RULE
    return _length(lines, following, width) >= max(60, 1.5 * len(line.text))


def _is_within(lines: Sequence[TextLine], position: int, width: int) -> bool:
    """Whether a line goes on from the one above it, or the one below goes on from it."""
    line = lines[position]
    above = lines[position - 1] if position else None
    below = lines[position + 1] if position + 1 < len(lines) else None
    if width and below is not None and _may_continue(line, below) and _is_full(line, below, width):
        return True
    if above is None or above.kind in {Kind.BLANK, Kind.RULE}:
        return False
    is_indented = above.kind in {Kind.BULLET, Kind.NUMBER} and line.indent > above.indent
    return is_indented or (width > 0 and _is_full(above, line, width))


def _following(lines: Sequence[TextLine], position: int) -> int | None:
    after = range(position + 1, len(lines))
    return next((p for p in after if lines[p].kind is not Kind.BLANK), None)


def _is_title_like(text: str) -> bool:
    return (
        1 < len(text) <= 80
        and len(text.split()) <= 12
        and "\t" not in text
        and not text.endswith((".", ",", ";", ":", "!", "\u2026"))
        and not text[0].islower()
        and not text[0].isdigit()
        and any(character.isalpha() for character in text)
    )


def _is_capitals(text: str) -> bool:
    return text.isupper() and sum(character.isalpha() for character in text) >= 4


def _length(lines: Sequence[TextLine], position: int, width: int) -> int:
    """Return the length of the paragraph that starts here, in characters."""
    length = len(lines[position].text)
    for at in range(position + 1, len(lines) if width else 0):
        if lines[at].kind is not Kind.PLAIN or not _is_full(lines[at - 1], lines[at], width):
            break
        length += 1 + len(lines[at].text)
    return length


def _end_of_block(
    lines: Sequence[TextLine], position: int, levels: dict[int, int], width: int
) -> int:
    line = lines[position]
    end = position + 1
    if position in levels or line.kind in {Kind.BLANK, Kind.RULE}:
        return end
    if line.kind is Kind.PLAIN:
        while end < len(lines) and lines[end].kind is Kind.PLAIN and end not in levels:
            end += 1
        return end
    return _end_of_list(lines, position, levels, width)


def _end_of_list(
    lines: Sequence[TextLine], position: int, levels: dict[int, int], width: int
) -> int:
    end = position + 1
    for at in range(position + 1, len(lines)):
        line = lines[at]
        if at in levels or line.kind is Kind.RULE:
            break
        if line.kind is Kind.PLAIN and not _goes_on(lines, at, width):
            break
        if line.kind is not Kind.BLANK:
            end = at + 1
    return end


def _goes_on(lines: Sequence[TextLine], at: int, width: int) -> bool:
    """Whether a line without a bullet goes on from the item above it."""
    above = lines[at - 1]
    if above.kind is Kind.BLANK:
        return False
    if above.kind is Kind.PLAIN:
        return lines[at].indent == above.indent or (width > 0 and _is_full(above, lines[at], width))
    return lines[at].indent > above.indent or (width > 0 and _is_full(above, lines[at], width))


def _block(lines: Sequence[TextLine], level: int | None, width: int) -> list[Block]:
    first = lines[0]
    if level is not None:
        return [Heading(level, spans(first.raw), first.number)]
    if first.kind is Kind.BLANK:
        return []
    if first.kind is Kind.RULE:
        return [Rule(first.number)]
    if first.kind is Kind.PLAIN:
        return _table(lines) or list(_paragraphs(lines, width))
    return list(nest(tuple(read_items(lines))))


def _table(lines: Sequence[TextLine]) -> list[Block]:
    """Read lines with equally many tabs as the rows of a table, as a spreadsheet pastes them."""
    rows = [line.text.split("\t") for line in lines]
    columns = len(rows[0])
    if len(rows) < 2 or columns < 2 or any(len(row) != columns for row in rows):
        return []
    return [Table(tuple(tuple(spans(cell) for cell in row) for row in rows), lines[0].number)]


def _paragraphs(lines: Sequence[TextLine], width: int) -> Iterator[Paragraph]:
    if not width and len(lines) > 1 and all(_is_verse(line.text) for line in lines):
        yield Paragraph(tuple(spans(line.text) for line in lines), lines[0].number)
        return
    start = 0
    for position in range(1, len(lines) + 1):
        is_inside = width > 0 and position < len(lines)
        if is_inside and _is_full(lines[position - 1], lines[position], width):
            continue
        text = " ".join(line.text for line in lines[start:position])
        yield Paragraph((spans(text),), lines[start].number)
        start = position


def _is_verse(text: str) -> bool:
    """Whether a line is short and has no end, like one of an address."""
    return len(text) <= 50 and not text.endswith((".", "?", "!", ":"))


def _guesses(lines: Sequence[TextLine], levels: dict[int, int], width: int) -> Iterator[Guess]:
    if width:
        yield Guess("body", "", None, f"joined the lines that were broken at about column {width}")
    elif any(a.kind is b.kind is Kind.PLAIN for a, b in pairwise(lines)):
        yield Guess("body", "", None, "read each line as a paragraph, as no fixed width broke them")
    for position, level in levels.items():
        line = lines[position]
        reason = f"took line {line.number}, '{line.raw}', as a heading of level {level}"
        yield Guess("heading", line.raw, line.number, reason)
