"""Lines of plain text, as people paste them, read as headings, paragraphs, lists and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1e\x7f\x80-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff]"
    # Joiners and direction marks belong to other scripts; beside ASCII they are debris.
    "|(?<![^\x00-\x7f])[\u200c-\u200f]|[\u200c-\u200f](?![^\x00-\x7f])"
)
_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x85\u2028]")
_PAGE_ENDS = re.compile("[\x0c\u2029\x1c-\x1e]")
_SPACES = re.compile("[\x1f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Word's bullets in the Symbol and Wingdings fonts, which have no meaning outside of them.
_SYMBOL_FONT = str.maketrans({"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf076": "❖"})

_BULLET = re.compile(
    r"(?P<mark>[•◦▪▫‣⁃●○■□◆❖➢►▶∙])\s*(?P<text>.*)"  # noqa: RUF001 - bullets as Word pastes them
    r"|(?P<sign>[-\u2013*·])(?:\s+(?P<rest>.*)|$)"
    r"|(?P<letter>[o§ü])(?:\t| {2,})\s*(?P<after>\S.*)"
)
_LETTER_O = re.compile(r"o\s+(\S.*)")
_NUMBER = re.compile(
    r"(?P<numbers>[1-9][0-9]{0,2}(?:\.[1-9][0-9]?){0,3})(?P<delimiter>[.)]?)(?:\s+(?P<text>\S.*)|$)"
)
_RULE = re.compile(r"([-_*=\u2013\u2014])\1{2,}|([-_*]\s){2,}[-_*]")


class Kind(Enum):
    """What a line looks like on its own."""

    BLANK = auto()
    RULE = auto()
    BULLET = auto()
    NUMBER = auto()
    PLAIN = auto()


@dataclass(frozen=True)
class TextLine:
    """One line: `text` without its bullet or number, `raw` with it; indentation in columns."""

    number: int
    kind: Kind
    raw: str = ""
    indent: int = 0
    text: str = ""
    mark: str = ""  # the bullet, or what follows the number: "." or ")" or ""
    numbers: tuple[int, ...] = ()  # (1, 2) for "1.2"


def clean(source: str) -> str:
    """Return the text with one kind of space and line end, without what nobody sees.

    Soft hyphens, zero-width spaces and control characters go; no-break spaces become spaces;
    a form feed becomes an empty line. What no file can hold (a lone surrogate) becomes U+FFFD.
    """
    text = source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _PAGE_ENDS.sub("\n\n", _LINE_ENDS.sub("\n", text))
    return _SPACES.sub(" ", _DROPPED.sub("", text)).translate(_SYMBOL_FONT)


def read_lines(text: str) -> tuple[TextLine, ...]:
    """Tell for each line of cleaned text what it looks like on its own."""
    lines: list[TextLine] = []
    for number, raw in enumerate(text.split("\n"), 1):
        in_list = bool(lines) and lines[-1].kind is Kind.BULLET
        lines.append(_read_line(number, raw, in_list=in_list))
    return tuple(
        _as_note(line) if line.mark == "*" and not _has_fellow(lines, position) else line
        for position, line in enumerate(lines)
    )


def _has_fellow(lines: Sequence[TextLine], position: int) -> bool:
    """Whether a bullet stands beside another; a lone asterisk refers to one in the text."""
    before = lines[position - 1] if position else None
    after = lines[position + 1] if position + 1 < len(lines) else None
    fellows = (line for line in (before, after) if line is not None)
    return any(line.kind is Kind.BULLET for line in fellows) or any(
        line.mark == "*" and line.kind is Kind.BULLET
        for line in lines[max(0, position - 3) : position + 4]
        if line is not lines[position]
    )


def _as_note(line: TextLine) -> TextLine:
    return replace(line, kind=Kind.PLAIN, text=line.raw, mark="")


def _read_line(number: int, raw: str, *, in_list: bool) -> TextLine:
    columns = raw.expandtabs(4)
    stripped = raw.strip()
    indent = len(columns) - len(columns.lstrip())
    if not stripped:
        return TextLine(number, Kind.BLANK)
    if _RULE.fullmatch(stripped):
        return TextLine(number, Kind.RULE, stripped)
    if bullet := read_bullet(stripped, in_list=in_list):
        mark, text = bullet
        return TextLine(number, Kind.BULLET, stripped, indent, text, mark)
    if (match := _NUMBER.fullmatch(stripped)) and _is_numbered(match):
        numbers = tuple(int(part) for part in match["numbers"].split("."))
        text = match["text"] or ""
        return TextLine(number, Kind.NUMBER, stripped, indent, text, match["delimiter"], numbers)
    return TextLine(number, Kind.PLAIN, stripped, indent, stripped)


def read_bullet(text: str, *, in_list: bool = False) -> tuple[str, str] | None:
    """Return the bullet at the start of a line and the words after it, or None.

    A lone "o" is a word in some languages: it counts before a tab or wide space, or in a list.
    """
    if match := _BULLET.fullmatch(text):
        mark = match["mark"] or match["sign"] or match["letter"]
        return mark, (match["text"] or match["rest"] or match["after"] or "").strip()
    if in_list and (match := _LETTER_O.fullmatch(text)):
        return "o", match[1]
    return None


def _is_numbered(match: re.Match[str]) -> bool:
    """Whether "1." or "1.2" starts a line; "12 weeks" and "1.5 mg" do not."""
    if match["delimiter"]:
        return True
    text = match["text"] or ""
    return "." in match["numbers"] and text[:1].isupper() and not text.endswith(".")
