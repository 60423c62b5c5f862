"""The editions as a browser draws them: nothing overflows, and all text can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from pipeline.palette import contrast
from tests.compose.examples import Compose, a_post, some_posts
from tests.support.programs import need

pytestmark = pytest.mark.browser

# Every visible text with its colour and the nearest ground that is painted below it.
VISIBLE_TEXTS = """() => {
  const hex = colour => {
    const [r, g, b, a] = colour.match(/[\\d.]+/g).map(Number);
    return a === 0 ? "" : "#" + [r, g, b].map(v => v.toString(16).padStart(2, "0")).join("");
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const painted = hex(getComputedStyle(node).backgroundColor);
      if (painted) return painted;
    }
    return "#ffffff";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode, node = text.parentElement;
    if (text.data.trim() && node.checkVisibility() && !node.closest("[style*='display:none']"))
      found.push([text.data.trim(), hex(getComputedStyle(node).color), ground(node)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(need("chromium")), args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 375, 320])
def test_nothing_overflows_and_everything_can_be_read(
    compose: Compose, browser: Browser, width: int, scheme: str
) -> None:
    wide = (
        "<table><thead><tr><th>Medicine</th><th>Most in 24 hours</th><th>Longest</th></tr></thead>"
        "<tbody><tr><td>Acetaminophen</td><td>4,000 mg from all products</td><td>10 days</td></tr>"
        "</tbody></table>"
    )
    editions = [
        compose(some_posts(7)),
        compose([a_post(), a_post("table", html=wide)], template="post"),
        compose([a_post(title="Rückenschmerztagebuchführung" * 3)]),
    ]
    for edition in editions:
        page = browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]  # one of the two names it takes
            offline=True,
        )
        page.set_content(edition.html, wait_until="commit")
        texts = page.evaluate(VISIBLE_TEXTS)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
        assert len(texts) > 8
        for text, colour, ground in texts:
            assert contrast(colour, ground) >= 4.5, (text, colour, ground)
            assert (contrast("#15171a", ground) < 2) == (scheme == "dark") or "Read" in text, text
