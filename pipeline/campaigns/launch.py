"""Rule 1, launch: what is due becomes a campaign in one transaction, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from pipeline import audience, ledger
from pipeline.campaigns.campaign_store import (
    NewCampaign,
    consume_posts,
    highest_subscriber_id,
    insert_campaign,
    read_done,
    save_edition,
)
from pipeline.campaigns.due import Due, Verdict
from pipeline.campaigns.newsletter_store import (
    Occurrence,
    following,
    hold_newsletter,
    read_next_at,
    set_next_at,
    take_occurrence,
)
from pipeline.campaigns.newsletters import Newsletter
from pipeline.compose import Edition, Sender
from pipeline.config import Config
from pipeline.db import writing
from pipeline.schema import Outcome


def launch(engine: Engine, due: Due, edition: Edition, config: Config, now: datetime) -> int | None:
    """Make the campaign of a due newsletter; its id.

    None when another process was first, or when the last person has just left the list: then
    nothing is taken.

    One transaction takes the occurrence, creates the campaign, consumes its posts and sets the
    next time; two processes, one launch.
    """
    rehearsal = config.rehearsal
    newsletter_id = due.newsletter.id
    with writing(engine) as connection:
        if not _still_as_seen(connection, due, rehearsal=rehearsal):
            return None
        new = _decide(connection, due, edition, config, now)
        if new.recipients == 0:
            return None
        save_edition(connection, edition)
        campaign_id = insert_campaign(connection, new)
        sent = [post.id for post in due.selection.posts]
        consume_posts(connection, newsletter_id, sent, campaign_id, rehearsal=rehearsal)
        passed = due.selection.passed_over
        consume_posts(connection, newsletter_id, passed, None, rehearsal=rehearsal)
        _take(connection, due, campaign_id, now, rehearsal=rehearsal)
    return campaign_id


def pass_by(engine: Engine, due: Due, now: datetime, *, rehearsal: bool) -> None:
    """Take an occurrence that has nothing to send; a newsletter that never ran stays due.

    One whose next time is further off than its schedule has it was launched by a clock that ran
    ahead: its time is put right.
    """
    nothing_new = due.verdict is Verdict.NOTHING_NEW and due.due_at is not None
    too_far = due.verdict is Verdict.NOT_YET and due.next_at != due.due_at
    if not (nothing_new or too_far):
        return
    with writing(engine) as connection:
        if not _still_as_seen(connection, due, rehearsal=rehearsal):
            return
        if nothing_new:
            _take(connection, due, None, now, rehearsal=rehearsal)
        else:
            set_next_at(connection, due.newsletter.id, due.next_at, rehearsal=rehearsal)


def wait_for_next(
    engine: Engine, newsletters: Sequence[Newsletter], now: datetime, *, rehearsal: bool
) -> tuple[str, ...]:
    """Let those that are due at `now` wait for the next time of their schedule; their names."""
    waiting = []
    with writing(engine) as connection:
        for one in newsletters:
            hold_newsletter(connection, one.id)
            due_at = read_next_at(connection, one.id, rehearsal=rehearsal)
            if due_at is None or due_at <= now:
                next_at = following(connection, one, now, rehearsal=rehearsal)
                set_next_at(connection, one.id, next_at, rehearsal=rehearsal)
                waiting.append(one.name)
    return tuple(waiting)


def make_sender(newsletter: Newsletter, config: Config) -> Sender:
    """What a newsletter's messages say about where they come from, as things stand."""
    settings = newsletter.settings
    return Sender(
        name=settings.from_name,
        email=settings.from_email,
        reply_to=settings.reply_to,
        list_name=settings.title,
        list_id=f"{settings.list}.{config.site.authority}",
        rehearsal=config.rehearsal,
    )


def _still_as_seen(connection: Connection, due: Due, *, rehearsal: bool) -> bool:
    """Hold the newsletter and see that nobody took the occurrence or its posts meanwhile."""
    newsletter_id = due.newsletter.id
    hold_newsletter(connection, newsletter_id)
    done = read_done(connection, newsletter_id, rehearsal=rehearsal)
    next_at = read_next_at(connection, newsletter_id, rehearsal=rehearsal)
    return next_at == due.due_at and done.isdisjoint(post.id for post in due.selection.posts)


def _decide(
    connection: Connection, due: Due, edition: Edition, config: Config, now: datetime
) -> NewCampaign:
    list_id = audience.find_list(connection, due.newsletter.settings.list).id
    audience.hold_list(connection, list_id)
    launched_at = max(now, audience.last_change(connection, list_id) or now)
    highest = highest_subscriber_id(connection)
    return NewCampaign(
        newsletter_id=due.newsletter.id,
        edition_id=edition.id,
        list_id=list_id,
        sender=make_sender(due.newsletter, config),
        recipients=ledger.count_eligible(connection, list_id, launched_at, highest),
        highest_subscriber_id=highest,
        due_at=due.due_at or now,
        launched_at=launched_at,
    )


def _take(
    connection: Connection, due: Due, campaign_id: int | None, now: datetime, *, rehearsal: bool
) -> None:
    taken = Occurrence(
        newsletter_id=due.newsletter.id,
        rehearsal=rehearsal,
        due_at=due.due_at or now,
        outcome=Outcome.NOTHING_NEW if campaign_id is None else Outcome.LAUNCHED,
        campaign_id=campaign_id,
        next_at=due.next_at,
    )
    take_occurrence(connection, taken, now)
