"""When a newsletter is due, and which posts are new for it: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.campaigns.schedule import next_after
from pipeline.campaigns.selection import choose
from pipeline.config import NewsletterSettings
from pipeline.content import Post, Visibility

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
DIGEST = NewsletterSettings(name="digest", list="readers")


def a_post(number: int, days_ago: float = 1, **values: object) -> Post:
    given: dict[str, object] = {
        "id": f"tag:larkfield.example,2026:{number}",
        "slug": f"post-{number}",
        "title": f"Post {number}",
        "date": NOW - timedelta(days=days_ago),
        "url": f"https://larkfield.example/posts/post-{number}/",
        "path": Path(f"posts/post-{number}.md"),
        "summary": "",
        "web_html": "",
        "feed_html": "",
        "email_html": "",
        "text": "",
    }
    return Post(**{**given, **values})  # type: ignore[arg-type]  # values of many types


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


# --- when it is due -------------------------------------------------------------------------------


def local_times(rule: str, zone: str, after: str, count: int) -> list[str]:
    moment, found = datetime.fromisoformat(after), []
    for _ in range(count):
        moment = next_after(rule, zone, moment)
        found.append(f"{moment:%Y-%m-%dT%H:%MZ}")
    return found


def test_one_in_a_rule_is_monday() -> None:
    assert local_times("0 9 * * 1", "UTC", "2026-03-01T00:00+00:00", 1) == ["2026-03-02T09:00Z"]


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        # New York skips 02:00-03:00 on 8 March 2026: the first instant after the gap.
        ("30 2 * * *", "2026-03-07T12:00+00:00", ["2026-03-08T07:00Z", "2026-03-09T06:30Z"]),
        # It repeats 01:00-02:00 on 1 November 2026: the first time round, once.
        ("30 1 * * *", "2026-10-31T12:00+00:00", ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]),
        # The midnights after a spring change are not lost.
        ("0 0 * * *", "2026-03-08T12:00+00:00", ["2026-03-09T04:00Z", "2026-03-10T04:00Z"]),
        ("0 0 * * 1", "2026-03-02T12:00+00:00", ["2026-03-09T04:00Z", "2026-03-16T04:00Z"]),
        ("0 0 1 * *", "2026-03-01T12:00+00:00", ["2026-04-01T04:00Z", "2026-05-01T04:00Z"]),
        ("0 9 29 2 *", "2026-03-01T12:00+00:00", ["2028-02-29T14:00Z"]),
    ],
)
def test_days_on_which_clocks_change_have_one_outcome(
    rule: str, after: str, expected: list[str]
) -> None:
    assert local_times(rule, "America/New_York", after, len(expected)) == expected


def test_nine_in_the_morning_stays_nine_in_paris() -> None:
    assert local_times("0 9 * * *", "Europe/Paris", "2026-03-28T12:00+00:00", 2) == [
        "2026-03-29T07:00Z",
        "2026-03-30T07:00Z",
    ]
