"""The SQL of editions and campaigns, and of the posts they have consumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, or_, select, update

from pipeline.campaigns.transitions import DECISIONS, Step, state_after
from pipeline.compose import Edition, Sender
from pipeline.db import insert, lock_rows
from pipeline.errors import CampaignError
from pipeline.ledger import Decided, keep_decisions
from pipeline.schema import (
    CampaignState,
    campaigns,
    consumed_posts,
    editions,
    newsletters,
    subscribers,
)


@dataclass(frozen=True)
class Campaign:
    """An edition to an audience at a time."""

    id: int
    newsletter: str
    edition_id: str
    subject: str
    list_id: int
    sender: Sender
    rehearsal: bool
    state: CampaignState
    recipients: int
    due_at: datetime
    launched_at: datetime
    finished_at: datetime | None


def save_edition(connection: Connection, edition: Edition) -> None:
    """Keep an edition for ever; the same one again changes nothing."""
    values = asdict(edition) | {"post_ids": list(edition.post_ids)}
    connection.execute(
        insert(connection, editions).values(values).on_conflict_do_nothing(index_elements=["id"])
    )


def read_edition(connection: Connection, edition_id: str) -> Edition:
    """A kept edition."""
    return _edition(connection.execute(select(editions).where(editions.c.id == edition_id)).one())


def read_public_editions(connection: Connection, *, rehearsal: bool) -> tuple[Edition, ...]:
    """The editions that may be viewed in a browser, newest first.

    Those that were only rehearsed are shown while rehearsing, and never beside real ones later.
    """
    campaign = exists().where(
        campaigns.c.edition_id == editions.c.id,
        _counts_for(campaigns.c.rehearsal, rehearsal=rehearsal),
    )
    rows = connection.execute(
        select(editions)
        .where(editions.c.private.is_(False), campaign)
        .order_by(editions.c.issued_on.desc(), editions.c.id)
    )
    return tuple(map(_edition, rows))


def count_editions(connection: Connection) -> int:
    """How many editions were ever made."""
    return connection.execute(select(func.count()).select_from(editions)).scalar_one()


def _edition(row: Row[Any]) -> Edition:
    return Edition(**(row._asdict() | {"post_ids": tuple(row.post_ids)}))


def read_campaign(connection: Connection, campaign_id: int) -> Campaign:
    """One campaign. Raises CampaignError when there is none with this id."""
    row = connection.execute(_select_campaigns().where(campaigns.c.id == campaign_id)).first()
    if row is None:
        raise CampaignError(
            f"there is no campaign {campaign_id}", hint="`pipeline campaigns` lists them"
        )
    return _campaign(row)


def read_campaigns(connection: Connection) -> tuple[Campaign, ...]:
    """All campaigns, newest first."""
    return _newest_first(connection, _select_campaigns())


def move_campaign(
    connection: Connection, campaign_id: int, step: Step, by: str, now: datetime
) -> None:
    """Pause, resume or cancel a campaign, from the very next message on.

    Raises CampaignError when there is none, InvalidTransition when its state forbids it.
    """
    held = select(campaigns.c.id).where(campaigns.c.id == campaign_id)
    connection.execute(lock_rows(held))
    after = state_after(campaign_id, read_campaign(connection, campaign_id).state, step)
    connection.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(state=after))
    decided = Decided(DECISIONS[step], by, now, campaign_id)
    keep_decisions(connection, (decided,))


def read_live_campaigns(connection: Connection, *, rehearsal: bool) -> tuple[Campaign, ...]:
    """The campaigns being sent in this mode, newest first. Asked at every tick."""
    live = _select_campaigns().where(
        campaigns.c.state == CampaignState.SENDING, campaigns.c.rehearsal == rehearsal
    )
    return _newest_first(connection, live)


def _newest_first(connection: Connection, wanted: Any) -> tuple[Campaign, ...]:
    return tuple(map(_campaign, connection.execute(wanted.order_by(campaigns.c.id.desc()))))


def _select_campaigns() -> Any:
    return (
        select(campaigns, newsletters.c.name.label("newsletter"), editions.c.subject)
        .join(newsletters, newsletters.c.id == campaigns.c.newsletter_id)
        .join(editions, editions.c.id == campaigns.c.edition_id)
    )


def _campaign(row: Row[Any]) -> Campaign:
    return Campaign(
        id=row.id,
        newsletter=row.newsletter,
        edition_id=row.edition_id,
        subject=row.subject,
        list_id=row.list_id,
        sender=Sender(**row.sender),
        rehearsal=row.rehearsal,
        state=CampaignState(row.state),
        recipients=row.recipients,
        due_at=row.due_at,
        launched_at=row.launched_at,
        finished_at=row.finished_at,
    )


@dataclass(frozen=True)
class NewCampaign:
    """What a launch decides."""

    newsletter_id: int
    edition_id: str
    list_id: int
    sender: Sender
    recipients: int  # counted in the launching transaction
    highest_subscriber_id: int
    due_at: datetime
    launched_at: datetime


def insert_campaign(connection: Connection, new: NewCampaign) -> int:
    """Create a campaign that is being sent; its id."""
    values = asdict(new) | {"state": CampaignState.SENDING, "rehearsal": new.sender.rehearsal}
    statement = insert(connection, campaigns).values(values).returning(campaigns.c.id)
    return int(connection.execute(statement).scalar_one())


def highest_subscriber_id(connection: Connection) -> int:
    """The newest subscriber's id; who comes later is not in a campaign launched now."""
    return connection.execute(select(func.max(subscribers.c.id))).scalar_one() or 0


def consume_posts(
    connection: Connection,
    newsletter_id: int,
    post_ids: Sequence[str],
    campaign_id: int | None,
    *,
    rehearsal: bool,
) -> None:
    """Make posts done for a newsletter: sent by a campaign, or passed over when it is None.

    Unique per newsletter and post: a second launch of the same post fails as a whole.
    """
    if post_ids:
        connection.execute(
            insert(connection, consumed_posts),
            [
                {
                    "newsletter_id": newsletter_id,
                    "post_id": post_id,
                    "rehearsal": rehearsal,
                    "campaign_id": campaign_id,
                }
                for post_id in post_ids
            ],
        )


def read_done(connection: Connection, newsletter_id: int, *, rehearsal: bool) -> frozenset[str]:
    """Ids of posts a newsletter is done with.

    What a rehearsal sent stays new for a real send; what was really sent is done for both.
    """
    rows = connection.execute(
        select(consumed_posts.c.post_id).where(
            consumed_posts.c.newsletter_id == newsletter_id,
            _counts_for(consumed_posts.c.rehearsal, rehearsal=rehearsal),
        )
    )
    return frozenset(rows.scalars())


def has_run(connection: Connection, newsletter_id: int, *, rehearsal: bool) -> bool:
    """Whether a newsletter ever launched a campaign that counts in this mode."""
    found = connection.execute(
        select(campaigns.c.id)
        .where(
            campaigns.c.newsletter_id == newsletter_id,
            _counts_for(campaigns.c.rehearsal, rehearsal=rehearsal),
        )
        .limit(1)
    )
    return found.first() is not None


def _counts_for(column: Any, *, rehearsal: bool) -> Any:
    return or_(column == rehearsal, column.is_(False))
