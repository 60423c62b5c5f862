"""What one line says about a document: its date, author, category, tags or summary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pipeline.pasted.dates import is_labelled, read_date

_HOME = {"home", "homepage", "start", "startseite"}
_AUTHOR = re.compile(r"(?i:by|written by|author|words by|von|autor(?:in)?)(?:\s*:\s*|\s+)(.{2,80})")
_CATEGORY = re.compile(
    r"(?i:(?:category|categories|filed under|filed in|posted in|kategorie|rubrik)"
    r"(?:\s*:\s*|\s+))(.{2,80})"
)
_TAGS = re.compile(r"(?i:(?:tags|tagged|tagged with|keywords|schlagwörter)\s*:\s*)(.{2,200})")
_SUMMARY = re.compile(
    r"(?i:(?:summary|abstract|in brief|in short|tl;?dr|zusammenfassung|kurz gesagt)"
    r"\s*[:\u2013\u2014]\s*)(.{12,})"
)
_READING_TIME = re.compile(
    r"(?i:(?:reading time|lesezeit)?:?\s*\d{1,3}[\s-]*min(?:\.|s|utes?|uten)?"
    r"(?:\s+(?:read|reading time|lesezeit))?)"
)
_CRUMB = re.compile(r"\s*[>\u00bb\u203a\u2192]\s*|\s+/\s+")
_PART = re.compile(r"\s+[|·•\u2013\u2014]\s+|\s*\|\s*")
_BETWEEN_DATE_AND_NAME = re.compile(r",?\s+(?=(?i:by|von|on|am)\s)|,\s+")
_LONGEST_WITH_PARTS = 160  # characters
_LABEL = re.compile(
    r"(?i:category|categories|filed under|filed in|posted in|kategorie|rubrik|tags|tagged|keywords"
    r"|schlagwörter|written by|author|autor(?:in)?|summary|abstract)\b"
)


@dataclass(frozen=True)
class Found:
    """One fact in a line: the field of the post, its value, and how the words were understood."""

    field: str
    value: date | str | tuple[str, ...]
    words: str
    note: str = ""


def read_line(text: str, *, today: date) -> tuple[Found, ...]:
    """Return what a line says, or nothing unless every part of it was understood."""
    whole = _read_part(text, today)
    if whole is not None and whole.field != "author":
        return (whole,)
    # "By the team, Nov 30, 2023" is more than a name, so the parts are looked at first.
    parts = _PART.split(text) if len(text) <= _LONGEST_WITH_PARTS else []
    found = _read_parts(parts, today) or _read_date_and_name(text, today)
    return found or ((whole,) if whole is not None else ())


def has_label(text: str) -> bool:
    """Whether a line names what it holds ("Filed under: …"), so that it counts anywhere."""
    return is_labelled(text) or _LABEL.match(text) is not None


def crumbs(text: str) -> tuple[str, ...]:
    """Return the parts of a trail such as "Home > Treatments > Nerve blocks", or nothing."""
    parts = tuple(part.strip() for part in _CRUMB.split(text) if part.strip())
    is_trail = len(parts) > 2 or (len(parts) == 2 and parts[0].lower() in _HOME)
    return parts if is_trail and len(text) <= 120 else ()


def category_of(trail: tuple[str, ...], title: str) -> tuple[str, tuple[str, ...]]:
    """Return the category at the end of a trail, and the topics above it; the title is neither."""
    topics = [part for part in trail if part.lower() not in _HOME and part != title]
    return (topics[-1], tuple(topics[:-1])) if topics else ("", ())


def is_bare_name(text: str) -> bool:
    """Whether a line could be the name of a category: a few words without an end."""
    return len(text) <= 40 and len(text.split()) <= 4 and text[-1].isalpha() and text[0].isupper()


def _read_part(text: str, today: date) -> Found | None:
    if (day := read_date(text, today=today)) is not None:
        return Found("date", day.day, text, day.note)
    if match := _TAGS.fullmatch(text):
        return Found("tags", tuple(t.strip() for t in match[1].split(",") if t.strip()), text)
    for name, pattern in (("summary", _SUMMARY), ("category", _CATEGORY), ("author", _AUTHOR)):
        if (match := pattern.fullmatch(text)) and (name != "author" or _is_name(match[1])):
            return Found(name, match[1], text)
    return Found("trail", trail, text) if (trail := crumbs(text)) else None


def _read_length(text: str) -> Found | None:
    return Found("reading time", text, text) if _READING_TIME.fullmatch(text) else None


def _is_name(text: str) -> bool:
    return text[0].isupper() and len(text.split()) <= 8 and not text.endswith((".", "?", ":", ","))


def _read_parts(parts: list[str], today: date) -> tuple[Found, ...]:
    """Read "Nov 30, 2023 | By the team"; one bare name beside a date is the category."""
    if len(parts) < 2:
        return ()
    read = [(part, _read_part(part, today) or _read_length(part)) for part in parts]
    found = [fact for _, fact in read if fact is not None]
    rest = [part for part, fact in read if fact is None and part]
    has_date = any(fact.field == "date" for fact in found)
    if has_date and len(rest) == 1 and is_bare_name(rest[0]):
        return (*found, Found("category", rest[0], rest[0]))
    is_only_length = all(fact.field == "reading time" for fact in found)
    return () if rest or is_only_length else tuple(found)


def _read_date_and_name(text: str, today: date) -> tuple[Found, ...]:
    """Read "Posted on Nov 30, 2023 by the team" and "By the team, Nov 30, 2023"."""
    for cut in _BETWEEN_DATE_AND_NAME.finditer(text[:_LONGEST_WITH_PARTS]):
        found = [_read_part(p, today) for p in (text[: cut.start()], text[cut.end() :])]
        read = tuple(fact for fact in found if fact is not None)
        if len(read) == 2 and {fact.field for fact in read} == {"date", "author"}:
            return read
    return ()
