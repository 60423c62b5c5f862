"""Draws newsletter.png, the picture in the README: the example site's letter, light and dark.

Run as `.venv/bin/python docs/images/make_picture.py`; it needs Chromium (CHROMIUM names another
one than `chromium`). Nothing is sent, and var/ is not touched.
"""  # noqa: INP001  # a script beside its picture, no package

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Route, sync_playwright

from pipeline.compose import fill, make_edition, reader_values, sample_reader
from pipeline.config import Config, read_config
from pipeline.content import Post, published, read_posts
from pipeline.feeds import publish

ROOT = Path(__file__).parents[2]
PICTURE = Path(__file__).with_name("newsletter.png")
WIDTH, HEIGHT, MARGIN = 1200, 920, 44  # pixels
PHONE = 375
DESKTOP = WIDTH - PHONE - 3 * MARGIN
GROUND = "#e9e5dd"
COLOURS = 200  # of the palette: keeps the file under 400 kB


def main() -> None:
    """Compose, draw twice, and put both beside each other."""
    with tempfile.TemporaryDirectory() as folder:
        config = read_config(ROOT)
        posts = published(read_posts(replace_var(config, Path(folder))), datetime.now(UTC))
        site = Path(folder) / "site"
        publish(posts, config, site)
        page = letter(config, posts)
        with open_browser() as browser:
            desktop = shoot(browser, page, site, DESKTOP, "light")
            phone = shoot(browser, page, site, PHONE, "dark")
    canvas = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    put(canvas, desktop, MARGIN, MARGIN)
    put(canvas, phone, DESKTOP + 2 * MARGIN, 2 * MARGIN)
    canvas.quantize(COLOURS).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} octets")  # noqa: T201  # its result


def replace_var(config: Config, folder: Path) -> Config:
    """The site with an empty cache elsewhere: its posts and pictures through a link."""
    for name in ("posts", "templates", "pipeline.toml"):
        (folder / name).symlink_to(ROOT / name)
    return replace(config, root=folder)


def letter(config: Config, posts: tuple[Post, ...]) -> str:
    """The newest English posts as one edition, filled in for a sample reader."""
    newsletter = config.newsletters[0]
    chosen = [post for post in posts if post.language == newsletter.language][:10]
    edition = make_edition(chosen, newsletter, config, issued_on=chosen[0].date.date())
    return fill(edition.html, reader_values(sample_reader(config)))


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium as installed."""
    program = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def shoot(browser: Browser, page: str, site: Path, width: int, scheme: str) -> Image.Image:
    """The top of the letter at a width, its pictures taken from the published site."""

    def answer(route: Route) -> None:
        file = site / unquote(urlsplit(route.request.url).path).lstrip("/")
        if file.is_file():
            route.fulfill(path=file)
        else:
            route.abort()

    tab = browser.new_page(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    tab.route("**/*", answer)
    tab.set_content(page, wait_until="load")
    picture = Image.open(io.BytesIO(tab.screenshot()))
    tab.close()
    return picture.convert("RGB")


def put(canvas: Image.Image, picture: Image.Image, left: int, top: int) -> None:
    """Lay a sheet on the ground, with a soft shadow, down to the lower edge."""
    height = HEIGHT - top
    shadow = Image.new("L", canvas.size, 0)
    edges = (left - 2, top + 4, left + picture.width + 2, HEIGHT)
    ImageDraw.Draw(shadow).rounded_rectangle(edges, 10, fill=70)
    shadow = shadow.filter(ImageFilter.GaussianBlur(12))
    canvas.paste("#3a352c", mask=shadow)
    mask = Image.new("L", (picture.width, height + 12), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, picture.width - 1, height + 11), 10, fill=255)
    canvas.paste(
        picture.crop((0, 0, picture.width, height)),
        (left, top),
        mask.crop((0, 0, picture.width, height)),
    )


if __name__ == "__main__":
    main()
