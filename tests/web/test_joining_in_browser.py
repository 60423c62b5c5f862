"""From the form, here and on somebody else's page, to the confirmed link: in a real browser."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine

from pipeline.audience import find_person, read_address
from pipeline.clock import Site, run_pass
from pipeline.db import reading
from pipeline.schema import SubscriptionState
from tests.support.forms import Time, open_site
from tests.support.programs import need
from tests.support.site import SiteFolder
from tests.web.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(need("chromium")), args=["--no-sandbox"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Another site with one page: gives its address."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def publish(content: str) -> str:
        (folder / "index.html").write_text(f"<!doctype html><title>x</title>{content}", "utf-8")
        return f"http://localhost:{server.server_port}/"

    yield publish
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def joinable(site: SiteFolder, engine: Engine) -> Site:
    return open_site(site, engine, Time())


def mailed_link(site: Site) -> str:
    (file,) = (site.mailbox / "new").glob("*.eml")
    text = file.read_text("utf-8").replace("=\n", "")
    found = re.search(r"larkfield\.example(/confirm/[\w-]+)", text)
    assert found is not None
    return found[1]


def is_on_the_list(site: Site, address: str) -> bool:
    with reading(site.engine) as connection:
        found = find_person(connection, read_address(address))
    return [one.state for one in found] == [SubscriptionState.CONFIRMED]


def test_a_person_joins_from_the_form_to_the_confirmed_link(
    joinable: Site, start: Callable[[Site], Server], page: Page
) -> None:
    server, time = start(joinable), joinable.now
    page.goto(f"{server.url}/subscribe/readers")
    page.get_by_label("Your mail address").fill("ada@example.com")
    assert isinstance(time, Time)
    time.pass_by(seconds=5)
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("heading", name="Please look into your mailbox").is_visible()

    run_pass(joinable)
    page.goto(server.url + mailed_link(joinable))
    assert not is_on_the_list(joinable, "ada@example.com")
    page.get_by_role("button", name="Yes, send it to me").click()

    assert page.get_by_role("heading", name="You are subscribed").is_visible()
    assert is_on_the_list(joinable, "ada@example.com")
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    assert not is_on_the_list(joinable, "ada@example.com")


def test_the_form_works_on_somebody_elses_page(
    joinable: Site,
    start: Callable[[Site], Server],
    page: Page,
    elsewhere: Callable[[str], str],
) -> None:
    server, time = start(joinable), joinable.now
    copied = re.search(
        r"<pre[^>]*>(.*?)</pre>", server.get("/subscribe/readers/embed").text, re.DOTALL
    )
    assert copied is not None
    form = unescape(copied[1]).replace("https://larkfield.example", server.url)
    page.goto(elsewhere(form))
    page.get_by_label("Your mail address").fill("ada@example.com")
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("heading", name="One more click").is_visible()
    assert isinstance(time, Time)
    time.pass_by(seconds=5)
    page.get_by_role("button", name="Yes, subscribe").click()

    assert page.get_by_role("heading", name="Please look into your mailbox").is_visible()
    run_pass(joinable)
    assert mailed_link(joinable).startswith("/confirm/")


def test_no_page_is_wider_than_a_phone(
    joinable: Site, start: Callable[[Site], Server], browser: Browser
) -> None:
    server = start(joinable)
    wide = browser.new_page(viewport={"width": 320, "height": 700})
    for path in ("/subscribe/readers", "/subscribe/readers/embed"):
        wide.goto(server.url + path)
        assert wide.evaluate("document.documentElement.scrollWidth") <= 320, path
    wide.close()
