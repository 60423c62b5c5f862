"""Who gets the mail, and what they agreed to."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from pipeline.schema.columns import Id, Json, metadata, octets, one_of, time
from pipeline.schema.search_keys import LONGEST_NAME_KEY, inserted_domain, inserted_name_key
from pipeline.schema.states import ConsentEvent, SubscriptionState, SuppressionReason

# One person at one address; what is not known of them is empty. `email` is the address as it is
# mailed (domain as A-labels), `identity` the normal form that decides who is who; for an erased
# person both are empty. `name_key` and `domain` are what people are found by (search_keys.py); who
# updates a name or an identity sets them too.
subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(320)),
    Column("identity", octets(320), unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("attributes", Json, nullable=False, server_default="{}"),
    Column("language", String(35), nullable=False, server_default=""),
    Column("time_zone", String(64), nullable=False, server_default=""),
    time("created_at", nullable=False),
    Column(
        "name_key",
        octets(LONGEST_NAME_KEY),
        nullable=False,
        server_default="",
        default=inserted_name_key,
    ),
    Column("domain", octets(255), nullable=False, server_default="", default=inserted_domain),
    Index(None, "name_key", "id"),
    Index(None, "domain", "id"),
    sqlite_autoincrement=True,
)

# What staff call people by: one tag of one person, without capitals.
subscriber_tags = Table(
    "subscriber_tags",
    metadata,
    Column("tag", octets(100), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Index(None, "subscriber_id"),
    sqlite_with_rowid=False,
)

# Saved rules over subscribers; `rule` is in the language of docs/segments.md.
segments = Table(
    "segments",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("rule", Text, nullable=False),
    time("created_at", nullable=False),
    time("changed_at", nullable=False),
)

# What people subscribe to; the scope of consent.
mailing_lists = Table(
    "mailing_lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    time("created_at", nullable=False),
    sqlite_autoincrement=True,
)

# One file that was imported into one list; unfinished while it is under way, or was killed. `basis`
# is what allows to mail these people, as whoever imported it stated. The counts are of rows.
import_batches = Table(
    "import_batches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("list_id", ForeignKey("mailing_lists.id"), nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("imported_by", Text, nullable=False),
    Column("preset", String(40), nullable=False, server_default=""),
    time("started_at", nullable=False),
    time("finished_at"),
    time("undone_at"),
    Column("undone_by", Text, nullable=False, server_default=""),
    *(
        Column(name, Integer, nullable=False, server_default="0")
        for name in (
            "rows",
            "joined",
            "changed",
            "left",
            "suppressed",
            "kept_away",
            "refused",
            "absent",
        )
    ),
    sqlite_autoincrement=True,
)

# What a batch changed of a person who was known already, so that it can be undone.
import_changes = Table(
    "import_changes",
    metadata,
    Column("batch_id", ForeignKey("import_batches.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("name_before", Text, nullable=False),
    Column("name_key_before", octets(LONGEST_NAME_KEY), nullable=False),
    Column("attributes_before", Json, nullable=False),
    Column("name_after", Text, nullable=False),
    Column("name_key_after", octets(LONGEST_NAME_KEY), nullable=False),
    Column("attributes_after", Json, nullable=False),
    sqlite_with_rowid=False,
)

# One person on one list. `source` says how they came: "file readers.csv"; `batch_id` by which
# import, `left_batch_id` which import brought the word that they had left; empty once they said so
# here. `proof` is what another tool's export says of their signing up. Who left and came back while
# campaigns were launched in between has the time before in the two `former` columns: a roster that
# is still being opened counted them then. Until `paused_until` nothing is sent.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("list_id", ForeignKey("mailing_lists.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("source", Text, nullable=False),
    time("confirmed_at"),
    time("unsubscribed_at"),
    time("former_confirmed_at"),
    time("former_unsubscribed_at"),
    time("paused_until"),
    Column("batch_id", Id),  # no reference: PostgreSQL would look the batch up for each row again
    Column("left_batch_id", Id),
    Column("proof", Json),
    one_of("state", SubscriptionState),
    sqlite_with_rowid=False,
)

# Addresses never to be mailed; they outlive the subscriber. `identity` is as in `subscribers`, or
# for an erased person a keyed hash of that, which no identity can be. `batch_id` is the import that
# brought it; empty once it was found here too.
suppressions = Table(
    "suppressions",
    metadata,
    Column("identity", octets(320), primary_key=True),
    Column("reason", String(40), nullable=False),
    time("created_at", nullable=False),
    Column("batch_id", Id),
    one_of("reason", SuppressionReason),
)

# What people agreed to, and took back: rows are only ever added. `details` says how, and `salt`
# goes into the digest of all that; both are empty once the person was erased. Each `link` is made
# from the one before and the digest, so that a row that was altered, added or taken out is found.
# `network` goes earlier than the rest: of it `details` hold a salted digest alone.
receipts = Table(
    "receipts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event", String(20), nullable=False),
    Column("list_id", ForeignKey("mailing_lists.id")),
    Column("subscriber_id", ForeignKey("subscribers.id")),
    time("at", nullable=False),
    Column("details", Json),
    Column("salt", String(32)),
    Column("network", String(64)),
    Column("network_salt", String(32)),
    Column("digest", String(64), nullable=False),
    Column("link", String(64), nullable=False),
    one_of("event", ConsentEvent),
    Index(None, "subscriber_id"),
    Index(
        "ix_receipts_networks",
        "at",
        postgresql_where=Column("network").is_not(None),
        sqlite_where=Column("network").is_not(None),
    ),
    sqlite_autoincrement=True,
)

# The words people agreed to, once each; `id` is their SHA-256.
wordings = Table(
    "wordings",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
