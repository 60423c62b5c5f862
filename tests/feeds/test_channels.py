"""Which feeds there are, and what each holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import feedparser

from pipeline.config import Feeds
from pipeline.feeds import render
from tests.feeds.made import NOON, URL, a_config, a_post, page


def titles(path: str, *posts: object) -> list[str]:
    return [item["title"] for item in json.loads(page(path, *posts))["items"]]  # type: ignore[arg-type]


def test_each_tag_and_category_has_feeds_and_a_page_of_its_own() -> None:
    files = render([a_post(tags=("Better sleep",), category="Living well")], a_config())
    for folder in ("", "tags/better-sleep/", "categories/living-well/"):
        for name in ("feed.xml", "atom.xml", "feed.json", "index.html"):
            assert folder + name in files


def test_the_feed_of_a_tag_holds_its_posts_alone() -> None:
    posts = [a_post("one", tags=("sleep",)), a_post("two"), a_post("three", tags=("sleep", "back"))]
    assert titles("tags/sleep/feed.json", *posts) == ["One", "Three"]
    assert titles("tags/back/feed.json", *posts) == ["Three"]


def test_the_feed_of_a_tag_has_a_name_an_address_and_an_id_of_its_own() -> None:
    feed = feedparser.parse(page("tags/sleep/atom.xml", a_post(tags=("Sleep",)))).feed
    assert feed.title == "Larkfield Pain Practice: Sleep"
    assert feed.link == f"{URL}/tags/sleep/"
    assert feed.id == "tag:larkfield.example,2026:feed/tags/sleep"
    assert f"{URL}/tags/sleep/atom.xml" in [link.href for link in feed.links]


def test_spellings_of_one_tag_share_a_feed_and_a_post_stands_in_it_once() -> None:
    posts = [a_post("one", tags=("Sleep", "sleep")), a_post("two", tags=("SLEEP",))]
    assert titles("tags/sleep/feed.json", *posts) == ["One", "Two"]
    assert "<h1>Sleep</h1>" in page("tags/sleep/index.html", *posts)


def test_a_tag_and_a_category_of_one_name_are_kept_apart() -> None:
    posts = [a_post("one", tags=("sleep",)), a_post("two", category="sleep")]
    assert titles("tags/sleep/feed.json", *posts) == ["One"]
    assert titles("categories/sleep/feed.json", *posts) == ["Two"]


def test_a_tag_in_another_script_has_an_address_that_every_reader_can_follow() -> None:
    feed = feedparser.parse(page("tags/睡眠/feed.xml", a_post(tags=("睡眠",)))).feed
    assert feed.link == f"{URL}/tags/%E7%9D%A1%E7%9C%A0/"


def test_a_tag_of_signs_alone_still_has_an_address() -> None:
    files = render([a_post(tags=("\U0001f634",)), a_post("two", tags=("!!!",))], a_config())
    folders = {path.split("/")[1] for path in files if path.startswith("tags/")}
    assert len(folders) == 2
    assert "" not in folders


def test_a_feed_holds_as_many_posts_as_the_site_wants() -> None:
    config = replace(a_config(), feeds=Feeds(length=2))
    posts = [a_post(f"post-{day}", date=NOON - timedelta(days=day)) for day in range(4)]
    for name in ("feed.xml", "atom.xml"):
        feed = feedparser.parse(page(name, *posts, config=config))
        assert [entry.title for entry in feed.entries] == ["Post 0", "Post 1"]
    assert len(json.loads(page("feed.json", *posts, config=config))["items"]) == 2


def test_a_change_beyond_the_end_of_a_feed_does_not_change_the_feed() -> None:
    config = replace(a_config(), feeds=Feeds(length=1))
    old = a_post("old", date=NOON - timedelta(days=1))
    mended = replace(old, updated=NOON + timedelta(days=1), feed_html="<p>new</p>")
    before = page("feed.xml", a_post("new"), old, config=config)
    assert page("feed.xml", a_post("new"), mended, config=config) == before


def test_a_site_below_a_path_has_its_feeds_there() -> None:
    config = a_config(url="https://example.org/letters")
    feed = json.loads(page("feed.json", config=config))
    assert feed["feed_url"] == "https://example.org/letters/feed.json"
    assert feed["home_page_url"] == "https://example.org/letters/"
