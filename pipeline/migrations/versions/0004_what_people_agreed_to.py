"""What people agreed to: consent receipts; language and time zone; why nobody is mailed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.schema import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
EVENTS = "'asked', 'confirmed', 'joined', 'imported', 'changed', 'left', 'returned', 'erased'"
REASONS = "'hard_bounce', 'repeated_bounce', 'complaint', 'unsubscribed_all', 'erased', 'manual'"


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", ID, nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("list_id", ID, nullable=True),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("details", JSON, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("network_salt", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.CheckConstraint(f"event IN ({EVENTS})", name=op.f("ck_receipts_event")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_lists.id"], name=op.f("fk_receipts_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_receipts_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_receipts_subscriber_id"), "receipts", ["subscriber_id"])
    there = sa.text("network IS NOT NULL")
    op.create_index(
        "ix_receipts_networks", "receipts", ["at"], sqlite_where=there, postgresql_where=there
    )
    with op.batch_alter_table("subscribers") as batch:
        for name, length in (("language", 35), ("time_zone", 64)):
            batch.add_column(
                sa.Column(name, sa.String(length=length), server_default="", nullable=False)
            )
    with op.batch_alter_table("suppressions") as batch:
        batch.create_check_constraint(op.f("ck_suppressions_reason"), f"reason IN ({REASONS})")


def downgrade() -> None:
    with op.batch_alter_table("suppressions") as batch:
        batch.drop_constraint(op.f("ck_suppressions_reason"), type_="check")
    with op.batch_alter_table("subscribers") as batch:
        batch.drop_column("time_zone")
        batch.drop_column("language")
    op.drop_table("receipts")
    op.drop_table("wordings")
