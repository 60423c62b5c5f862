"""What a feed says, before it takes one of its three forms."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline.config import Config
from pipeline.content import Image, Post, slugify

RSS, ATOM, JSON = "feed.xml", "atom.xml", "feed.json"
FORMATS = {  # file name → media type and name; the order is that of the links on pages
    RSS: ("application/rss+xml", "RSS"),
    ATOM: ("application/atom+xml", "Atom"),
    JSON: ("application/feed+json", "JSON Feed"),
}
CROWDED = 240  # titles that a page of less than 50 kB has room for
# A feed without posts needs a date too, and it must be the same tomorrow.
EMPTY_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
# XML 1.0 2.2; a single one of these would make the whole feed unreadable.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MEDIA_TYPES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}


@dataclass(frozen=True)
class Enclosure:
    """A picture that travels with an item; `size` in octets, 0 when it is not known."""

    url: str
    media_type: str
    size: int


@dataclass(frozen=True)
class Item:
    """One post as all three formats tell it; every text is legal in XML 1.0."""

    id: str
    url: str
    title: str
    summary: str
    html: str
    author: str
    categories: tuple[str, ...]
    language: str
    published_at: datetime
    updated_at: datetime
    enclosures: tuple[Enclosure, ...]  # the lead picture first


@dataclass(frozen=True)
class Topic:
    """A tag, category, year or month with its posts, newest first; `folder` as in "tags/sleep/"."""

    folder: str
    name: str
    posts: tuple[Post, ...]


@dataclass(frozen=True)
class Channel:
    """One feed in all its formats; `folder` is "" for that of the whole site."""

    folder: str
    title: str
    description: str
    site_url: str
    authority: str
    author: str
    language: str
    items: tuple[Item, ...]

    @property
    def page_url(self) -> str:
        """The page that shows the same posts."""
        return f"{self.site_url}/{quote(self.folder)}"

    @property
    def id(self) -> str:
        """A tag: URI (RFC 4151) that outlives titles, designs and web servers."""
        return f"tag:{self.authority},2026:feed/{quote(self.folder)}".rstrip("/")

    @property
    def updated_at(self) -> datetime:
        """When anything in it last changed."""
        return max((item.updated_at for item in self.items), default=EMPTY_SINCE)

    def url(self, name: str) -> str:
        """The address of one of its files."""
        return self.page_url + name


def make_channel(config: Config, items: Iterable[Item], topic: Topic | None = None) -> Channel:
    """Make the feed of the site, or of one topic; `items` newest first."""
    site = config.site
    return Channel(
        folder=topic.folder if topic else "",
        title=legal(f"{site.title}: {topic.name}" if topic else site.title),
        description=legal(site.description or site.title),
        site_url=site.url,
        authority=site.authority,
        author=legal(site.author or site.title),
        language=site.language,
        items=tuple(items),
    )


def make_item(post: Post, config: Config) -> Item:
    """Tell a post as an item."""
    return Item(
        id=legal(post.id),
        url=post.url,
        title=legal(post.title),
        summary=legal(post.summary),
        html=legal(post.feed_html),
        author=legal(post.author or config.site.author or config.site.title),
        categories=_categories(post),
        language=post.language,
        published_at=post.date,
        updated_at=post.updated or post.date,
        enclosures=tuple(_enclosure(image) for image in _lead_first(post)),
    )


def topics(posts: Sequence[Post]) -> list[Topic]:
    """Group posts by tag and by category; names that share a slug share a topic."""
    found: dict[str, tuple[str, list[Post]]] = {}
    for post in posts:
        for folder, name in _topic_folders(post).items():
            found.setdefault(folder, (name, []))[1].append(post)
    return [Topic(folder, name, tuple(group)) for folder, (name, group) in sorted(found.items())]


def years(posts: Sequence[Post], zone: ZoneInfo) -> list[Topic]:
    """Group posts by the year they came out in `zone`, or by month where a year has too many."""
    shelves = []
    for year in _by_date(posts, zone, "%Y"):
        crowded = len(year.posts) > CROWDED
        shelves += _by_date(year.posts, zone, "%Y-%m") if crowded else [year]
    return shelves


def _by_date(posts: Sequence[Post], zone: ZoneInfo, form: str) -> list[Topic]:
    groups = groupby(posts, key=lambda post: post.date.astimezone(zone).strftime(form))
    return [Topic(f"archive/{name}/", name, tuple(group)) for name, group in groups]


def category_folder(name: str) -> str:
    """Say where a category's page and feeds stand."""
    return f"categories/{_slug(name)}/"


def tag_folder(name: str) -> str:
    """Say where a tag's page and feeds stand."""
    return f"tags/{_slug(name)}/"


def legal(text: str) -> str:
    """Take out what XML 1.0 cannot hold."""
    return _ILLEGAL.sub("", text) if _ILLEGAL.search(text) else text


def _topic_folders(post: Post) -> dict[str, str]:
    folders = {tag_folder(tag): tag for tag in reversed(post.tags)}
    return folders | ({category_folder(post.category): post.category} if post.category else {})


@lru_cache(maxsize=10_000)
def _slug(name: str) -> str:
    # A name of signs alone has no letters to make a slug of, and still needs an address.
    return slugify(name) or hashlib.sha256(name.encode()).hexdigest()[:8]


def _categories(post: Post) -> tuple[str, ...]:
    names = (post.category, *post.tags)
    return tuple(dict.fromkeys(legal(name) for name in names if name))


def _lead_first(post: Post) -> tuple[Image, ...]:
    lead = (post.image,) if post.image else ()
    return lead + tuple(image for image in post.images if image != post.image)


def _enclosure(image: Image) -> Enclosure:
    ending = image.url.partition("?")[0].rpartition(".")[2].lower()
    guessed = _MEDIA_TYPES.get(ending, "application/octet-stream")
    return Enclosure(image.url, image.media_type or guessed, image.size)
