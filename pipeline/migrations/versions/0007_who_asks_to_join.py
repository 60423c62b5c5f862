"""Who asks to join a list: requests from forms, and notices, the mail outside campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.schema import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REQUESTS = "'open', 'mailed', 'confirmed', 'dropped'"
NOTICES = "'planned', 'started', 'sent', 'deferred', 'refused', 'unknown', 'expired'"


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("identity", sa.String(length=320), nullable=False),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.Column("network", sa.String(length=80), nullable=False),
        sa.Column("counted_as", sa.String(length=32), nullable=False),
        sa.Column("wording", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"state IN ({REQUESTS})", name=op.f("ck_requests_state")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_requests_subscriber_id")
        ),
        sa.ForeignKeyConstraint(["wording"], ["wordings.id"], name=op.f("fk_requests_wording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sqlite_autoincrement=True,
    )
    for columns in (
        ("identity", "created_at"),
        ("counted_as", "created_at"),
        ("list_name", "created_at"),
        ("state", "id"),
        ("subscriber_id",),
    ):
        op.create_index(op.f(f"ix_requests_{'_'.join(columns)}"), "requests", list(columns))
    op.create_table(
        "notices",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_id", ID, nullable=True),
        sa.Column("list_id", ID, nullable=True),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=True),
        sa.Column("code", sa.SmallInteger(), nullable=True),
        sa.Column("enhanced_code", sa.String(length=12), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('confirmation')", name=op.f("ck_notices_kind")),
        sa.CheckConstraint(f"state IN ({NOTICES})", name=op.f("ck_notices_state")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_notices_request_id")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_lists.id"], name=op.f("fk_notices_list_id")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_notices_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
        sqlite_autoincrement=True,
    )
    for columns in (("state", "next_attempt_at"), ("request_id",), ("subscriber_id",)):
        op.create_index(op.f(f"ix_notices_{'_'.join(columns)}"), "notices", list(columns))


def downgrade() -> None:
    op.drop_table("notices")
    op.drop_table("requests")
