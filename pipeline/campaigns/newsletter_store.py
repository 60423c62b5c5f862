"""The SQL of newsletters, their schedules and occurrences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from pipeline.campaigns.newsletters import Newsletter, from_json, to_json
from pipeline.campaigns.schedule import instants_after
from pipeline.config import NewsletterSettings
from pipeline.db import insert, lock_rows
from pipeline.errors import CampaignError
from pipeline.schema import Outcome, newsletters, occurrences, schedules


@dataclass(frozen=True)
class Occurrence:
    """One time a newsletter was due, and what became of it."""

    newsletter_id: int
    rehearsal: bool
    due_at: datetime
    outcome: Outcome
    campaign_id: int | None
    next_at: datetime  # when the newsletter is due again


def declare_newsletters(
    connection: Connection, declared: Sequence[NewsletterSettings], now: datetime
) -> tuple[str, ...]:
    """Copy newsletters that are seen for the first time; the names of those that were."""
    known = {newsletter.name for newsletter in read_newsletters(connection)}
    new = [settings for settings in declared if settings.name not in known]
    for settings in new:
        _insert_newsletter(connection, settings, now)
    return tuple(settings.name for settings in new)


def add_newsletter(connection: Connection, settings: NewsletterSettings, now: datetime) -> None:
    """Add a newsletter. Raises CampaignError when the name is taken."""
    if any(newsletter.name == settings.name for newsletter in read_newsletters(connection)):
        raise CampaignError(
            f"there is a newsletter called {settings.name!r} already",
            hint=f"change it with: pipeline newsletters set {settings.name} KEY VALUE",
        )
    _insert_newsletter(connection, settings, now)


def _insert_newsletter(connection: Connection, settings: NewsletterSettings, now: datetime) -> None:
    connection.execute(
        insert(connection, newsletters)
        .values(name=settings.name, settings=to_json(settings), created_at=now)
        .on_conflict_do_nothing(index_elements=["name"])
    )


def update_newsletter(
    connection: Connection, old: Newsletter, settings: NewsletterSettings, now: datetime
) -> None:
    """Give a newsletter new settings; a changed schedule counts from `now` on."""
    connection.execute(
        update(newsletters).where(newsletters.c.id == old.id).values(settings=to_json(settings))
    )
    moved = (settings.schedule, settings.timezone) != (old.settings.schedule, old.settings.timezone)
    if moved:
        _move(connection, Newsletter(old.id, settings), now)


def _move(connection: Connection, newsletter: Newsletter, now: datetime) -> None:
    ran = select(schedules.c.rehearsal).where(schedules.c.newsletter_id == newsletter.id)
    for rehearsal in connection.execute(ran).scalars().all():
        next_at = following(connection, newsletter, now, rehearsal=rehearsal)
        set_next_at(connection, newsletter.id, next_at, rehearsal=rehearsal)


def read_newsletters(connection: Connection) -> tuple[Newsletter, ...]:
    """All newsletters, oldest first."""
    rows = connection.execute(select(newsletters).order_by(newsletters.c.id))
    return tuple(Newsletter(row.id, from_json(row.settings)) for row in rows)


def hold_newsletter(connection: Connection, newsletter_id: int) -> None:
    """Let nobody else launch this newsletter until the transaction ends."""
    connection.execute(lock_rows(select(newsletters.c.id).where(newsletters.c.id == newsletter_id)))


def read_next_at(connection: Connection, newsletter_id: int, *, rehearsal: bool) -> datetime | None:
    """When a newsletter is due next; None when it never ran in this mode: due at once."""
    return connection.execute(
        select(schedules.c.next_at).where(
            schedules.c.newsletter_id == newsletter_id, schedules.c.rehearsal == rehearsal
        )
    ).scalar_one_or_none()


def following(
    connection: Connection, newsletter: Newsletter, now: datetime, *, rehearsal: bool
) -> datetime:
    """The first time after `now` at which a newsletter is due and that was not taken, in UTC.

    A clock that was set back meets times again that were taken before.
    """
    taken = connection.execute(
        select(occurrences.c.due_at).where(
            occurrences.c.newsletter_id == newsletter.id,
            occurrences.c.rehearsal == rehearsal,
            occurrences.c.due_at > now,
        )
    )
    past = frozenset(taken.scalars())
    settings = newsletter.settings
    instants = instants_after(settings.schedule, settings.timezone, now)
    return next(instant for instant in instants if instant not in past)


def take_occurrence(connection: Connection, taken: Occurrence, now: datetime) -> None:
    """Note an occurrence for ever and set when the newsletter is due again."""
    connection.execute(
        insert(connection, occurrences).values(
            newsletter_id=taken.newsletter_id,
            rehearsal=taken.rehearsal,
            due_at=taken.due_at,
            outcome=taken.outcome,
            campaign_id=taken.campaign_id,
            taken_at=now,
        )
    )
    set_next_at(connection, taken.newsletter_id, taken.next_at, rehearsal=taken.rehearsal)


def set_next_at(
    connection: Connection, newsletter_id: int, next_at: datetime, *, rehearsal: bool
) -> None:
    """Set when a newsletter is due next in one mode."""
    statement = insert(connection, schedules).values(
        newsletter_id=newsletter_id, rehearsal=rehearsal, next_at=next_at
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["newsletter_id", "rehearsal"],
            set_={"next_at": statement.excluded.next_at},
        )
    )
