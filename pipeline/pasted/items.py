"""Bulleted and numbered lines with their levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.pasted.blocks import ListEntry, Paragraph, Span
from pipeline.pasted.text import Kind, TextLine


def spans(text: str) -> tuple[Span, ...]:
    """Return plain words as they stand, with single spaces."""
    return (Span(" ".join(text.split())),)


def read_items(lines: Sequence[TextLine]) -> Iterator[ListEntry]:
    """Turn bulleted and numbered lines into entries with levels, by indentation and by bullet."""
    open_items: list[tuple[int, str]] = []  # (indentation, bullet), from the outermost inwards
    position = 0
    while position < len(lines):
        end = position + 1
        while end < len(lines) and lines[end].kind is Kind.PLAIN:
            end += 1
        line = lines[position]
        if line.kind is not Kind.BLANK:
            open_items = _opened(open_items, line)
            yield _entry(lines[position:end], len(open_items) - 1)
        position = end


def _opened(open_items: list[tuple[int, str]], line: TextLine) -> list[tuple[int, str]]:
    mark = line.mark if line.kind is Kind.BULLET else f"1{line.mark}"
    kept = [item for item in open_items if item[0] <= line.indent]
    for depth, (indent, bullet) in enumerate(kept):
        if indent == line.indent and bullet == mark:
            return kept[: depth + 1]
    return [*kept, (line.indent, mark)]


def _entry(lines: Sequence[TextLine], level: int) -> ListEntry:
    first = lines[0]
    is_single = len(first.numbers) == 1 and first.mark != ""
    start = first.text if first.kind is Kind.BULLET or is_single else first.raw
    text = " ".join((start, *(line.text for line in lines[1:])))
    blocks = (Paragraph((spans(text),), first.number),) if text.strip() else ()
    number = first.numbers[0] if is_single else None
    return ListEntry(level, number, first.mark or ".", blocks, first.number)
