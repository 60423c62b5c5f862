"""RSS and Atom, read back with feedparser and looked at as XML."""

from __future__ import annotations

import locale
from calendar import timegm
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline.config import Config
from pipeline.content import Post
from tests.feeds.made import NOON, URL, a_config, a_picture, a_post, page

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FORMATS = ["feed.xml", "atom.xml"]
both = pytest.mark.parametrize("name", FORMATS)


def read(name: str, *posts: Post, config: Config | None = None) -> Any:
    """Read a feed as a feed reader does; it must be well formed."""
    feed = feedparser.parse(page(name, *posts, config=config).encode())
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def tree(name: str, *posts: Post, config: Config | None = None) -> Any:
    return etree.fromstring(page(name, *posts, config=config).encode())


def moment(parsed: Any) -> datetime:
    return datetime.fromtimestamp(timegm(parsed), tz=UTC)


@both
def test_a_reader_gets_what_the_posts_say(name: str) -> None:
    feed = read(name, a_post("one", title="Fever & dose < 5 mg"), a_post("two"))
    entry = feed.entries[0]
    assert [each.title for each in feed.entries] == ["Fever & dose < 5 mg", "Two"]
    assert entry.link == f"{URL}/posts/one/"
    assert entry.id == "tag:larkfield.example,2026-03-03:one"
    assert moment(entry.published_parsed) == NOON
    assert entry.summary == "In short: one."
    assert entry.content[0].value == "<p>About one.</p>"
    assert entry.author == "The Larkfield team"


@both
def test_the_feed_says_whose_it_is_and_where(name: str) -> None:
    feed = read(name, a_post()).feed
    assert feed.title == "Larkfield Pain Practice"
    assert feed.subtitle == "Plain words about pain."
    assert feed.link == f"{URL}/"
    assert feed.language == "en"
    assert [link.href for link in feed.links if link.rel == "self"] == [f"{URL}/{name}"]


@both
def test_posts_keep_their_order_newest_first(name: str) -> None:
    posts = [a_post(f"post-{day}", date=NOON - timedelta(days=day)) for day in range(3)]
    assert [each.title for each in read(name, *posts).entries] == ["Post 0", "Post 1", "Post 2"]


@both
@pytest.mark.parametrize(
    "text",
    [
        "ends in ]]> and goes on",
        "Salt & pepper, 3 < 5 > 2",
        "quotes \" and ' too",
        "emoji \U0001f9d1\u200d\u2695\ufe0f",
        "腰痛と睡眠",
        "כאב גב",
        "ألم الظهر",
        "{{ 7*7 }} {% raw %}",
    ],
)
def test_titles_and_summaries_of_any_script_survive(name: str, text: str) -> None:
    entry = read(name, a_post(title=text, summary=text)).entries[0]
    assert entry.title == text
    assert entry.summary.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@both
@pytest.mark.parametrize(
    "text", ["<pre>a ]]&gt; b ]]></pre>", "<p>5 &lt; 6 &amp; 7</p>", "<p>腰</p>"]
)
def test_the_full_text_arrives_as_it_was(name: str, text: str) -> None:
    root = tree(name, a_post(html=text))
    content = root.find(f".//{ATOM}content")
    if content is None:
        content = root.find(".//{http://purl.org/rss/1.0/modules/content/}encoded")
    assert content.text == text


@both
def test_characters_that_xml_cannot_hold_are_left_out(name: str) -> None:
    post = a_post(title="a\x00b\x0bc\ud800d\ufffe", html="<p>x\x08y</p>")
    entry = read(name, post).entries[0]
    assert (entry.title, entry.content[0].value) == ("abcd", "<p>xy</p>")


@given(text=st.text(min_size=1).filter(str.strip))
def test_no_text_makes_a_feed_unreadable(text: str) -> None:
    post = a_post(title=f"t{text}", summary=text, html=text, author=text, tags=(text,))
    for name in FORMATS:
        assert tree(name, post) is not None


@both
def test_tags_and_category_become_categories_once_each(name: str) -> None:
    entry = read(name, a_post(tags=("sleep", "back", "care"), category="care")).entries[0]
    assert [tag.term for tag in entry.tags] == ["care", "sleep", "back"]


@both
def test_a_local_picture_is_enclosed_with_its_size(name: str, picture_file: Path) -> None:
    picture = a_picture(picture_file)
    entry = read(name, a_post(image=picture, images=(picture,))).entries[0]
    (enclosure,) = entry.enclosures
    assert enclosure.href == f"{URL}/posts/back-pain/spine.png"
    assert (enclosure.type, enclosure.length) == ("image/png", str(picture_file.stat().st_size))


def test_rss_says_zero_where_atom_leaves_an_unknown_size_out() -> None:
    post = a_post(image=a_picture())
    (rss,) = read("feed.xml", post).entries[0].enclosures
    (atom,) = read("atom.xml", post).entries[0].enclosures
    assert (rss.type, rss.length) == ("image/png", "0")
    assert atom.type == "image/png"
    assert "length" not in atom


