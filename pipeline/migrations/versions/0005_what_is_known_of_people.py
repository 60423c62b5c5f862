"""What is known of people: tags, saved segments, and what they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.schema import UtcDateTime, domain_of, name_key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PAGE = 5_000  # people read and written at once


def octets(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "subscriber_tags",
        sa.Column("tag", octets(100), nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriber_tags_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("tag", "subscriber_id", name=op.f("pk_subscriber_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_subscriber_tags_subscriber_id"), "subscriber_tags", ["subscriber_id"])
    op.create_table(
        "segments",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_segments")),
    )
    _order_identities('"C"')
    with op.batch_alter_table("subscribers") as batch:
        for name, length in (("name_key", 100), ("domain", 255)):
            batch.add_column(sa.Column(name, octets(length), server_default="", nullable=False))
    _fill_keys()
    for name in ("name_key", "domain"):
        op.create_index(op.f(f"ix_subscribers_{name}_id"), "subscribers", [name, "id"])


def _order_identities(collation: str) -> None:
    """Only PostgreSQL has another order; it then finds the beginning of an address by the index."""
    if op.get_context().dialect.name == "postgresql":
        for table in ("subscribers", "suppressions"):
            op.execute(
                f"ALTER TABLE {table} ALTER COLUMN identity TYPE VARCHAR(320) COLLATE {collation}"
            )


def _fill_keys() -> None:
    """By Python: the databases' own small letters stop at ASCII, or hang on a language."""
    people = sa.table(
        "subscribers",
        *(sa.column(name) for name in ("id", "identity", "name", "name_key", "domain")),
    )
    change = (
        sa.update(people)
        .where(people.c.id == sa.bindparam("person"))
        .values(name_key=sa.bindparam("key"), domain=sa.bindparam("part"))
    )
    last = 0
    while page := _page(people, last):
        values = [
            {"person": row.id, "key": name_key(row.name), "part": domain_of(row.identity)}
            for row in page
        ]
        op.get_bind().execute(change, values)
        last = page[-1].id


def _page(people: sa.TableClause, last: int) -> list[sa.Row[tuple[int, str | None, str]]]:
    wanted = sa.select(people.c.id, people.c.identity, people.c.name)
    after = wanted.where(people.c.id > last).order_by(people.c.id).limit(PAGE)
    return list(op.get_bind().execute(after))


def downgrade() -> None:
    for name in ("name_key", "domain"):
        op.drop_index(op.f(f"ix_subscribers_{name}_id"), "subscribers")
    with op.batch_alter_table("subscribers") as batch:
        batch.drop_column("domain")
        batch.drop_column("name_key")
    _order_identities('"default"')
    op.drop_table("segments")
    op.drop_table("subscriber_tags")
