"""Dates of the front matter, in the site's time zone where they name none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_FORM = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
    r"[ \t]*(?:([Zz])|([+-])(\d{1,2}):?(\d{2})?)?)?",
    re.ASCII,
)
HINT = "as in 2026-03-08, 2026-03-08 09:30 or 2026-03-08T09:30-05:00"


@dataclass(frozen=True)
class Moment:
    """An instant, and the calendar day that the author wrote."""

    at: datetime  # UTC
    day: date  # as written, in whatever zone that was


def parse_moment(text: str, zone: ZoneInfo) -> Moment | None:
    """Read a date, or a date and a time; None if it is neither.

    A date alone is midnight. Without an offset the time is in `zone`: one that the clocks skip in
    spring is taken as if they had not yet changed (02:30 is 03:30 summer time), and one that they
    show twice in autumn is the first of the two. Fractions of a second are dropped. Years run
    from 1900 to 2999: anything else is a typing error.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        offset = _offset(*match.groups()[6:])
        local = datetime(year, month, day, hour, minute, second, tzinfo=offset or zone)
    except ValueError:
        return None
    if not 1900 <= local.year <= 2999:
        return None
    # fold=0, the default, is what the docstring promises for times skipped and shown twice.
    return Moment(local.astimezone(UTC), local.date())


def _offset(zulu: str | None, sign: str | None, hours: str, minutes: str | None) -> timezone | None:
    if zulu:
        return UTC
    if sign is None:
        return None
    if int(minutes or 0) > 59:
        raise ValueError
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-size if sign == "-" else size)
