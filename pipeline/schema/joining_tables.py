"""Who asked to join a list, and the mail outside campaigns that follows from it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, String, Table, Text

from pipeline.schema.columns import Id, metadata, one_of, time
from pipeline.schema.states import NoticeKind, NoticeState, RequestState

# One press of a form's button. `network` is what is kept of where it came from, `counted_as` the
# keyed hash by which that is limited; it is emptied after an hour. The link in the confirmation
# mail names the row, holds until `expires_at`, and works once.
requests = Table(
    "requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("list_name", String(100), nullable=False),
    Column("email", String(320), nullable=False),
    Column("identity", String(320), nullable=False),
    Column("subscriber_id", ForeignKey("subscribers.id")),
    Column("network", String(80), nullable=False),
    Column("counted_as", String(32), nullable=False),
    Column("wording", ForeignKey("wordings.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String(12), nullable=False),
    time("created_at", nullable=False),
    time("settled_at"),
    time("expires_at"),
    time("used_at"),
    one_of("state", RequestState),
    Index(None, "identity", "created_at"),
    Index(None, "counted_as", "created_at"),
    Index(None, "list_name", "created_at"),
    Index(None, "state", "id"),
    Index(None, "subscriber_id"),
    sqlite_autoincrement=True,
)

# One system mail outside campaigns; `key` says what it is about, so that it is planned once. It is
# due while `next_attempt_at` is set.
notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("key", String(80), nullable=False, unique=True),
    Column("request_id", ForeignKey("requests.id")),
    Column("list_id", ForeignKey("mailing_lists.id")),
    Column("subscriber_id", ForeignKey("subscribers.id")),
    Column("email", String(320), nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempt", SmallInteger, nullable=False, server_default="0"),
    Column("worker", Text),
    time("created_at", nullable=False),
    time("next_attempt_at"),
    time("started_at"),
    time("recorded_at"),
    Column("code", SmallInteger),
    Column("enhanced_code", String(12)),
    Column("reply", Text),
    one_of("kind", NoticeKind),
    one_of("state", NoticeState),
    Index(None, "state", "next_attempt_at"),
    Index(None, "request_id"),
    Index(None, "subscriber_id"),
    sqlite_autoincrement=True,
)
