"""The SQL of posts that were published: what a renamed file is recognised by."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from pipeline.content import KnownPost, Post
from pipeline.db import insert
from pipeline.schema import known_posts


def read_known_posts(connection: Connection, present: Collection[str]) -> tuple[KnownPost, ...]:
    """Every post that was ever published; the text only of those not `present` any more."""
    known = connection.execute(
        select(known_posts.c.id, known_posts.c.slug, known_posts.c.title, known_posts.c.date)
    ).all()
    gone = [row.id for row in known if row.id not in present]
    rows = connection.execute(
        select(known_posts.c.id, known_posts.c.text).where(known_posts.c.id.in_(gone))
    )
    texts = {row.id: row.text for row in rows}
    return tuple(
        KnownPost(
            id=row.id, slug=row.slug, title=row.title, date=row.date, text=texts.get(row.id, "")
        )
        for row in known
    )


def remember_posts(connection: Connection, posts: Sequence[Post]) -> None:
    """Note what is published now, so that a renamed file can keep its identity.

    The slug stays the first one: it is what a renamed post has to name among its aliases.
    """
    rows = [
        {
            "id": post.id,
            "slug": post.slug,
            "title": post.title,
            "date": post.date,
            "text": post.text,
        }
        for post in posts
    ]
    if rows:
        statement = insert(connection, known_posts)
        fresh = {key: statement.excluded[key] for key in ("title", "date", "text")}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh), rows)
