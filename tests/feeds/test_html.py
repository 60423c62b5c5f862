"""The plain pages, as a browser, a search engine and a screen reader find them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.config import Brand
from pipeline.content import Post
from pipeline.feeds import render
from tests.feeds.made import NOON, URL, a_config, a_picture, a_post, an_edition, page

HOME, POST = "index.html", "posts/back-pain/index.html"
EDITION = "editions/2026-03-03/index.html"


def many(count: int) -> list[Post]:
    return [
        a_post(
            f"post-{number}",
            title=f"Post {number}, a title of usual length",
            date=NOON - timedelta(days=number),
            summary="A summary that says in two lines of a usual length what the post is about, "
            "so that a reader may decide whether to go on to the whole of it or rather not.",
            tags=("sleep",),
        )
        for number in range(count)
    ]


def texts(document: str, selector: str) -> list[str]:
    return [each.text().strip() for each in LexborHTMLParser(document).css(selector)]


def one(document: str, selector: str) -> LexborNode:
    (found,) = LexborHTMLParser(document).css(selector)
    return found


def parse(content: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(content.decode())


def test_home_leads_with_the_newest_post_and_tells_the_next() -> None:
    document = page(HOME, *many(10))
    assert texts(document, ".lead h2") == ["Post 0, a title of usual length"]
    assert len(texts(document, ".story h2")) == 5
    assert texts(document, ".titles a")[0] == "Post 6, a title of usual length"
    assert "A summary that says" in texts(document, ".standfirst")[0]
    assert texts(document, ".lead time") == ["March 3, 2026"]


def test_home_without_posts_says_so() -> None:
    assert texts(page(HOME), ".empty") == [
        "Nothing is published yet. The first post will appear here."
    ]


def test_a_post_shows_its_text_author_date_and_topics() -> None:
    post = a_post(author="Dr. Example", category="Care", tags=("back", "sleep"), word_count=450)
    document = page(POST, post)
    assert texts(document, "h1") == ["Back pain"]
    assert texts(document, ".byline") == ["By Dr. Example · March 3, 2026 · 3 min read"]
    assert texts(document, ".kicker") == ["Care"]
    assert texts(document, ".tags a") == ["back", "sleep"]
    assert "<p>About back-pain.</p>" in document


def test_a_page_without_a_description_claims_none() -> None:
    described = '[name="description"], [property="og:description"]'
    post, home = page(POST, a_post(summary="")), page(HOME, config=a_config(description=""))
    assert LexborHTMLParser(post).css(described) == []
    assert LexborHTMLParser(home).css(described) == []
    assert len(LexborHTMLParser(page(HOME)).css(described)) == 2


def test_an_updated_post_says_when_unless_it_was_the_same_day() -> None:
    document = page(POST, a_post(updated=NOON + timedelta(days=1)))
    assert texts(document, ".byline")[1:] == ["Updated March 4, 2026"]
    assert texts(page(POST, a_post(updated=NOON + timedelta(hours=1))), ".byline")[1:] == []


def test_a_post_leads_to_its_neighbours() -> None:
    document = page("posts/b/index.html", a_post("c"), a_post("b"), a_post("a"))
    tree = LexborHTMLParser(document)
    assert [link.attributes.get("href") for link in tree.css(".newer")] == ["../../posts/c/"]
    assert [link.attributes.get("href") for link in tree.css(".older")] == ["../../posts/a/"]


def test_the_only_post_has_no_neighbours() -> None:
    assert "neighbours" not in page(POST, a_post())


def test_a_lead_picture_has_its_size_and_says_what_it_shows(picture_file: Path) -> None:
    tree = LexborHTMLParser(page(POST, a_post(image=a_picture(picture_file))))
    (image,) = tree.css("figure img")
    assert image.attributes == {
        "src": "../../posts/back-pain/spine.png",
        "alt": "A spine seen from the side",
        "width": "1200",
        "height": "675",
    }


def test_a_picture_hosted_elsewhere_is_shown_without_a_size_that_nobody_knows() -> None:
    (image,) = LexborHTMLParser(page(POST, a_post(image=a_picture()))).css("figure img")
    assert image.attributes == {
        "src": "https://pictures.example/posts/back-pain/spine.png",
        "alt": "A spine seen from the side",
    }


def test_a_lead_picture_that_stands_in_the_text_is_not_shown_twice() -> None:
    picture = a_picture(url="https://pictures.example/a.png?x=1&y=2")
    body = '<p><img src="https://pictures.example/a.png?x=1&amp;y=2" alt=""></p>'
    tree = LexborHTMLParser(page(POST, a_post(image=picture, html=body)))
    assert len(tree.css("main img")) == 1


def test_every_page_offers_the_three_feeds_by_absolute_address() -> None:
    post = a_post(tags=("sleep",), category="Care", aliases=("old-name",))
    files = render([post], a_config(), [an_edition()])
    pages = [path for path in files if path.endswith(".html") and path != EDITION]
    for path in pages:
        tree = parse(files[path].content())
        links = {
            (link.attributes.get("type"), link.attributes.get("href"))
            for link in tree.css("[rel=alternate]")
        }
        assert links >= {
            ("application/rss+xml", f"{URL}/feed.xml"),
            ("application/atom+xml", f"{URL}/atom.xml"),
            ("application/feed+json", f"{URL}/feed.json"),
        }, path
    assert len(pages) == 8


def test_the_page_of_a_tag_offers_the_feeds_of_the_tag_first() -> None:
    tree = LexborHTMLParser(page("tags/sleep/index.html", a_post(tags=("sleep",))))
    assert tree.css("[rel=alternate]")[0].attributes.get("href") == f"{URL}/tags/sleep/feed.xml"


def test_every_link_between_pages_leads_to_a_page() -> None:
    posts = [
        a_post("睡眠-1", tags=("睡眠", "C++"), category="Living well", aliases=("old",)),
        *many(50),
    ]
    files = render(posts, a_config(), [an_edition()])
    for path in files:
        if not path.endswith(".html") or path == EDITION:
            continue
        tree = parse(files[path].content())
        for node in tree.css("body [href], link[rel=stylesheet]"):
            link = node.attributes["href"] or ""
            assert target_of(path, link) in files, (path, link)


def target_of(path: str, link: str) -> str:
    found = unquote(urlsplit(urljoin(f"{URL}/{path}", link)).path).lstrip("/")
    if link.startswith("#"):
        return path
    return found + "index.html" if not found or found.endswith("/") else found


def test_every_post_can_be_reached_from_the_archive() -> None:
    posts = many(600)
    files = render(posts, a_config())
    archive = files["archive/index.html"].content().decode()
    years = texts(archive, ".year a")
    assert (years[:3], years[-1]) == (["2026", "2025-12", "2025-11"], "2024")
    listed = [
        title
        for year in years
        for title in texts(files[f"archive/{year}/index.html"].content().decode(), ".titles a")
    ]
    assert listed == [post.title for post in posts]


def test_the_archive_lists_the_posts_of_years_while_they_are_few() -> None:
    assert len(texts(page("archive/index.html", *many(100)), ".titles a")) == 100
    assert texts(page("archive/index.html", *many(300)), ".year span") == ["238"]


def test_no_list_outgrows_fifty_kilobytes() -> None:
    files = render(many(1000), a_config())
    sizes = {path: len(files[path].content()) for path in files if path.endswith(".html")}
    largest = max(sizes, key=lambda path: sizes[path])
    assert sizes[largest] < 50_000, largest


def test_former_addresses_lead_to_the_post() -> None:
    post = a_post(url="https://journal.example/canonical", aliases=("old-name", "older-name"))
    for alias in post.aliases:
        tree = LexborHTMLParser(page(f"posts/{alias}/index.html", post))
        (canonical,) = tree.css("[rel=canonical]")
        (refresh,) = tree.css("[http-equiv=refresh]")
        (link,) = tree.css("main a")
        assert canonical.attributes.get("href") == "https://journal.example/canonical"
        assert refresh.attributes.get("content") == f"0; url={URL}/posts/back-pain/"
        assert link.attributes.get("href") == f"{URL}/posts/back-pain/"
        assert link.text() == "Back pain"


def test_a_post_that_took_a_former_address_keeps_it() -> None:
    posts = [a_post("new", aliases=("back-pain",)), a_post("back-pain")]
    assert texts(page(POST, *posts), "h1") == ["Back pain"]


def test_the_canonical_address_is_the_one_the_post_names() -> None:
    document = page(POST, a_post(url="https://journal.example/paper"))
    assert '<link rel="canonical" href="https://journal.example/paper">' in document


def test_a_page_says_its_language_and_direction() -> None:
    document = page(POST, a_post(language="he"))
    root, header = one(document, "html"), one(document, "body > header")
    assert (root.attributes.get("lang"), root.attributes.get("dir")) == ("he", "rtl")
    assert (header.attributes.get("lang"), header.attributes.get("dir")) == ("en", "ltr")


def test_a_story_in_another_language_says_so_in_lists() -> None:
    tree = LexborHTMLParser(page(HOME, a_post("one"), a_post("two", language="ar")))
    (story,) = tree.css(".story")
    assert (story.attributes.get("lang"), story.attributes.get("dir")) == ("ar", "rtl")
    assert tree.css(".lead")[0].attributes.get("lang") is None


def test_a_german_post_is_dated_in_german() -> None:
    document = page(POST, a_post(language="de", author="Praxis"))
    assert texts(document, ".byline") == ["Von Praxis · 3. März 2026 · 3 Min. Lesezeit"]


@given(text=st.text(alphabet=st.sampled_from("<>&\"'ab{}%\x00\ud800"), min_size=1))
def test_no_text_of_a_post_becomes_markup(text: str) -> None:
    tag = f"x{text}"
    post = a_post(title=text, summary=text, author=text, tags=(tag,), category=tag)
    plain = a_post(title="t", summary="t", author="t", tags=("xt",), category="xt")
    for path in (HOME, POST, "archive/index.html"):
        assert elements(page(path, post)) == elements(page(path, plain))


def elements(document: str) -> list[str]:
    return [node.tag or "" for node in LexborHTMLParser(document).css("*")]


def test_pages_hold_neither_script_nor_style_of_their_own() -> None:
    body = '<table><tr><td style="text-align:right">5</td></tr></table>'
    files = render([a_post(html=body, tags=("a",), aliases=("b",))], a_config())
    for path in files:
        if path.endswith(".html"):
            document = files[path].content().decode()
            assert not re.search(r"<(script|style)|\s(style|on\w+)=", document), path
    assert '<td align="right">5</td>' in files[POST].content().decode()


def test_each_page_has_one_main_one_heading_of_first_rank_and_a_title() -> None:
    files = render([a_post(tags=("a",))], a_config(), [an_edition()])
    for path in files:
        if path.endswith(".html") and path != EDITION:
            tree = parse(files[path].content())
            counts = [len(tree.css(name)) for name in ("main", "h1", "title", "body > footer")]
            assert counts == [1, 1, 1, 1], path


def test_the_footer_carries_address_and_disclaimer_where_there_are_any() -> None:
    assert "12 Orchard Lane" in texts(page(HOME), "footer")[0]
    assert "does not replace a visit" in texts(page(HOME), "footer")[0]
    bare = page(HOME, config=a_config(postal_address="", disclaimer=""))
    assert len(texts(bare, "footer p")) == 1


def test_newsletters_are_listed_once_there_are_any() -> None:
    files = render([], a_config(), [an_edition("b", "Second"), an_edition("a", "First")])
    document = files["editions/index.html"].content().decode()
    assert texts(document, ".titles a") == ["Second", "First"]
    assert "Newsletters" in texts(files[HOME].content().decode(), "nav")[0]
    assert "Newsletters" not in page(HOME)


def test_the_copy_of_a_newsletter_is_left_as_it_was_sent() -> None:
    edition = an_edition()
    assert render([], a_config(), [edition])[EDITION].content().decode() == edition.html


@pytest.mark.parametrize("dark", ["", "pictures/night.png"])
def test_the_logo_stands_in_the_masthead_with_its_dark_variant(dark: str) -> None:
    brand = Brand(logo="pictures/a logo.png", logo_dark=dark, logo_width=120)
    tree = LexborHTMLParser(page(HOME, config=replace(a_config(), brand=brand)))
    logo = tree.css(".name img")[0]
    assert logo.attributes.get("src") == "./assets/a%20logo.png"
    assert (logo.attributes.get("alt"), logo.attributes.get("width")) == (
        "Larkfield Pain Practice",
        "120",
    )
    sources = [each.attributes.get("srcset") for each in tree.css(".name source")]
    assert sources == (["./assets/night.png"] if dark else [])
