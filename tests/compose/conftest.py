"""Posts, a newsletter and a site made by hand; nothing is read but templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.compose import Edition, make_edition
from pipeline.config import Brand, Config, NewsletterSettings, Serve, Site
from pipeline.content import Image, Post

URL = "https://larkfield.example"
ISSUED_ON = date(2026, 10, 13)
BODY = """\
<p>Most people with back pain <strong>get better</strong> within weeks, and
<a href="https://larkfield.example/moving?a=1&amp;b=2">moving</a> helps more than rest.</p>
<h2>What to do today</h2>
<ul><li>Walk for ten minutes, twice.</li><li>Keep warm.</li></ul>
<blockquote><p>Rest is for the night.</p></blockquote>
<table><thead><tr><th>Day</th><th style="text-align:right">Minutes</th></tr></thead>
<tbody><tr><td>Monday</td><td style="text-align:right">10</td></tr></tbody></table>
<pre><code>walk  = 10
  rest = 5
</code></pre>
"""
MakePost = Callable[..., Post]
Compose = Callable[..., Edition]


def a_picture(**values: Any) -> Image:
    """Make a picture of 1200 by 675 pixels."""
    made: dict[str, Any] = {
        "url": f"{URL}/posts/images/path.jpg",
        "alt": "A path between trees",
        "width": 1200,
        "height": 675,
    }
    return Image(**(made | values))


def a_post(slug: str = "back-pain", **values: Any) -> Post:
    """Make a post; whatever is not given follows from its slug."""
    html = values.pop("html", BODY)
    made: dict[str, Any] = {
        "id": f"tag:larkfield.example,2026-10-01:{slug}",
        "slug": slug,
        "title": slug.replace("-", " ").capitalize(),
        "date": datetime(2026, 10, 1, 14, tzinfo=UTC),
        "url": f"{URL}/posts/{slug}/",
        "path": Path(f"posts/{slug}.md"),
        "summary": f"What helps with {slug.replace('-', ' ')}, and what can wait.",
        "web_html": html,
        "feed_html": html,
        "email_html": html,
        "text": "",
        "author": "The Larkfield team",
        "category": "Back pain",
        "image": a_picture(),
        "word_count": 660,
    }
    return Post(**(made | values))


def some_posts(count: int) -> list[Post]:
    """Make posts called "Story 1", "Story 2" and so on."""
    return [a_post(f"story-{number}") for number in range(1, count + 1)]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        root=tmp_path,
        site=Site(
            title="Larkfield Pain Practice",
            url=URL,
            email="letter@larkfield.example",
            description="Plain words about pain.",
            timezone="America/New_York",
            postal_address="12 Orchard Lane, Larkfield, NY 10000, USA",
            reason="You asked us for this letter.",
            disclaimer="This letter does not replace a visit.",
        ),
        brand=Brand(logo="images/larkfield.png", logo_dark="images/larkfield-dark.png"),
        serve=Serve(public_url="https://letter.larkfield.example"),
    )


@pytest.fixture
def newsletter() -> NewsletterSettings:
    return NewsletterSettings(name="digest", list="readers", title="The Larkfield Letter")


@pytest.fixture
def compose(config: Config, newsletter: NewsletterSettings) -> Compose:
    """Compose posts: `compose([post], template="post")` sets keys of the newsletter.

    `config` and `issued_on` replace the usual ones.
    """

    def make(
        posts: Sequence[Post],
        *,
        config: Config = config,
        issued_on: date = ISSUED_ON,
        **settings: Any,
    ) -> Edition:
        return make_edition(posts, replace(newsletter, **settings), config, issued_on=issued_on)

    return make


@pytest.fixture
def write_template(config: Config) -> Callable[[str, str], None]:
    """Write a file into the site's own templates."""

    def write(name: str, source: str) -> None:
        file = config.templates / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")

    return write
