"""All tables on one page; each state has its sentence.

Times are aware and in UTC. Ids are never reused, so that a ledger row names the same person for
ever. What differs between SQLite and PostgreSQL stands in db/.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB


class SubscriptionState(StrEnum):
    """Where a person stands with one list."""

    PENDING = "pending"  # asked, not yet confirmed: gets nothing but the confirmation mail
    CONFIRMED = "confirmed"  # gets the list's mail
    UNSUBSCRIBED = "unsubscribed"  # left; an import does not bring them back


class CampaignState(StrEnum):
    """How far a campaign has come."""

    SENDING = "sending"  # launched; workers take its ranges
    PAUSED = "paused"  # nothing more is started until it is resumed
    CANCELLED = "cancelled"  # nothing more is ever started; open rows count as cancelled
    SENT = "sent"  # roster complete, and no row is planned, started or deferred


class DeliveryStatus(StrEnum):
    """Where one message to one person stands: the balance sheet's columns."""

    PLANNED = "planned"  # on the roster, not yet begun
    STARTED = "started"  # in flight: its body may have left
    SENT = "sent"  # accepted by the next server; not "in the inbox"
    DEFERRED = "deferred"  # refused for now (4xx); tried again at next_attempt_at
    REFUSED = "refused"  # refused for good (5xx)
    UNKNOWN = "unknown"  # the body left and no reply was seen; a person decides
    SKIPPED = "skipped"  # might no longer get it when its turn came; see reason
    CANCELLED = "cancelled"  # the campaign was called off first
    EXPIRED = "expired"  # deferred until trying ended
    BOUNCED = "bounced"  # accepted, then reported undeliverable
    COMPLAINED = "complained"  # accepted, then marked as spam


class Outcome(StrEnum):
    """What became of a newsletter's occurrence."""

    LAUNCHED = "launched"  # a campaign was made
    NOTHING_NEW = "nothing_new"  # no new post: nothing to send


class Decision(StrEnum):
    """What a person decided about a delivery, a campaign or the site."""

    SENT = "sent"  # a row in doubt: the message went
    AGAIN = "again"  # a row in doubt: send it again, under the same Message-ID
    PAUSED = "paused"  # a campaign: start nothing more for now
    RESUMED = "resumed"  # a campaign: go on
    CANCELLED = "cancelled"  # a campaign: start nothing more
    RESTORED = "restored"  # the site: a backup was restored, so what was not final is in doubt
    NEW = "new"  # the site: it moved or is a new machine, and nothing was lost


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware on both sides, UTC in the database; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC. Raises ValueError for a naive one."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time; SQLite keeps no zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only INTEGER keys
Json = JSON().with_variant(JSONB(), "postgresql")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _time(name: str, **options: Any) -> Column[datetime]:
    return Column(name, UtcDateTime(), **options)


# --- audience -------------------------------------------------------------------------------

# One person at one address. `email` is the address as it is mailed (domain as A-labels),
# `identity` the normal form that decides who is who; both are empty for an erased person.
subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(320)),
    Column("identity", String(320), unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("attributes", Json, nullable=False, server_default="{}"),
    _time("created_at", nullable=False),
    sqlite_autoincrement=True,
)

# What people subscribe to; the scope of consent.
mailing_lists = Table(
    "mailing_lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    _time("created_at", nullable=False),
    sqlite_autoincrement=True,
)

# One person on one list. `source` says how they came: "file readers.csv".
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("list_id", ForeignKey("mailing_lists.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("source", Text, nullable=False),
    _time("confirmed_at"),
    _time("unsubscribed_at"),
    _one_of("state", SubscriptionState),
    sqlite_with_rowid=False,
)

# Addresses never to be mailed, by `identity`; they outlive the subscriber.
suppressions = Table(
    "suppressions",
    metadata,
    Column("identity", String(320), primary_key=True),
    Column("reason", String(40), nullable=False),
    _time("created_at", nullable=False),
)

# --- campaigns ------------------------------------------------------------------------------

# Every post that was ever published, so that a renamed file keeps its identity.
known_posts = Table(
    "known_posts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("title", Text, nullable=False),
    _time("date", nullable=False),
    Column("text", Text, nullable=False),
)

# The standing orders. `settings` is config.NewsletterSettings; the database rules.
newsletters = Table(
    "newsletters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("settings", Json, nullable=False),
    _time("created_at", nullable=False),
    sqlite_autoincrement=True,
)

# When a newsletter is due next, once for real sends and once for rehearsals; a newsletter that
# never ran in that mode has no row and is due at once.
schedules = Table(
    "schedules",
    metadata,
    Column("newsletter_id", ForeignKey("newsletters.id"), primary_key=True),
    Column("rehearsal", Boolean, primary_key=True),
    _time("next_at", nullable=False),
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
    _time("roster_complete_at"),
    _time("due_at", nullable=False),
    _time("launched_at", nullable=False),
    _time("finished_at"),
    _one_of("state", CampaignState),
    Index(None, "newsletter_id", "rehearsal", "due_at", unique=True),
    sqlite_autoincrement=True,
)

# Each time a newsletter was due: taken once, by one process.
occurrences = Table(
    "occurrences",
    metadata,
    Column("newsletter_id", ForeignKey("newsletters.id"), primary_key=True),
    Column("rehearsal", Boolean, primary_key=True),
    _time("due_at", primary_key=True),
    Column("outcome", String(20), nullable=False),
    Column("campaign_id", ForeignKey("campaigns.id")),
    _time("taken_at", nullable=False),
    _one_of("outcome", Outcome),
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

# --- ledger ---------------------------------------------------------------------------------

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
    _time("leased_until"),
    _time("due_at", nullable=False),
    _time("finished_at"),
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
    _time("next_attempt_at"),
    _time("started_at"),
    _time("recorded_at"),
    Column("code", SmallInteger),
    Column("enhanced_code", String(12)),
    Column("reply", Text),
    _one_of("status", DeliveryStatus),
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
    _time("decided_at", nullable=False),
    _one_of("decision", Decision),
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
    _time("raised_at", nullable=False),
)

# --- throttle -------------------------------------------------------------------------------

# What a provider (`domain` empty), or one receiving domain through it, was sent of late, and the
# pace it has learned. `bookings` holds, by the seconds of a window, instants and counts; `first_at`
# begins the ramp-up; the last three are empty where there was no trouble.
throttles = Table(
    "throttles",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("bookings", Json, nullable=False),
    _time("first_at"),
    Column("interval_seconds", Float),
    _time("next_at"),
    _time("heard_from"),
)

# Connections, or messages in flight, that a worker may have at a provider or a domain until then;
# one with a count of 0 waits, since `since`, for its turn.
slots = Table(
    "slots",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("worker", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    _time("since", nullable=False),
    _time("until", nullable=False),
)
