"""What a provider takes: bookings under its limits, learned paces, shared connections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.schema import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "throttles",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("bookings", JSON, nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("interval_seconds", sa.Float(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("heard_from", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("provider", "domain", name=op.f("pk_throttles")),
    )
    op.create_table(
        "slots",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "domain", "worker", name=op.f("pk_slots")),
    )


def downgrade() -> None:
    op.drop_table("slots")
    op.drop_table("throttles")
