"""The plain pages: home, posts, archive, newsletters and the redirects of moved posts."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from math import ceil
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.config import Config
from pipeline.content import Image, Post
from pipeline.feeds.channels import FORMATS, Topic, category_folder, tag_folder
from pipeline.feeds.words import words
from pipeline.language import direction, format_date

# A page stays below 50 kB: so many posts told with summary, so many more by title.
TOLD, LISTED = 12, 200
HOME_TOLD, HOME_LISTED = 6, 36
WORDS_PER_MINUTE = 220  # silent reading
# Markdown's tables align their cells by style, which a strict content security policy blocks.
_ALIGNED = re.compile(r' style="text-align: ?(left|center|right);?"')

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True)
class EditionPage:
    """The copy of a newsletter that "view in browser" shows; `html` is a complete document."""

    slug: str
    title: str
    html: str
    issued_at: datetime


@dataclass(frozen=True)
class Link:
    """A place to go and its name."""

    href: str
    name: str


@dataclass(frozen=True)
class Picture:
    """An image as a page shows it; sizes in pixels, None when they are not known."""

    src: str
    alt: str
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Story:
    """A post as a list tells it, in the post's own language."""

    link: Link
    summary: str
    moment: str  # RFC 3339, for machines
    day: str
    language: str
    dir: str
    category: Link | None
    picture: Picture | None


