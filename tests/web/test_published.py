"""The published site over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.clock import Site, publish_feeds, read_content
from tests.support.site import SiteFolder
from tests.web.server import Server

Publish = Callable[[str, bytes], Path]
KEPT = ("ETag", "Last-Modified", "Cache-Control", "Vary", "Content-Security-Policy")


def test_what_was_published_is_served_where_its_pages_say(
    site: SiteFolder, open_site: Site, server: Server
) -> None:
    site.add_post("first-steps", title="First steps")
    publish_feeds(open_site, read_content(open_site))

    assert "First steps" in server.get("/").text
    assert "One sentence of a post." in server.get("/posts/first-steps/").text
    assert server.get("/assets/site.css").text.startswith(":root")
    assert json.loads(server.get("/feed.json").body)["items"]


TYPES = {
    "feed.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    "tags/knee/feed.xml": "application/rss+xml; charset=utf-8",
    "about.html": "text/html; charset=utf-8",
    "assets/site.css": "text/css; charset=utf-8",
    "a.png": "image/png",
    "a.jpg": "image/jpeg",
    "a.jpeg": "image/jpeg",
    "a.GIF": "image/gif",
    "a.webp": "image/webp",
    "a.svg": "application/octet-stream",
    "a.xml": "application/octet-stream",
    "a.js": "application/octet-stream",
    "CNAME": "application/octet-stream",
}


def test_each_file_has_the_type_of_its_name(publish: Publish, server: Server) -> None:
    for name in TYPES:
        publish(name, b"x")

    assert {name: server.get(f"/{name}").headers["Content-Type"] for name in TYPES} == TYPES


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("feed.xml", 300), ("index.html", 300), ("assets/site.css", 86400), ("posts/x/a.png", 86400)],
)
def test_what_changes_often_is_kept_for_a_shorter_time(
    publish: Publish, server: Server, name: str, seconds: int
) -> None:
    publish(name, b"x")

    assert server.get(f"/{name}").headers["Cache-Control"] == f"public, max-age={seconds}"


def test_a_folder_without_its_slash_leads_to_the_one_with_it(
    publish: Publish, server: Server
) -> None:
    publish("tags/café au lait/index.html", b"x")

    reply = server.get("/tags/caf%C3%A9%20au%20lait?from=mail")

    assert reply.status == 301
    assert reply.headers["Location"] == "/tags/caf%C3%A9%20au%20lait/"
    assert server.get(reply.headers["Location"]).status == 200


def test_a_folder_without_an_index_is_not_found(publish: Publish, server: Server) -> None:
    publish("posts/x/a.png", b"x")

    assert server.get("/posts/x").status == 404
    assert server.get("/posts/x/").status == 404


def test_a_file_with_a_slash_behind_it_is_not_found(publish: Publish, server: Server) -> None:
    publish("feed.xml", b"x")

    assert server.get("/feed.xml/").status == 404


HOSTILE = [
    "//evil.example",
    "//evil.example/%2e%2e",
    "/\\evil.example",
    "/%5Cevil.example",
    "/%2Fevil.example",
    "///posts/x",
    "/.published.json",
    "/%2Epublished.json",
    "/../secret.key",
    "/%2e%2e/secret.key",
    "/..%2Fsecret.key",
    "/posts/../../secret.key",
    "/posts/%2e%2e/%2e%2e/secret.key",
    "/out/secret.key",
    "/feed.xml%00",
    "/feed.xml%00.html",
    "/%ff%fe",
    "/posts%2Fx%2F",
    "/" + "a" * 4000,
]


def test_no_path_leads_out_of_the_site_or_to_another_host(
    open_site: Site, publish: Publish, server: Server
) -> None:
    publish("posts/x/index.html", b"x")
    publish("feed.xml", b"x")
    publish(".published.json", b"{}")
    (open_site.config.var / "secret.key").write_text("secret")
    (open_site.output / "out").symlink_to(open_site.config.var)

    replies = {path: server.get(path) for path in HOSTILE}

    assert {path: reply.status for path, reply in replies.items() if reply.status != 404} == {}
    assert [path for path, reply in replies.items() if "Location" in reply.headers] == []


def test_a_client_that_has_it_gets_304_and_no_body(publish: Publish, server: Server) -> None:
    publish("feed.xml", b"<rss/>")
    whole = server.get("/feed.xml")
    tag = whole.headers["ETag"]

    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = server.get("/feed.xml", if_none_match=known)
        assert (again.status, again.body) == (304, b"")
        assert [again.headers[name] for name in KEPT] == [whole.headers[name] for name in KEPT]


def test_a_tag_is_strong_and_outlives_the_server(
    open_site: Site, publish: Publish, server: Server, start: Callable[[Site], Server]
) -> None:
    publish("feed.xml", b"<rss/>")
    tag = server.get("/feed.xml").headers["ETag"]

    assert tag.startswith('"')
    assert start(open_site).get("/feed.xml", if_none_match=tag).status == 304


def test_a_changed_feed_is_sent_whole_with_its_new_tag(publish: Publish, server: Server) -> None:
    publish("feed.xml", b"old")
    old = server.get("/feed.xml").headers["ETag"]
    publish("feed.xml", b"newer")

    reply = server.get("/feed.xml", if_none_match=old)

    assert (reply.status, reply.body) == (200, b"newer")
    assert reply.headers["ETag"] != old


def test_the_date_decides_only_without_a_tag(publish: Publish, server: Server) -> None:
    publish("feed.xml", b"<rss/>")
    date = server.get("/feed.xml").headers["Last-Modified"]

    assert server.get("/feed.xml", if_modified_since=date).status == 304
    assert server.get("/feed.xml", if_modified_since=date, if_none_match='"x"').status == 200
    assert server.get("/feed.xml", if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT").status == 200


def test_tags_on_several_lines_are_all_read(publish: Publish, server: Server) -> None:
    publish("feed.xml", b"<rss/>")
    tag = server.get("/feed.xml").headers["ETag"]
    lines = [("If-None-Match", '"x"'), ("If-None-Match", tag)]

    assert server.ask("GET", "/feed.xml", lines).status == 304


@pytest.mark.parametrize("path", ["/feed.xml", "/posts/x", "/nothing", "/"])
def test_head_has_the_headers_of_get_and_no_body(
    publish: Publish, server: Server, path: str
) -> None:
    publish("feed.xml", b"<rss/>")
    publish("posts/x/index.html", b"x")

    got, asked = server.get(path), server.ask("HEAD", path)

    assert (asked.status, asked.body) == (got.status, b"")
    assert _but_date(asked.headers.items()) == _but_date(got.headers.items())


def test_head_can_be_conditional(publish: Publish, server: Server) -> None:
    publish("feed.xml", b"<rss/>")
    tag = server.get("/feed.xml").headers["ETag"]

    assert server.ask("HEAD", "/feed.xml", [("If-None-Match", tag)]).status == 304


def test_an_edition_keeps_the_styles_it_was_sent_with_and_other_pages_have_none_inline(
    publish: Publish, server: Server
) -> None:
    publish("editions/0123/index.html", b"x")
    publish("editions/index.html", b"x")

    for host in ("larkfield.example", "localhost"):
        edition = server.ask("GET", "/editions/0123/", [("Host", host)])
        assert "style-src 'unsafe-inline'" in edition.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in server.get("/editions/").headers["Content-Security-Policy"]


def test_an_edition_looked_at_on_this_machine_finds_its_pictures_here(
    publish: Publish, server: Server
) -> None:
    publish("editions/0123/index.html", b'<img src="https://larkfield.example/assets/a.png">')

    reply = server.get("/editions/0123/")

    assert reply.text == '<img src="/assets/a.png">'
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


def test_an_edition_is_served_to_the_public_as_it_was_sent(
    publish: Publish, server: Server
) -> None:
    sent = b'<img src="https://larkfield.example/assets/a.png">'
    publish("editions/0123/index.html", sent)

    reply = server.ask("GET", "/editions/0123/", [("Host", "larkfield.example")])

    assert reply.body == sent
    assert reply.headers["ETag"]


def test_before_the_first_publication_the_front_page_says_so(server: Server) -> None:
    reply = server.get("/")

    assert reply.status == 404
    assert "Nothing is published here yet" in reply.text


def _but_date(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers if name.lower() != "date")
