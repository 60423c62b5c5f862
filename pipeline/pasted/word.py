"""List items and titles in paragraphs that only look like them, as Word writes them in HTML."""

from __future__ import annotations

import re
from dataclasses import replace

from lxml.html import HtmlElement

from pipeline.pasted.blocks import (
    Block,
    Heading,
    Inline,
    ListEntry,
    Paragraph,
    Span,
    plain,
    tidy,
)
from pipeline.pasted.text import read_bullet

_WORD_LEVEL = re.compile(r"mso-list:\s*\S+\s+level(\d)")
_MARGIN = re.compile(r"margin-left:\s*([\d.]{1,6})\s*(in|cm|pt|px)")
_PER_LEVEL = {"in": 0.5, "cm": 1.27, "pt": 36.0, "px": 48.0}  # Word indents half an inch a level
_NUMBER = re.compile(r"([1-9][0-9]{0,2})([.)])\s+(\S.*)", re.DOTALL)


def understood(element: HtmlElement, paragraph: Paragraph) -> list[Block | ListEntry]:
    """See the list item or the title in a paragraph that only looks like one, as in Word's HTML."""
    name = (element.get("class") or "").lower()
    if name == "msotitle":
        return [Heading(1, one_line(paragraph), paragraph.line)]
    level = _level(element)
    is_list = "mso-list" in (element.get("style") or "") or "listparagraph" in name
    entries = [
        _entry(line, level, paragraph.line, is_list=is_list and not position)
        for position, line in enumerate(paragraph.lines)
    ]
    found = [entry for entry in entries if entry is not None]
    return [*found] if len(found) == len(entries) else [paragraph]


def one_line(paragraph: Paragraph) -> Inline:
    """Return the lines of a paragraph as one."""
    spans: list[Span] = []
    for line in paragraph.lines:
        spans += [*line, Span(" ")]
    return tidy(spans)


def _level(element: HtmlElement) -> int:
    style = element.get("style") or ""
    if match := _WORD_LEVEL.search(style):
        return int(match[1]) - 1
    if match := _MARGIN.search(style):
        return max(0, round(float(match[1]) / _PER_LEVEL[match[2]]) - 1)
    return 0


def _entry(line: Inline, level: int, number: int, *, is_list: bool) -> ListEntry | None:
    """Read one line as a list item; numbers and letters count only where the source says so."""
    words = plain(line)
    if is_list and (match := _NUMBER.fullmatch(words)):
        rest = _without_start(line, len(match[1]) + 1)
        return ListEntry(level, int(match[1]), match[2], (Paragraph((rest,), number),), number)
    bullet = read_bullet(words, in_list=is_list)
    if bullet is None or not (is_list or bullet[0] in "•◦▪‣●○■·") or not bullet[1]:
        return None
    rest = _without_start(line, len(bullet[0]))
    return ListEntry(level, None, ".", (Paragraph((rest,), number),), number)


def _without_start(line: Inline, characters: int) -> Inline:
    spans: list[Span] = []
    for span in line:
        cut = min(characters, len(span.text))
        characters -= cut
        spans.append(replace(span, text=span.text[cut:]))
    return tidy(spans)
