"""Dates as people write them, in English and German, read from one line of text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_MONTH_NAMES = (
    ("january", "jan", "januar", "jänner"),
    ("february", "feb", "februar"),
    ("march", "mar", "märz", "mär", "mrz", "maerz"),
    ("april", "apr"),
    ("may", "mai"),
    ("june", "jun", "juni"),
    ("july", "jul", "juli"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct", "oktober", "okt"),
    ("november", "nov"),
    ("december", "dec", "dezember", "dez"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"

_LABEL = (
    r"(?:(?:(?:first|originally|veröffentlicht|erschienen|geschrieben)\s+)?"
    r"(?:posted|published|publication date|publish date|written|created|released|date|"
    r"veröffentlicht|erschienen|geschrieben|erstellt|datum|stand|on|am|vom)"
    r"(?:\s+(?:on|at|am|vom))?\s*:?\s+)?"
)
_WEEKDAY = (
    r"(?:(?:(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    r"|mo|di|mi|do|fr|sa|so)\b\.?,?\s+(?:the\s+|den\s+)?)?"
)
_TIME = (
    r"(?:\s*(?:,|-|–|at|um|@|t|\||·)?\s*"  # noqa: RUF001 - pages put en dashes there
    r"(?:\d{1,2}[:.]\d{2}(?::\d{2})?(?:\.\d+)?\s*(?:[ap]\.?m\.?|uhr)?|\d{1,2}\s*(?:[ap]\.?m\.?|uhr))"
    r"\s*(?:z|[+-]\d{2}:?\d{2}|\(?[a-z]{2,4}\)?)?)?"
)
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>\d{4})"
_FORMS = {
    "month name": rf"{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?(?:\s*,\s*|\s+){_YEAR}",
    "day first": rf"{_DAY}(?:st|nd|rd|th|\.)?[\s-]*(?:of\s+)?{_MONTH},?[\s-]+{_YEAR}",
    "iso": rf"{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.]{_DAY}",
    "slashes": r"(?P<first>\d{1,2})(?P<mark>[/-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})",
    "dots": rf"{_DAY}\.\s?(?P<month>\d{{1,2}})\.\s?(?P<year>\d{{4}}|\d{{2}})",
    "no day": rf"{_MONTH},?\s+{_YEAR}",
    "no year, month first": rf"{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?",
    "no year, day first": rf"{_DAY}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_MONTH}",
}
_WHOLE = {
    form: re.compile(rf"{_LABEL}{_WEEKDAY}{pattern}{_TIME}\s*\.?", re.IGNORECASE)
    for form, pattern in _FORMS.items()
}
_LABELLED = re.compile(
    r"(?:(?:first|originally)\s+)?(?:posted|published|publication date|publish date|written|"
    r"released|date|veröffentlicht|erschienen|erstellt|datum|stand)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ReadDate:
    """A day, and how its words were understood: "" or a clause like "reading the month first"."""

    day: date
    note: str = ""


def read_date(text: str, *, today: date) -> ReadDate | None:
    """Read `text` if all of it is one date, with or without label, weekday and time of day.

    The time and its zone are passed over: a post has a day. A date without a year is taken as
    the latest one that is not after `today`. None when it is no date, or no such day exists.
    """
    words = " ".join(text.split())
    for form, pattern in _WHOLE.items():
        if (match := pattern.fullmatch(words)) is not None:
            return _resolve(form, match.groupdict(), today)
    return None


def is_labelled(text: str) -> bool:
    """Whether a line says itself that it holds the date, as in "Posted on …"."""
    return _LABELLED.match(text) is not None


def _resolve(form: str, parts: dict[str, str], today: date) -> ReadDate | None:
    try:
        if form == "slashes":
            return _slashes(parts, today)
        if form.startswith("no year"):
            return _latest(_month(parts["month"]), int(parts["day"]), today)
        day = date(_year(parts["year"], today), _month(parts["month"]), int(parts.get("day", "1")))
    except ValueError:
        return None
    return ReadDate(
        day, "as the first of the month, since no day stands there" * (form == "no day")
    )


def _slashes(parts: dict[str, str], today: date) -> ReadDate:
    first, second = int(parts["first"]), int(parts["second"])
    year = _year(parts["year"], today)
    if first > 12:
        return ReadDate(date(year, second, first), f"reading the day first, as {first} is no month")
    return ReadDate(date(year, first, second), "reading the month first")


def _latest(month: int, day: int, today: date) -> ReadDate:
    year = today.year if (month, day) <= (today.month, today.day) else today.year - 1
    return ReadDate(date(year, month, day), f"in {year}, since no year stands there")


def _month(text: str) -> int:
    return int(text) if text.isdecimal() else _MONTHS[text.lower()]


def _year(text: str, today: date) -> int:
    if len(text) == 4:
        return int(text)
    century = today.year // 100 * 100
    year = century + int(text)
    return year if year <= today.year + 1 else year - 100
