"""What a newsletter would do at one instant: is it due, with which posts, and when again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pipeline import audience
from pipeline.campaigns.campaign_store import has_run, read_done
from pipeline.campaigns.newsletter_store import following, read_next_at
from pipeline.campaigns.newsletters import Newsletter
from pipeline.campaigns.selection import Selection, choose
from pipeline.compose import Edition, make_edition
from pipeline.config import Config
from pipeline.content import Post
from pipeline.errors import CampaignError


class Verdict(StrEnum):
    """What a look at a newsletter found."""

    DUE = "due"  # its time has come, and there are new posts
    NOTHING_NEW = "nothing_new"  # its time has come, and there is nothing to send
    NOT_YET = "not_yet"  # its time has not come
    NOBODY = "nobody"  # its time has come, but the list has no confirmed people


@dataclass(frozen=True)
class Due:
    """One newsletter at one instant."""

    newsletter: Newsletter
    verdict: Verdict
    selection: Selection
    due_at: datetime | None  # the occurrence looked at, UTC; None when it never ran
    next_at: datetime  # when it is due next, UTC: after this occurrence, where its time has come


def read_due(
    connection: Connection,
    newsletter: Newsletter,
    posts: Sequence[Post],
    now: datetime,
    *,
    rehearsal: bool,
) -> Due:
    """Look at one newsletter at `now` (UTC); changes nothing.

    However many occurrences were missed, they count as one. Raises AudienceError when the
    newsletter's list does not exist.
    """
    settings = newsletter.settings
    selection = _select(connection, newsletter, posts, now, rehearsal=rehearsal)
    due_at = read_next_at(connection, newsletter.id, rehearsal=rehearsal)
    next_at = following(connection, newsletter, now, rehearsal=rehearsal)
    if due_at is not None and due_at > now:
        return Due(newsletter, Verdict.NOT_YET, selection, due_at, min(due_at, next_at))
    if not selection.posts:
        verdict = Verdict.NOTHING_NEW
    elif audience.count_confirmed(connection, audience.find_list(connection, settings.list)) == 0:
        verdict = Verdict.NOBODY
    else:
        verdict = Verdict.DUE
    return Due(newsletter, verdict, selection, due_at, next_at)


def compose_edition(due: Due, config: Config, now: datetime) -> Edition:
    """The edition of a newsletter that is due, dated in its own zone."""
    return _compose(due.newsletter, due.selection.posts, config, now)


def compose_next(
    connection: Connection,
    newsletter: Newsletter,
    posts: Sequence[Post],
    config: Config,
    now: datetime,
) -> Edition:
    """The edition a newsletter would send now; with nothing new, what a first one would hold.

    Raises CampaignError when no post matches at all.
    """
    selection = _select(connection, newsletter, posts, now, rehearsal=config.rehearsal)
    if not selection.posts:
        selection = choose(posts, newsletter.settings, done=(), first=True, now=now)
    if not selection.posts:
        raise CampaignError(
            f"newsletter {newsletter.name!r} matches no published post",
            hint="publish one, or widen its tags, categories or language",
        )
    return _compose(newsletter, selection.posts, config, now)


def _select(
    connection: Connection,
    newsletter: Newsletter,
    posts: Sequence[Post],
    now: datetime,
    *,
    rehearsal: bool,
) -> Selection:
    return choose(
        posts,
        newsletter.settings,
        done=read_done(connection, newsletter.id, rehearsal=rehearsal),
        first=not has_run(connection, newsletter.id, rehearsal=rehearsal),
        now=now,
    )


def _compose(
    newsletter: Newsletter, posts: Sequence[Post], config: Config, now: datetime
) -> Edition:
    issued_on = now.astimezone(ZoneInfo(newsletter.settings.timezone)).date()
    return make_edition(posts, newsletter.settings, config, issued_on=issued_on)
