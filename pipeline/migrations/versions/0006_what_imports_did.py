"""What imports did: their batches, what they changed, and who came or left by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.schema import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
COUNTS = ("rows", "joined", "changed", "left", "suppressed", "kept_away", "refused", "absent")
NAME_KEY = sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql")
BATCHES = (
    ("subscriptions", "batch_id"),
    ("subscriptions", "left_batch_id"),
    ("suppressions", "batch_id"),
)


def upgrade() -> None:
    op.create_table(
        "import_batches",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("preset", sa.String(length=40), server_default="", nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.Text(), server_default="", nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in COUNTS),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_lists.id"], name=op.f("fk_import_batches_list_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "import_changes",
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("name_before", sa.Text(), nullable=False),
        sa.Column("name_key_before", NAME_KEY, nullable=False),
        sa.Column("attributes_before", JSON, nullable=False),
        sa.Column("name_after", sa.Text(), nullable=False),
        sa.Column("name_key_after", NAME_KEY, nullable=False),
        sa.Column("attributes_after", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_import_changes_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_import_changes_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "subscriber_id", name=op.f("pk_import_changes")),
        sqlite_with_rowid=False,
    )
    for table, name in BATCHES:
        op.add_column(table, sa.Column(name, ID, nullable=True))
    op.add_column("subscriptions", sa.Column("proof", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "proof")
    for table, name in BATCHES:
        op.drop_column(table, name)
    op.drop_table("import_changes")
    op.drop_table("import_batches")
