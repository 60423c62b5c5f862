"""Newsletters, what they were made of, and their campaigns."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from pipeline.schema.columns import Id, Json, metadata, one_of, time
from pipeline.schema.states import CampaignState, Outcome

# Every post that was ever published, so that a renamed file keeps its identity.
known_posts = Table(
    "known_posts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("title", Text, nullable=False),
    time("date", nullable=False),
    Column("text", Text, nullable=False),
)

# The standing orders. `settings` is config.NewsletterSettings; the database rules.
newsletters = Table(
    "newsletters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("settings", Json, nullable=False),
    time("created_at", nullable=False),
    sqlite_autoincrement=True,
)

# When a newsletter is due next, once for real sends and once for rehearsals; a newsletter that
# never ran in that mode has no row and is due at once.
schedules = Table(
    "schedules",
    metadata,
    Column("newsletter_id", ForeignKey("newsletters.id"), primary_key=True),
    Column("rehearsal", Boolean, primary_key=True),
    time("next_at", nullable=False),
)

# One composed newsletter: frozen, addressed to nobody, named by the hash of its inputs.
editions = Table(
    "editions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("newsletter", String(100), nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("post_ids", Json, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("view_url", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
)

# An edition to an audience at a time. `highest_subscriber_id` and `roster_cursor` bound and
# follow the opening of the roster; `recipients` was counted at launch, independently of it.
campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Id, primary_key=True),
    Column("newsletter_id", ForeignKey("newsletters.id"), nullable=False),
    Column("edition_id", ForeignKey("editions.id"), nullable=False),
    Column("list_id", ForeignKey("mailing_lists.id"), nullable=False),
    Column("sender", Json, nullable=False),
    Column("rehearsal", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("highest_subscriber_id", Id, nullable=False),
    Column("roster_cursor", Id, nullable=False, server_default="0"),
    time("roster_complete_at"),
    time("due_at", nullable=False),
    time("launched_at", nullable=False),
    time("finished_at"),
    one_of("state", CampaignState),
    Index(None, "newsletter_id", "rehearsal", "due_at", unique=True),
    sqlite_autoincrement=True,
)

# Each time a newsletter was due: taken once, by one process.
occurrences = Table(
    "occurrences",
    metadata,
    Column("newsletter_id", ForeignKey("newsletters.id"), primary_key=True),
    Column("rehearsal", Boolean, primary_key=True),
    time("due_at", primary_key=True),
    Column("outcome", String(20), nullable=False),
    Column("campaign_id", ForeignKey("campaigns.id")),
    time("taken_at", nullable=False),
    one_of("outcome", Outcome),
)

# The posts a newsletter is done with: sent by a campaign, or passed over (no campaign). A
# rehearsal's rows leave the post new for the first real send.
consumed_posts = Table(
    "consumed_posts",
    metadata,
    Column("newsletter_id", ForeignKey("newsletters.id"), primary_key=True),
    Column("post_id", Text, primary_key=True),
    Column("rehearsal", Boolean, primary_key=True),
    Column("campaign_id", ForeignKey("campaigns.id")),
)
