"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from typing import Any

from pipeline.feeds.channels import JSON, Channel, Enclosure, Item


def json_feed(channel: Channel) -> bytes:
    """Write a channel as JSON Feed; the same channel always gives the same bytes."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.page_url,
        "feed_url": channel.url(JSON),
        "description": channel.description,
        "language": channel.language,
        "authors": [{"name": channel.author}],
        "items": [_item(item) for item in channel.items],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _item(item: Item) -> dict[str, Any]:
    changed = item.updated_at != item.published_at
    return {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_html": item.html,
        "summary": item.summary,
        "date_published": item.published_at.isoformat(),
        **({"date_modified": item.updated_at.isoformat()} if changed else {}),
        "authors": [{"name": item.author}],
        "tags": list(item.categories),
        "language": item.language,
        **(_pictures(item.enclosures) if item.enclosures else {}),
    }


def _pictures(enclosures: tuple[Enclosure, ...]) -> dict[str, Any]:
    return {"image": enclosures[0].url, "attachments": [_attachment(each) for each in enclosures]}


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    size = {"size_in_bytes": enclosure.size} if enclosure.size else {}
    return {"url": enclosure.url, "mime_type": enclosure.media_type, **size}
