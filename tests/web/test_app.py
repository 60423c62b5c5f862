"""What every answer has in common: headers, errors that help, logs that tell no secrets."""

from __future__ import annotations

import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.clock import Site
from pipeline.config import Brand, Serve
from pipeline.db import make_engine
from pipeline.errors import ConfigError
from pipeline.web import make_app
from tests.web.server import Server

PATHS = ("/", "/feed.xml", "/nothing", "/health", "/static/web.css", "/unsubscribe/sample")


@pytest.fixture
def published(publish: Callable[[str, bytes], Path]) -> None:
    publish("index.html", b"x")
    publish("feed.xml", b"x")


@pytest.mark.usefixtures("published")
def test_every_answer_forbids_what_it_does_not_need(server: Server) -> None:
    for path in PATHS:
        headers = server.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe-inline" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in {"strict-origin", "no-referrer"}


@pytest.mark.usefixtures("published")
def test_no_answer_sets_a_cookie(server: Server, link: str) -> None:
    for path in (*PATHS, link):
        assert "Set-Cookie" not in server.get(path).headers


def test_https_is_asked_for_where_readers_come_by_it_and_only_there(server: Server) -> None:
    public, local = [("Host", "larkfield.example")], [("Host", "localhost:8321")]

    assert server.ask("GET", "/", public).headers["Strict-Transport-Security"] == (
        "max-age=31536000"
    )
    assert "Strict-Transport-Security" not in server.ask("GET", "/", local).headers


def test_https_is_not_asked_for_where_there_is_none(
    open_site: Site, start: Callable[[Site], Server]
) -> None:
    serve = Serve(public_url="http://larkfield.example")
    server = start(replace(open_site, config=replace(open_site.config, serve=serve)))

    headers = server.ask("GET", "/", [("Host", "larkfield.example")]).headers

    assert "Strict-Transport-Security" not in headers


def test_the_server_says_that_it_lives(server: Server) -> None:
    reply = server.get("/health")

    assert (reply.status, reply.body) == (200, b"ok\n")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_stylesheet_is_named_with_its_version_and_has_the_accent(
    open_site: Site, server: Server, start: Callable[[Site], Server]
) -> None:
    brand = Brand(accent="#a03010")
    other = start(replace(open_site, config=replace(open_site.config, brand=brand)))

    assert "--accent: #0f6b6b" in server.get("/static/web.css").text
    assert "--accent: #a03010" in other.get("/static/web.css").text
    assert _stylesheet(server) != _stylesheet(other)


def _stylesheet(server: Server) -> str:
    page = server.get("/unsubscribe/sample").text
    return page.partition('rel="stylesheet" href="')[2].partition('"')[0]


def test_an_accent_that_is_no_colour_is_told_before_anything_is_served(open_site: Site) -> None:
    config = replace(open_site.config, brand=Brand(accent="teal-ish"))

    with pytest.raises(ConfigError, match=r"brand\.accent"):
        make_app(replace(open_site, config=config))


def test_a_page_that_is_not_there_is_told_with_a_way_on_once_there_is_one(
    server: Server, publish: Callable[[str, bytes], Path]
) -> None:
    before = server.get("/posts/no-such-post/")
    publish("index.html", b"x")
    reply = server.get("/posts/no-such-post/")

    assert reply.status == 404
    assert "<h1>There is no such page</h1>" in reply.text
    assert "To the home page" in reply.text
    assert "To the home page" not in before.text


def test_a_mistyped_address_is_not_shown_back(server: Server) -> None:
    assert "injected" not in server.get("/%3Cscript%3Einjected").text


@pytest.mark.parametrize("path", ["/", "/feed.xml", "/health", "/mailbox/", "/nothing"])
def test_what_can_only_be_read_says_so(server: Server, path: str) -> None:
    reply = server.post(path, b"x=1")

    assert reply.status == 405
    assert "GET" in reply.headers["Allow"]
    assert "This page can only be read" in reply.text


@pytest.fixture
def broken(open_site: Site, start: Callable[[Site], Server]) -> Server:
    """A site with a bug: its keys are none."""
    return start(replace(open_site, keys=(None,)))  # type: ignore[arg-type]  # on purpose


def test_a_failure_is_told_without_its_cause(broken: Server, link: str) -> None:
    reply = broken.get(link)

    assert reply.status == 500
    assert "<h1>Something went wrong here</h1>" in reply.text
    assert "Traceback" not in reply.text
    assert "TypeError" not in reply.text


def test_a_failure_is_logged_with_its_cause_and_without_the_token(
    broken: Server, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken.get(link)

    assert "GET /unsubscribe/{token} failed" in caplog.text
    assert "TypeError" in caplog.text
    assert link.rpartition("-")[2] not in caplog.text


@pytest.fixture(params=["locked", "away"])
def waiting(
    request: pytest.FixtureRequest,
    open_site: Site,
    start: Callable[[Site], Server],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Server]:
    """A site whose SQLite database is locked by another, or whose PostgreSQL does not run."""
    monkeypatch.setattr("pipeline.db.engine.SQLITE_WAIT_SECONDS", 0)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    urls = {"locked": open_site.engine.url, "away": f"postgresql://me:word@127.0.0.1:{port}/x"}
    engine = make_engine(str(urls[request.param]))
    with closing(sqlite3.connect(str(open_site.engine.url.database))) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield start(replace(open_site, engine=engine))
    engine.dispose()


def test_leaving_while_the_database_does_not_answer_is_to_be_tried_again(
    waiting: Server, link: str
) -> None:
    reply = waiting.post(link, b"List-Unsubscribe=One-Click")

    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert "<h1>We cannot answer just now</h1>" in reply.text


def test_a_database_that_does_not_answer_is_one_line_in_the_log(
    waiting: Server, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    waiting.post(link, b"List-Unsubscribe=One-Click")

    (line,) = [record for record in caplog.records if record.name == "pipeline.web"]
    assert line.getMessage().startswith("POST /unsubscribe/{token}: the database ")
    assert line.exc_info is None
    assert "\n" not in line.getMessage()
    assert ":word@" not in line.getMessage()


def test_a_page_that_needs_the_database_is_to_be_tried_again_too(
    open_site: Site, start: Callable[[Site], Server], link: str, tmp_path: Path
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'no such folder' / 'pipeline.db'}")
    reply = start(replace(open_site, engine=engine)).get(link)
    engine.dispose()

    assert (reply.status, reply.headers["Retry-After"]) == (503, "120")


def test_unsubscribing_leaves_neither_token_nor_address_in_the_log(
    server: Server, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    server.get(link)
    server.post(link, b"List-Unsubscribe=One-Click")
    server.get(f"{link}x")

    # The web server's list of requests is off; here pytest's own handler turns it on again.
    said = [record for record in caplog.records if record.name != "uvicorn.access"]
    text = "\n".join(record.getMessage() for record in said)
    assert link.rpartition("-")[2] not in text
    assert "reader@example.com" not in text


def test_the_logo_is_shown_once_it_is_published(
    open_site: Site, start: Callable[[Site], Server], publish: Callable[[str, bytes], Path]
) -> None:
    brand = Brand(logo="images/our logo.png")
    server = start(replace(open_site, config=replace(open_site.config, brand=brand)))

    before = server.get("/nothing").text
    publish("assets/our logo.png", b"x")

    assert "<img" not in before
    assert 'src="/assets/our%20logo.png"' in server.get("/nothing").text
