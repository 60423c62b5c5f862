"""1,000 posts of 1,000 words become feeds and pages: from nothing, and with nothing changed."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measuring import Row, at_most, run_python, seconds
from tests.benchmarks.posts import body, fill_site
from tests.support.site import SiteFolder

POSTS = 1000
WARM_RUNS = 3


def measure() -> Iterator[Row]:
    """Read and publish in fresh processes: once cold, then warm; start-up is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        site = SiteFolder.make(Path(folder) / "site")
        fill_site(site, POSTS)
        cold = _in_a_fresh_process(site.root)
        plain = seconds(_render_plainly)
        warm = statistics.median(_in_a_fresh_process(site.root) for _ in range(WARM_RUNS))
    yield Row(
        f"{POSTS} posts to feeds and pages, cold",
        cold,
        "s",
        yardstick=plain,
        against="markdown-it alone renders the same texts",
    )
    yield Row(
        f"{POSTS} posts to feeds and pages, nothing changed",
        warm,
        "s",
        yardstick=cold,
        against="cold",
        ratio_bound=at_most(0.05),
    )


def _in_a_fresh_process(root: Path) -> float:
    return float(run_python("-m", __name__, root))


def _render_plainly() -> None:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable("table")
    for number in range(POSTS):
        markdown.render(body(number))


def _publish(root: Path) -> float:
    from pipeline.config import read_config
    from pipeline.content import read_posts
    from pipeline.feeds import publish

    config = read_config(root, {})
    return seconds(lambda: publish(read_posts(config), config, config.var / "site"))


if __name__ == "__main__":
    print(_publish(Path(sys.argv[1])))  # noqa: T201  # what the measuring process reads
