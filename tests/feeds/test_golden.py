"""The three feeds and a page, byte for byte; `pytest tests/feeds --renew-golden` renews them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.config import Config
from pipeline.content import Post
from pipeline.feeds import render
from tests.feeds.made import NOON, URL, a_picture, a_post
from tests.support.golden import Golden

KEPT = Path(__file__).parent / "golden"


def fixed_posts() -> list[Post]:
    """Make posts that use all a post can hold."""
    spine = replace(
        a_picture(),
        url=f"{URL}/posts/back-pain/spine.png",
        target="posts/back-pain/spine.png",
        media_type="image/png",
        size=48_213,
        width=1200,
        height=675,
    )
    body = (
        '<p>Rest &amp; walk: 3 &lt; 5.<sup><a href="#n1" id="r1">1</a></sup></p>\n'
        '<table><tr><th style="text-align:right">Dose</th></tr></table>\n'
        '<pre><code>a[b[0]]&gt; 1 ]]&gt;</code></pre>\n<p id="n1">A note.</p>'
    )
    return [
        a_post(
            title="Back pain: when to wait & when to call",
            html=body,
            image=spine,
            images=(spine, a_picture(name="far.webp")),
            tags=("back", "red flags"),
            category="Conditions",
            aliases=("old-back",),
            author="Dr. Example",
            updated=NOON + timedelta(days=1),
        ),
        a_post("kopf", title="Kopfschmerzen \U0001f915", language="de", date=NOON - timedelta(3)),
        a_post("睡眠", title="眠りと痛み", language="ja", url=f"{URL}/posts/%E7%9D%A1%E7%9C%A0/"),
    ]


@pytest.mark.parametrize(
    "path", ["feed.xml", "atom.xml", "feed.json", "posts/back-pain/index.html", "index.html"]
)
def test_the_output_is_the_one_that_was_looked_at(
    path: str, config: Config, golden: Golden
) -> None:
    golden(KEPT / path.replace("/", "-"), render(fixed_posts(), config)[path].content())
