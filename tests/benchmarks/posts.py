"""Made-up posts, the same ones on every machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.support.site import SiteFolder

TEXT = """
back pain muscle rest walk sleep joint nerve knee shoulder heat cold exercise daily gentle slow
movement doctor visit question answer week month often rarely better worse scan therapy posture
chair desk lift carry breathe stretch strength balance recover plan note diary trigger signal
brain spinal disc tissue inflammation dose relief study evidence people most some help read ask
try
"""
WORDS = TEXT.split()
PARAGRAPHS = 14
NEWEST = datetime(2026, 10, 1, 9, tzinfo=UTC)


def fill_site(site: SiteFolder, count: int) -> None:
    """Write `count` posts of about 1,000 words each."""
    for number in range(count):
        title = f"{sentence(number, 5).rstrip('.')} {number}"
        site.add_post(
            f"post-{number:05}",
            body(number),
            title=title,
            date=(NEWEST - timedelta(hours=7 * number)).isoformat(),
            tags=[WORDS[number % 12], WORDS[number % 5 + 20]],
            category=WORDS[number % 4],
            summary=sentence(number + 3, 22),
        )


def body(number: int) -> str:
    """Markdown of about 1,000 words: headings, lists, links, a table, a quotation, a footnote."""
    blocks = [_paragraph(number * 31 + part) for part in range(PARAGRAPHS)]
    blocks.insert(3, "## " + sentence(number + 1, 4).rstrip("."))
    blocks.insert(6, "\n".join(f"- {sentence(number + item, 9)}" for item in range(5)))
    blocks.insert(9, "> " + sentence(number + 2, 24))
    blocks.insert(11, "| what | how often |\n|---|---|\n| walk | daily |\n| rest | rarely |")
    blocks.append(f"A last remark.[^1]\n\n[^1]: {sentence(number + 5, 12)}")
    return "\n\n".join(blocks) + "\n"


def _paragraph(seed: int) -> str:
    sentences = [sentence(seed + part, 9 + (seed + part) % 9) for part in range(5)]
    link = f"[{WORDS[seed % len(WORDS)]}](https://example.org/{seed})"
    return f"{' '.join(sentences)} See **{WORDS[seed % 17]}** and {link}."


def sentence(seed: int, length: int) -> str:
    words = itertools.islice(_words(seed), length)
    return " ".join(words).capitalize() + "."


def _words(seed: int) -> Iterator[str]:
    for step in itertools.count():
        yield WORDS[(seed * 7919 + step * (seed % 13 + 5) + step * step) % len(WORDS)]
