"""Posts, pictures and settings made by hand; no Markdown is read here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.config import Brand, Config, Feeds, Site
from pipeline.content import Image, Post
from pipeline.feeds import EditionPage, render

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
URL = "https://larkfield.example"


def a_config(root: Path = Path("site"), **site: Any) -> Config:
    """Make a site's settings; keywords change [site]."""
    made: dict[str, Any] = {
        "title": "Larkfield Pain Practice",
        "url": URL,
        "email": "letter@larkfield.example",
        "description": "Plain words about pain.",
        "timezone": "America/New_York",
        "author": "The Larkfield team",
        "authority": "larkfield.example",
        "postal_address": "12 Orchard Lane, Larkfield",
        "disclaimer": "This site informs; it does not replace a visit.",
    }
    return Config(root=root, site=Site(**(made | site)), brand=Brand(), feeds=Feeds(length=50))


def a_post(slug: str = "back-pain", *, html: str = "", **values: Any) -> Post:
    """Make a post; whatever is not given follows from its slug."""
    body = html or f"<p>About {slug}.</p>"
    made: dict[str, Any] = {
        "id": f"tag:larkfield.example,2026-03-03:{slug}",
        "slug": slug,
        "title": slug.replace("-", " ").capitalize(),
        "date": NOON,
        "url": f"{URL}/posts/{slug}/",
        "path": Path(f"posts/{slug}.md"),
        "summary": f"In short: {slug}.",
        "web_html": body,
        "feed_html": body,
        "email_html": body,
        "text": f"About {slug}.",
        "word_count": 600,
    }
    return Post(**(made | values))


def a_picture(source: Path | None = None, name: str = "spine.png", **values: Any) -> Image:
    """Make a picture of the post `back-pain`: a local one when `source` is given."""
    base = URL if source else "https://pictures.example"
    made: dict[str, Any] = {
        "url": f"{base}/posts/back-pain/{name}",
        "alt": "A spine seen from the side",
        "width": 1200 if source else None,
        "height": 675 if source else None,
        "media_type": "image/png" if source else "",
        "size": source.stat().st_size if source else 0,
        "source": source,
        "target": f"posts/back-pain/{name}" if source else "",
    }
    return Image(**(made | values))


def an_edition(slug: str = "2026-03-03", title: str = "Walking again") -> EditionPage:
    """Make the web copy of a newsletter."""
    return EditionPage(slug, title, f"<!doctype html><title>{title}</title>", NOON)


def page(path: str, *posts: Post, config: Config | None = None) -> str:
    """Render one file of a publication as text."""
    return render(posts, config or a_config())[path].content().decode()
