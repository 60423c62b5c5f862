"""JSON Feed 1.1."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.content import Post
from tests.feeds.made import NOON, URL, a_config, a_picture, a_post, page


def read(*posts: Post) -> Any:
    return json.loads(page("feed.json", *posts))


def test_the_feed_says_what_it_is_and_where() -> None:
    feed = read()
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Larkfield Pain Practice",
        "home_page_url": f"{URL}/",
        "feed_url": f"{URL}/feed.json",
        "description": "Plain words about pain.",
        "language": "en",
        "authors": [{"name": "The Larkfield team"}],
        "items": [],
    }


def test_an_item_says_what_its_post_says() -> None:
    post = a_post(title="Fever & <dose>", tags=("back",), category="Care", language="de")
    (item,) = read(post)["items"]
    assert item == {
        "id": post.id,
        "url": post.url,
        "title": "Fever & <dose>",
        "content_html": post.feed_html,
        "summary": post.summary,
        "date_published": "2026-03-03T12:00:00+00:00",
        "authors": [{"name": "The Larkfield team"}],
        "tags": ["Care", "back"],
        "language": "de",
    }


def test_an_updated_post_says_when() -> None:
    (item,) = read(a_post(updated=NOON + timedelta(days=1)))["items"]
    assert datetime.fromisoformat(item["date_published"]) == NOON
    assert datetime.fromisoformat(item["date_modified"]) == NOON + timedelta(days=1)


def test_the_lead_picture_is_the_image_and_all_are_attached(picture_file: Path) -> None:
    lead, other = a_picture(picture_file), a_picture(name="far.gif")
    (item,) = read(a_post(image=lead, images=(lead, other)))["items"]
    size = picture_file.stat().st_size
    assert item["image"] == lead.url
    assert item["attachments"] == [
        {"url": lead.url, "mime_type": "image/png", "size_in_bytes": size},
        {"url": other.url, "mime_type": "image/gif"},
    ]


def test_scripts_are_written_as_themselves() -> None:
    assert "腰痛 \U0001f9b4" in page("feed.json", a_post(title="腰痛 \U0001f9b4"))


@given(text=st.text())
def test_no_text_makes_the_feed_unreadable(text: str) -> None:
    (item,) = read(a_post(title=text, summary=text, html=f"<p>{text}</p>"))["items"]
    assert item["id"]


def test_the_language_of_the_site_is_that_of_the_feed() -> None:
    assert json.loads(page("feed.json", config=a_config(language="de")))["language"] == "de"
