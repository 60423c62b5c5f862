"""Posts and a newsletter made by hand, as this room meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.config import NewsletterSettings
from pipeline.content import Post

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
DIGEST = NewsletterSettings(name="digest", list="readers")


def a_post(number: int, days_ago: float = 1, **values: object) -> Post:
    given: dict[str, object] = {
        "id": f"tag:larkfield.example,2026:{number}",
        "slug": f"post-{number}",
        "title": f"Post {number}",
        "date": NOW - timedelta(days=days_ago),
        "url": f"https://larkfield.example/posts/post-{number}/",
        "path": Path(f"posts/post-{number}.md"),
        "summary": "",
        "web_html": "",
        "feed_html": "",
        "email_html": "",
        "text": "",
    }
    return Post(**{**given, **values})  # type: ignore[arg-type]  # values of many types
