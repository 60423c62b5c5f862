"""The way from a captured letter to its pictures and its unsubscribe page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from pipeline.clock import Site, run_pass
from pipeline.schema import SubscriptionState
from tests.support.programs import need
from tests.support.site import SiteFolder
from tests.web.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = str(need("chromium"))
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "favicon" not in str(message.location):
            complaints.append(message.text)

    context.on("console", note)
    yield context.new_page()
    context.close()


@pytest.fixture
def rehearsed(site: SiteFolder, open_site: Site) -> Site:
    """A site whose newsletter went to the local mailbox, with a picture in it."""
    Image.new("RGB", (1200, 675), "teal").save(site.root / "posts" / "knee.png")
    site.add_post("knees", title="Knees", image="knee.png", image_alt="A knee")
    run_pass(open_site)
    return open_site


def test_a_reader_leaves_by_the_link_in_the_letter(
    rehearsed: Site,
    start: Callable[[Site], Server],
    page: Page,
    complaints: list[str],
    standing: Callable[[], SubscriptionState | None],
) -> None:
    page.goto(f"{start(rehearsed).url}/mailbox/")
    page.click("text=Knees")
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_text("Unsubscribe").last.click()
    asking = opened.value
    assert standing() is SubscriptionState.CONFIRMED

    asking.get_by_role("button", name="Unsubscribe").click()

    assert asking.get_by_role("heading", name="You are unsubscribed").is_visible()
    assert standing() is SubscriptionState.UNSUBSCRIBED
    assert complaints == []


def test_the_letter_shows_its_pictures_from_here_in_both_widths(
    rehearsed: Site, start: Callable[[Site], Server], page: Page, complaints: list[str]
) -> None:
    page.goto(f"{start(rehearsed).url}/mailbox/")
    page.click("text=Knees")
    frame = page.frame_locator("iframe")
    picture = frame.get_by_alt_text("A knee")
    picture.wait_for()
    wide = picture.bounding_box()
    page.wait_for_load_state("networkidle")
    assert picture.evaluate("picture => picture.naturalWidth") == 1200

    page.click("text=Phone, 375 px")

    frame.get_by_alt_text("A knee").wait_for()
    narrow = frame.get_by_alt_text("A knee").bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] < 375 < wide["width"]
    assert complaints == []


def test_the_copy_in_the_browser_keeps_its_styles_and_shows_its_pictures(
    rehearsed: Site, start: Callable[[Site], Server], page: Page, complaints: list[str]
) -> None:
    page.goto(f"{start(rehearsed).url}/mailbox/")
    page.click("text=Knees")
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_text("View in").first.click()

    copy = opened.value
    copy.wait_for_load_state("networkidle")
    assert "/editions/" in copy.url
    assert copy.get_by_alt_text("A knee").evaluate("picture => picture.naturalWidth") == 1200
    assert complaints == []


def test_a_wide_table_scrolls_by_itself_on_a_phone_and_its_words_have_room(
    site: SiteFolder,
    open_site: Site,
    start: Callable[[Site], Server],
    page: Page,
    complaints: list[str],
) -> None:
    words = "until the pain lasts to the next morning"
    row = f"| {' | '.join([words] * 4)} |\n"
    site.add_post("table", f"{row}|---|---|---|---|\n{row}")
    run_pass(open_site)
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{start(open_site).url}/posts/table/")

    assert page.evaluate("document.documentElement.scrollWidth") == 375
    table = page.locator(".body table")
    assert table.evaluate("table => table.scrollWidth > table.clientWidth")
    cell = table.locator("td").last
    assert cell.evaluate("cell => cell.clientWidth") >= 100
    table.evaluate("table => table.scrollTo(9999, 0)")
    box = cell.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 375
    assert complaints == []


def test_a_script_in_a_letter_does_not_run(
    server: Server, capture: Callable[..., str], page: Page
) -> None:
    path = capture(
        html="<p id=p>still</p><script>p.textContent = 'moved'</script>"
        "<img src=x onerror=\"p.textContent = 'moved'\">"
        "<form action=/health><button>Send</button></form>"
    )
    page.goto(f"{server.url}{path}/")
    frame = page.frame_locator("iframe")
    frame.get_by_text("Send").click()

    assert frame.locator("#p").text_content() == "still"


@pytest.mark.parametrize("width", [320, 1200])
def test_no_page_is_wider_than_its_window(
    server: Server, capture: Callable[..., str], page: Page, link: str, width: int
) -> None:
    path = capture("A" * 120, html="<p>x</p>", text="y" * 300, to=f"{'z' * 60}@example.com")
    page.set_viewport_size({"width": width, "height": 800})

    for place in ("/nothing", link, "/mailbox/", f"{path}/", f"{path}/text", f"{path}/source"):
        page.goto(server.url + place)
        scrolled = page.evaluate("document.documentElement.scrollWidth")
        assert scrolled <= width, place


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_follow_the_readers_preference_for_light_or_dark(
    server: Server, page: Page, link: str, scheme: str, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(server.url + link)
    page.screenshot(path=tmp_path / "page.png")

    with Image.open(tmp_path / "page.png") as shot:
        corner = shot.convert("L").getpixel((1, 1))
    assert (float(str(corner)) < 64) == (scheme == "dark")
