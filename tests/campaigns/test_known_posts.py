"""What was published is remembered, so that a renamed file stays the same post."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine

from pipeline import campaigns
from pipeline.content import KnownPost, Post, keep_identities
from pipeline.db import reading, writing
from tests.campaigns.examples import a_post

TEXT = " ".join(f"word{number}" for number in range(40))


def remember(engine: Engine, *posts: Post) -> None:
    with writing(engine) as connection:
        campaigns.remember_posts(connection, posts)


def known(engine: Engine, *present: Post) -> list[KnownPost]:
    with reading(engine) as connection:
        return sorted(
            campaigns.read_known_posts(connection, {post.id for post in present}),
            key=lambda one: one.id,
        )


def test_a_published_post_is_known(engine: Engine) -> None:
    post = a_post(1, text=TEXT)
    remember(engine, post)

    assert known(engine) == [KnownPost(post.id, post.slug, post.title, post.date, TEXT)]


def test_texts_are_read_only_of_posts_that_are_gone(engine: Engine) -> None:
    first, second = a_post(1, text=TEXT), a_post(2, text=TEXT)
    remember(engine, first, second)

    assert [one.text for one in known(engine, first)] == ["", TEXT]


def test_an_edit_is_remembered_and_the_first_name_kept(engine: Engine) -> None:
    post = a_post(1, text=TEXT)
    remember(engine, post)
    remember(engine, replace(post, title="New title", slug="new-name", text="New text"))

    (found,) = known(engine)
    assert (found.title, found.text, found.slug) == ("New title", "New text", post.slug)


def test_nothing_to_remember_is_fine(engine: Engine) -> None:
    remember(engine)

    assert known(engine) == []


def test_a_renamed_file_is_recognised_as_the_post_it_was(engine: Engine) -> None:
    post = a_post(1, text=TEXT)
    remember(engine, post)
    renamed = replace(post, id="tag:larkfield.example,2026:another", slug="another-name")

    (kept,), (rename,) = keep_identities([renamed], known(engine, renamed))

    assert kept.id == post.id
    assert (rename.old_slug, rename.new_slug) == (post.slug, "another-name")
