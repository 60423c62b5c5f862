"""What people decide: rows in doubt, campaigns paused or cancelled, copies of a site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.schema import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=True),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.Column("attempt", sa.SmallInteger(), nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('sent', 'again', 'paused', 'resumed', 'cancelled', 'restored', 'new')",
            name=op.f("ck_decisions_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_decisions_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_decisions_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "installations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
    )
    _allow_campaigns_to_be("sending", "paused", "cancelled", "sent")


def downgrade() -> None:
    _allow_campaigns_to_be("sending", "sent")
    op.drop_table("installations")
    op.drop_table("decisions")


def _allow_campaigns_to_be(*states: str) -> None:
    """Change the constraint; SQLite makes the table anew, and did not keep the old one's."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_campaigns_state"), "campaigns")
    listed = ", ".join(f"'{state}'" for state in states)
    with op.batch_alter_table(
        "campaigns", table_kwargs={"sqlite_autoincrement": True}
    ) as campaigns:
        campaigns.create_check_constraint(op.f("ck_campaigns_state"), f"state IN ({listed})")
