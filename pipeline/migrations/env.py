"""Alembic's entry: runs the revisions on the connection that pipeline.db hands over."""

from __future__ import annotations

from alembic import context

from pipeline.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
