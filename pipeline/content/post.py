"""What a post is: the one value that feeds, editions and pages are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

Day = date  # a calendar day: Post has a field called `date`


class Status(StrEnum):
    """Whether a post may be shown at all."""

    DRAFT = "draft"  # never shown
    PUBLISHED = "published"  # shown from its date on


class Visibility(StrEnum):
    """Who may see a post (front matter: `audience`)."""

    PUBLIC = "public"  # feeds, pages and newsletters
    PRIVATE = "private"  # only newsletters that ask for private posts; no feed, no archive


@dataclass(frozen=True)
class Image:
    """A picture of a post. `source` is the local file to copy, or None for one hosted elsewhere."""

    url: str  # absolute
    alt: str
    width: int | None = None  # pixels; None when the file is not local
    height: int | None = None
    media_type: str = ""  # "image/jpeg"
    size: int = 0  # octets; 0 when the file is not local
    source: Path | None = None
    target: str = ""  # where the file goes below the published site: "posts/back-pain/spine.png"


@dataclass(frozen=True)
class Post:
    """One Markdown file with front matter; the file is the truth.

    All times are aware and in UTC. All URLs are absolute. The three HTML renderings come from
    one sanitised fragment and differ only in what their readers can show.
    """

    id: str  # stable for ever: explicit, or a tag: URI (RFC 4151)
    slug: str
    title: str  # plain text
    date: datetime
    url: str  # the post's own page, or its canonical_url
    path: Path  # of the Markdown file
    summary: str  # plain text; from the front matter, else from the first paragraph
    web_html: str  # ids and anchors kept
    feed_html: str  # no ids, classes or styles; XML-legal
    email_html: str  # no anchors; footnotes as plain notes; images with width
    text: str  # plain text of the body, blocks separated by one empty line
    author: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    image: Image | None = None
    images: tuple[Image, ...] = ()  # every picture of the post, `image` among them, each once
    updated: datetime | None = None  # None when never updated
    status: Status = Status.PUBLISHED
    visibility: Visibility = Visibility.PUBLIC
    language: str = "en"
    aliases: tuple[str, ...] = ()  # former slugs, oldest first
    expires: datetime | None = None
    review_by: Day | None = None
    word_count: int = 0
    explicit_id: bool = False  # `id` stands in the front matter

    def published(self, now: datetime) -> bool:
        """Whether the post is out at `now`: not a draft, not in the future, not expired."""
        return (
            self.status is Status.PUBLISHED
            and self.date <= now
            and (self.expires is None or now < self.expires)
        )


def published(posts: Iterable[Post], now: datetime, *, private: bool = False) -> tuple[Post, ...]:
    """Those that are out at `now` (aware), in their order; private ones only when asked for."""
    return tuple(
        post
        for post in posts
        if post.published(now) and (private or post.visibility is Visibility.PUBLIC)
    )