class Pages:
    """Writes the pages of one site; every method gives a complete document in UTF-8."""

    def __init__(self, config: Config, *, newsletters: bool, css_version: str) -> None:
        self.site, self.brand = config.site, config.brand
        self.newsletters = newsletters
        self.css_version = css_version

    def home(self, posts: Sequence[Post]) -> bytes:
        """Lead with the newest post, tell a few more, and list some by title."""
        root = "./"
        stories = [self._story(post, root) for post in posts[:HOME_LISTED]]
        return self._page(
            "home.html",
            root=root,
            path="",
            title=self.site.title,
            description=self.site.description,
            lead=stories[0] if stories else None,
            told=stories[1:HOME_TOLD],
            listed=stories[HOME_TOLD:],
        )

    def shelf(self, shelf: Topic) -> bytes:
        """List the posts of a tag, category or year."""
        is_year = shelf.folder.startswith("archive/")
        told = 0 if is_year else TOLD
        posts = shelf.posts if is_year else shelf.posts[:LISTED]
        stories = [self._story(post, "../../") for post in posts]
        return self._page(
            "shelf.html",
            root="../../",
            path=quote(shelf.folder),
            title=shelf.name,
            description=f"{self.site.title}: {shelf.name}",
            own_feeds=[] if is_year else _feed_links(f"{self.site.url}/{quote(shelf.folder)}"),
            told=stories[:told],
            listed=stories[told:],
        )

    def archive(self, topics: Sequence[Topic], years: Sequence[Topic]) -> bytes:
        """Lead to every category and tag, and through the years to every post."""
        categories = [topic for topic in topics if topic.folder.startswith("categories/")]
        shown = list(accumulate(len(year.posts) for year in years))
        return self._page(
            "archive.html",
            root="../",
            path="archive/",
            title=self._words["all_posts"],
            description=self.site.description,
            categories=categories,
            tags=[topic for topic in topics if topic not in categories],
            years=[
                (year, [self._story(post, "../") for post in year.posts] if total <= LISTED else [])
                for year, total in zip(years, shown, strict=True)
            ],
        )

    def editions(self, editions: Sequence[EditionPage]) -> bytes:
        """List the newsletters that were sent, as they are given."""
        return self._page(
            "editions.html",
            root="../",
            path="editions/",
            title=self._words["newsletters"],
            description=self.site.description,
            editions=[
                {
                    "link": Link(f"{quote(each.slug)}/", each.title),
                    "moment": _moment(each.issued_at),
                    "day": self._day(each.issued_at, self.site.language),
                }
                for each in editions
            ],
        )

    def post(self, post: Post, newer: Post | None, older: Post | None) -> bytes:
        """Show one post whole, with the way to its neighbours."""
        root = "../../"
        spoken = words(post.language)
        return self._page(
            "post.html",
            root=root,
            canonical=post.url,
            language=post.language,
            title=post.title,
            description=post.summary,
            share_image=post.image.url if post.image else "",
            post=post,
            post_words=spoken,
            story=self._story(post, root),
            # The body may open with the same picture; it is shown once.
            lead=_lead(post, root),
            byline=_byline(spoken["by"], post.author or self.site.author or self.site.title),
            body=_ALIGNED.sub(r' align="\1"', post.web_html),
            minutes=spoken["minutes"].format(max(1, ceil(post.word_count / WORDS_PER_MINUTE))),
            updated=self._updated(post),
            tags=[Link(root + quote(tag_folder(tag)), tag) for tag in post.tags],
            newer=newer and _link(newer, root),
            older=older and _link(older, root),
        )

    def moved(self, post: Post) -> bytes:
        """Lead from a former address of a post to the one it has."""
        return _octets(
            _PAGES.get_template("moved.html").render(
                post=post,
                url=f"{self.site.url}/posts/{quote(post.slug)}/",
                words=words(post.language),
                dir=direction(post.language),
                site=self.site,
                feeds=_feed_links(f"{self.site.url}/"),
                css_version=self.css_version,
            )
        )

    @property
    def _words(self) -> dict[str, str]:
        return words(self.site.language)

    def _page(self, template: str, **values: Any) -> bytes:
        language = values.setdefault("language", self.site.language)
        values.setdefault("canonical", f"{self.site.url}/{values.pop('path', '')}")
        values.setdefault("own_feeds", [])
        values.setdefault("share_image", "")
        text = _PAGES.get_template(template).render(
            **values,
            site=self.site,
            site_dir=direction(self.site.language),
            dir=direction(language),
            words=self._words,
            feeds=_feed_links(f"{self.site.url}/"),
            newsletters=self.newsletters,
            css_version=self.css_version,
            logo=_asset(self.brand.logo),
            logo_dark=_asset(self.brand.logo_dark),
            logo_width=self.brand.logo_width,
        )
        return _octets(text)

    def _story(self, post: Post, root: str) -> Story:
        category = post.category
        return Story(
            link=_link(post, root),
            summary=post.summary,
            moment=_moment(post.date),
            day=self._day(post.date, post.language),
            language=post.language,
            dir=direction(post.language),
            category=Link(root + quote(category_folder(category)), category) if category else None,
            picture=_picture(post.image, root) if post.image else None,
        )

    def _day(self, moment: datetime, language: str) -> str:
        return format_date(moment.astimezone(self.site.zone).date(), language)

    def _updated(self, post: Post) -> str:
        """Say when a post was updated, unless that was on the day it came out."""
        if not post.updated:
            return ""
        day = self._day(post.updated, post.language)
        if day == self._day(post.date, post.language):
            return ""
        return words(post.language)["updated"].format(day)


def _byline(phrase: str, author: str) -> Markup:
    # An author's name may run the other way than the phrase around it.
    return Markup(phrase).format(Markup("<bdi>{}</bdi>").format(author))  # noqa: S704 - from words.py


def _link(post: Post, root: str) -> Link:
    return Link(f"{root}posts/{quote(post.slug)}/", post.title)


def _lead(post: Post, root: str) -> Picture | None:
    if not post.image or html.escape(post.image.url) in post.web_html:
        return None
    return _picture(post.image, root)


def _picture(image: Image, root: str) -> Picture:
    src = root + quote(image.target) if image.target else image.url
    return Picture(src, image.alt, image.width, image.height)


def _feed_links(base: str) -> list[tuple[Link, str]]:
    return [(Link(base + name, label), kind) for name, (kind, label) in FORMATS.items()]


def _asset(path: str) -> str:
    return f"assets/{quote(PurePosixPath(path).name)}" if path else ""


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", errors="ignore")  # a lone surrogate has no octets
