"""When a newsletter is due next: a cron rule in a named zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim


def next_after(rule: str, zone: str, after: datetime) -> datetime:
    """The first instant of `rule`, read in `zone`, that is later than `after`; both in UTC."""
    return next(instants_after(rule, zone, after))


def instants_after(rule: str, zone: str, after: datetime) -> Iterator[datetime]:
    """All instants of `rule`, read in `zone`, that are later than `after`, in order; in UTC.

    Cron's weekdays count from Sunday as 0 (or 7). A local time that a spring change skips falls
    on the first instant after the gap; one that an autumn change repeats counts once, the first
    time round.
    """
    instants = (local.astimezone(UTC) for local in CronSim(rule, after.astimezone(ZoneInfo(zone))))
    # In the hour that an autumn change repeats, cronsim counts from the first time round, and so
    # may begin with an instant that has been.
    return (instant for instant in instants if instant > after)
