"""The ledger, what people decided about it, and the installations that work with it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Table,
    Text,
)

from pipeline.schema.columns import Id, metadata, one_of, time
from pipeline.schema.states import Decision, DeliveryStatus

# Subscriber ids `low` to `high` of one campaign, lent to one worker until `leased_until`; due
# again at `due_at` while rows are deferred; finished when no row is planned, started, deferred.
ranges = Table(
    "ranges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", ForeignKey("campaigns.id"), nullable=False),
    Column("low", Id, nullable=False),
    Column("high", Id, nullable=False),
    Column("worker", Text),
    time("leased_until"),
    time("due_at", nullable=False),
    time("finished_at"),
    Index(
        "ix_ranges_open",
        "campaign_id",
        "due_at",
        postgresql_where=Column("finished_at").is_(None),
        sqlite_where=Column("finished_at").is_(None),
    ),
    sqlite_autoincrement=True,
)

# One row per campaign and person, for ever. `status` stands in no index on purpose: PostgreSQL
# then updates the row in place (HOT) instead of writing every index anew.
deliveries = Table(
    "deliveries",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("status", String(12), nullable=False),
    Column("attempt", SmallInteger, nullable=False, server_default="0"),
    Column("worker", Text),
    Column("reason", String(40), nullable=False, server_default=""),
    time("next_attempt_at"),
    time("started_at"),
    time("recorded_at"),
    Column("code", SmallInteger),
    Column("enhanced_code", String(12)),
    Column("reply", Text),
    one_of("status", DeliveryStatus),
    sqlite_with_rowid=False,
)

# What people decided, in the order in which they did; rows are only ever added. One about a
# whole campaign has no subscriber, one about the site has neither; `attempt` is the one that was in
# doubt.
decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", ForeignKey("campaigns.id")),
    Column("subscriber_id", ForeignKey("subscribers.id")),
    Column("attempt", SmallInteger),
    Column("decision", String(20), nullable=False),
    Column("decided_by", Text, nullable=False),
    time("decided_at", nullable=False),
    one_of("decision", Decision),
    sqlite_autoincrement=True,
)

# One var/ that works with this database, and how often it was begun with: its file says the same.
# `generation` is empty after an arming elsewhere: this var/ is then taken as it comes. `held` says
# that the database was found to be older than this var/; then nobody sends.
installations = Table(
    "installations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("host", Text, nullable=False),
    Column("generation", BigInteger),
    Column("held", Boolean, nullable=False),
    time("raised_at", nullable=False),
)
