"""Who comes back, and who wants to hear nothing for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.schema import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = ("former_confirmed_at", "former_unsubscribed_at", "paused_until")


def upgrade() -> None:
    with op.batch_alter_table("subscriptions") as batch:
        for name in COLUMNS:
            batch.add_column(sa.Column(name, UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("subscriptions") as batch:
        for name in COLUMNS:
            batch.drop_column(name)
