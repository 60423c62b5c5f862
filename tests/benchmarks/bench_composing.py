"""A digest of ten posts: how long composing takes, and how heavy the mail is."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipeline.compose import make_edition
from pipeline.config import read_config
from pipeline.content import read_posts
from tests.benchmarks.measuring import Row, at_most, seconds
from tests.benchmarks.posts import fill_site
from tests.support.site import SiteFolder

POSTS = 10
EDITIONS = 9
CLIPPED_AT = 102_400  # bytes of HTML beyond which Gmail hides the rest


def measure() -> Iterator[Row]:
    """Compose one edition to load templates, then others of ever new posts."""
    with tempfile.TemporaryDirectory() as folder:
        site = SiteFolder.make(Path(folder) / "site")
        fill_site(site, POSTS * (EDITIONS + 1))
        config = read_config(site.root, {})
        posts = read_posts(config)

        def compose(number: int) -> int:
            chosen = posts[number * POSTS : (number + 1) * POSTS]
            edition = make_edition(
                chosen, config.newsletters[0], config, issued_on=date(2026, 10, 6)
            )
            return len(edition.html.encode())

        first = seconds(lambda: compose(0))
        times = [seconds(lambda n=n: compose(n)) for n in range(1, EDITIONS + 1)]  # type: ignore[misc]  # mypy cannot infer this lambda
        weight = max(compose(number) for number in range(EDITIONS + 1))
    yield Row(
        f"digest of {POSTS} posts, composed",
        statistics.median(times) * 1000,
        "ms",
        yardstick=first * 1000,
        against="the first one, which loads the templates",
        bound=at_most(150),
    )
    yield Row(
        f"digest of {POSTS} posts, HTML",
        weight,
        "bytes",
        yardstick=CLIPPED_AT,
        against="where Gmail clips",
        bound=at_most(90_000 - 1),
    )
