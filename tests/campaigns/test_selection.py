"""When a newsletter is due, and which posts are new for it: pure rules."""

from __future__ import annotations

import pytest

from pipeline.campaigns.selection import choose
from pipeline.config import NewsletterSettings
from pipeline.content import Post, Visibility
from tests.campaigns.examples import DIGEST, NOW, a_post


def chosen(posts: list[Post], settings: NewsletterSettings = DIGEST, **values: object) -> list[str]:
    options = {"done": (), "first": False, "now": NOW} | values
    return [post.slug for post in choose(posts, settings, **options).posts]  # type: ignore[arg-type]


# --- what is new ----------------------------------------------------------------------------------


def test_a_first_edition_takes_the_newest_ten_and_passes_over_the_rest() -> None:
    posts = [a_post(number, days_ago=number * 30) for number in range(1, 15)]

    first = choose(posts, DIGEST, done=(), first=True, now=NOW)

    assert [post.slug for post in first.posts] == [f"post-{number}" for number in range(1, 11)]
    assert first.passed_over == tuple(post.id for post in posts[10:])


def test_later_editions_take_what_is_not_done_and_not_older_than_a_month() -> None:
    posts = [a_post(1), a_post(2, 5), a_post(3, 31), a_post(4, 2)]

    assert chosen(posts, done={posts[1].id}) == ["post-1", "post-4"]


def test_an_edited_or_renamed_post_keeps_its_id_and_is_not_new() -> None:
    edited = a_post(1, title="Another title", slug="another-name", updated=NOW)

    assert chosen([edited], done={edited.id}) == []


def test_drafts_future_and_expired_posts_are_not_out() -> None:
    posts = [
        a_post(1, status="draft"),
        a_post(2, days_ago=-1),
        a_post(3, expires=NOW),
        a_post(4),
    ]

    assert chosen(posts) == ["post-4"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tags": ("Knee",)}, ["post-1"]),
        ({"categories": ("treatments",)}, ["post-2"]),
        ({"language": "de"}, ["post-2", "post-3"]),
        ({"private": True}, ["post-1", "post-2", "post-3", "post-4"]),
        ({}, ["post-1", "post-2", "post-3"]),
    ],
)
def test_a_newsletter_takes_what_matches(settings: dict[str, object], expected: list[str]) -> None:
    posts = [
        a_post(1, tags=("knee", "hip")),
        a_post(2, category="Treatments", language="de"),
        a_post(3, language="de-AT"),
        a_post(4, visibility=Visibility.PRIVATE),
    ]
    newsletter = NewsletterSettings(name="digest", list="readers", **settings)  # type: ignore[arg-type]

    assert chosen(posts, newsletter) == expected
