"""Posts and pictures made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from pipeline.compose import Edition
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


def attributes(html: str, selector: str) -> dict[str, str | None]:
    """The attributes of the first element that matches."""
    node = LexborHTMLParser(html).css_first(selector)
    assert node is not None, selector
    return node.attributes


def text_of(html: str, selector: str) -> str:
    """The text of the first element that matches."""
    node = LexborHTMLParser(html).css_first(selector)
    assert node is not None, selector
    return node.text(strip=True)