@both
def test_a_picture_of_unknown_kind_claims_none(name: str) -> None:
    (enclosure,) = read(name, a_post(image=a_picture(name="drawing"))).entries[0].enclosures
    assert enclosure.type == "application/octet-stream"


def test_rss_encloses_the_lead_picture_alone_and_atom_all() -> None:
    lead, other = a_picture(name="lead.jpg"), a_picture(name="other.webp")
    post = a_post(image=lead, images=(other, lead))
    (enclosure,) = read("feed.xml", post).entries[0].enclosures
    assert enclosure.href == lead.url
    enclosures = read("atom.xml", post).entries[0].enclosures
    assert [(each.href, each.type) for each in enclosures] == [
        (lead.url, "image/jpeg"),
        (other.url, "image/webp"),
    ]


def test_an_enclosure_is_no_second_address_of_an_atom_entry() -> None:
    entry = tree("atom.xml", a_post(image=a_picture())).find(f"{ATOM}entry")
    kinds = [link.get("rel") for link in entry.findall(f"{ATOM}link")]
    assert kinds == ["alternate", "enclosure"]


def test_a_guid_is_not_taken_for_an_address() -> None:
    guid = tree("feed.xml", a_post(id="https://old.example/?p=7")).find(".//guid")
    assert (guid.text, guid.get("isPermaLink")) == ("https://old.example/?p=7", "false")


def test_rss_titles_use_the_spelling_that_survives_decoding_twice() -> None:
    title = "<title>Fever &#x26; dose &#x3C; 5 mg</title>"
    assert title in page("feed.xml", a_post(title="Fever & dose < 5 mg"))


def test_rss_names_the_author_without_publishing_a_mail_address() -> None:
    text = page("feed.xml", a_post(author="Dr. Example"))
    assert "<dc:creator>Dr. Example</dc:creator>" in text
    assert "<author>" not in text
    assert "letter@larkfield.example" not in text


def test_rss_dates_are_those_of_rfc_822_with_four_digits_of_year() -> None:
    text = page("feed.xml", a_post())
    assert "<pubDate>Tue, 03 Mar 2026 12:00:00 +0000</pubDate>" in text


def test_each_post_says_its_language() -> None:
    posts = [a_post("kopf", language="de"), a_post("head")]
    entries = tree("atom.xml", *posts).findall(f"{ATOM}entry")
    assert [entry.get(LANG) for entry in entries] == ["de", "en"]
    said = tree("feed.xml", *posts).iterfind(".//{http://purl.org/dc/elements/1.1/}language")
    assert [each.text for each in said] == ["de", "en"]


def test_an_update_moves_the_atom_date_and_no_other() -> None:
    later = NOON + timedelta(days=2)
    posts = [a_post("new"), a_post("mended", date=NOON - timedelta(days=9), updated=later)]
    feed = read("atom.xml", *posts)
    assert [each.title for each in feed.entries] == ["New", "Mended"]
    assert moment(feed.entries[1].updated_parsed) == later
    assert moment(feed.entries[1].published_parsed) == NOON - timedelta(days=9)
    assert moment(read("feed.xml", *posts).entries[1].published_parsed) == NOON - timedelta(days=9)


@both
def test_the_feed_is_as_new_as_its_newest_change(name: str) -> None:
    later = NOON + timedelta(days=2)
    posts = [a_post("new"), a_post("mended", date=NOON - timedelta(days=9), updated=later)]
    assert moment(read(name, *posts).feed.updated_parsed) == later


@both
def test_a_feed_without_posts_is_whole_and_the_same_each_day(name: str) -> None:
    feed = read(name)
    assert feed.entries == []
    assert moment(feed.feed.updated_parsed) == datetime(1970, 1, 1, tzinfo=UTC)


def test_the_id_of_an_atom_feed_outlives_its_title_and_address() -> None:
    moved = a_config(title="Another name", url="https://elsewhere.example")
    ids = {tree("atom.xml", config=config).findtext(f"{ATOM}id") for config in (a_config(), moved)}
    assert ids == {"tag:larkfield.example,2026:feed"}


@both
def test_a_site_without_description_or_author_has_whole_feeds(name: str) -> None:
    feed = read(name, a_post(), config=a_config(description="", author=""))
    assert feed.feed.subtitle == "Larkfield Pain Practice"
    assert feed.entries[0].author == "Larkfield Pain Practice"


@both
def test_a_post_without_summary_or_body_still_goes_out(name: str) -> None:
    entry = read(name, a_post(summary="", feed_html="")).entries[0]
    assert entry.title == "Back pain"


@both
def test_the_same_posts_give_the_same_bytes(name: str) -> None:
    posts = [a_post("one", image=a_picture(), tags=("a", "b")), a_post("two")]
    assert page(name, *posts) == page(name, *posts)


def test_writing_dates_leaves_the_locale_of_the_process_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the locale was touched")

    monkeypatch.setattr(locale, "setlocale", refuse)
    assert "Tue, 03 Mar 2026" in page("feed.xml", a_post())
