"""What templates see: plain values made from posts, newsletter and site, free of slots.

Templates get these and not the posts themselves: a post knows its file, and a template must
not reach the disk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from pipeline.compose.slots import Reader, without_slots
from pipeline.compose.strings import strings_for
from pipeline.config import Config, NewsletterSettings
from pipeline.content import Image, Post, Visibility
from pipeline.language import direction, format_date
from pipeline.palette import make_palette

Given = TypeVar("Given")
_WORDS_PER_MINUTE = 220
_LABEL_LENGTH = 48
_PREHEADER_LENGTH = 140
_BRIEF_LENGTH = 130
_CLAUSE = re.compile(r"(?<=\w)\s*[:\u2013\u2014?](?=\s)")  # where a title can be cut
_SENTENCE = re.compile(r"(?<=[.?])\s")


@dataclass(frozen=True)
class Picture:
    """`post.image` in templates."""

    url: str
    alt: str
    width: int | None
    height: int | None

    def size(self, width: int, highest: int) -> tuple[int, int | None]:
        """Width and height as shown: at most `width`, and no higher than `highest`, in pixels."""
        if not self.width or not self.height:
            return width, None
        shown = min(width, self.width, round(highest * self.width / self.height))
        return shown, round(shown * self.height / self.width)


@dataclass(frozen=True)
class Story:
    """One of `posts` in templates."""

    title: str
    summary: str
    brief: str  # the summary, cut at a word to about two lines
    url: str  # "" when no page of the post is public
    label: str  # of the link: it says where it goes
    html: Markup
    author: str
    category: str
    tags: tuple[str, ...]
    date: str  # as the edition's language writes it
    minutes: int  # it takes to read
    image: Picture | None
    language: str
    direction: str  # "ltr" or "rtl"
    start: str  # the side where its lines begin: "left" or "right"
    private: bool


def make_values(
    posts: Sequence[Post],
    newsletter: NewsletterSettings,
    config: Config,
    *,
    language: str,
    issued_on: date,
) -> dict[str, Any]:
    """Everything a template of this edition may use, except `edition`."""
    strings = strings_for(language)
    return {
        "posts": [make_story(post, config, language, strings) for post in posts],
        "newsletter": SimpleNamespace(
            name=newsletter.name, title=newsletter.title or config.site.title
        ),
        **site_values(config),
        "strings": dict(strings),
        "reader": Reader(),
        "issued_on": format_date(issued_on, language),
    }


def site_values(config: Config) -> dict[str, Any]:
    """What every template may use: `site` and `brand`."""
    return {"site": _site(config), "brand": _brand(config)}


def make_story(post: Post, config: Config, language: str, strings: Mapping[str, str]) -> Story:
    """A post as templates see it."""
    way = direction(post.language)
    private = post.visibility is Visibility.PRIVATE
    return Story(
        title=post.title,
        summary=post.summary,
        brief=_brief(post.summary),
        url="" if private and _on_site(post.url, config) else post.url,
        label=strings["read"].format(title=_short_title(post.title)),
        html=Markup(post.email_html),  # noqa: S704  # sanitised by content
        author=post.author,
        category=post.category,
        tags=post.tags,
        date=format_date(post.date.astimezone(config.site.zone).date(), language),
        minutes=max(1, round(post.word_count / _WORDS_PER_MINUTE)),
        image=_picture(post.image),
        language=post.language,
        direction=way,
        start="right" if way == "rtl" else "left",
        private=private,
    )


def without_reserved(value: Given) -> Given:
    """A post or setting whose texts cannot pass for slots."""
    if isinstance(value, Enum):  # a StrEnum is a str too, and has to stay what it is
        return value
    if isinstance(value, str):
        return without_slots(value)  # type: ignore[return-value]  # a str stays a str
    if isinstance(value, tuple):
        return tuple(without_reserved(item) for item in value)  # type: ignore[return-value]  # same
    if is_dataclass(value) and not isinstance(value, type):
        texts = {item.name: getattr(value, item.name) for item in fields(value) if item.init}
        changed = {name: without_reserved(text) for name, text in texts.items()}
        return replace(value, **changed)
    return value


def shorten(text: str, length: int) -> str:
    """`text` on one line; longer than `length` characters, it is cut after a word."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = re.sub(r"[\s\W]+\w*$", "", line[:length]) or line[: length - 1]
    return f"{cut}…"


def _short_title(title: str) -> str:
    """A title for a link: up to its colon or dash where the whole is too long."""
    line = " ".join(title.split())
    cuts = [cut.start() for cut in _CLAUSE.finditer(line) if 12 <= cut.start() <= _LABEL_LENGTH]
    if len(line) > _LABEL_LENGTH and cuts:
        return line[: cuts[-1]].rstrip()
    return shorten(line, _LABEL_LENGTH)


def _brief(summary: str) -> str:
    """The first sentences where they fill the room, else a cut at a word."""
    whole = ""
    for sentence in _SENTENCE.split(" ".join(summary.split())):
        longer = f"{whole} {sentence}".strip()
        if len(longer) > _BRIEF_LENGTH:
            break
        whole = longer
    return whole if len(whole) > _BRIEF_LENGTH // 3 else shorten(summary, _BRIEF_LENGTH)


def make_preheader(posts: Sequence[Story], subject: str, fallback: str) -> str:
    """What mail clients show beside the subject: never the subject again."""
    others = " · ".join(post.title for post in posts[1:])
    for text in (posts[0].summary, others, posts[0].title, fallback):
        if text.strip() and text.strip() != subject:
            return shorten(text, _PREHEADER_LENGTH)
    return ""


def asset_url(config: Config, file: str) -> str:
    """Where the site publishes a picture of the brand; "" for none."""
    return f"{config.site.url}/assets/{quote(file.rpartition('/')[2])}" if file else ""


def _on_site(url: str, config: Config) -> bool:
    return urlsplit(url).hostname == urlsplit(config.site.url).hostname


def _picture(image: Image | None) -> Picture | None:
    if image is None:
        return None
    return Picture(image.url, image.alt, image.width, image.height)


def _site(config: Config) -> SimpleNamespace:
    site = config.site
    return SimpleNamespace(
        title=site.title,
        url=site.url,
        email=site.email,
        description=site.description,
        author=site.author,
        postal_address=site.postal_address,
        reason=site.reason,
        disclaimer=site.disclaimer,
    )


def _brand(config: Config) -> SimpleNamespace:
    brand = config.brand
    return SimpleNamespace(
        logo=asset_url(config, brand.logo),
        logo_dark=asset_url(config, brand.logo_dark),
        logo_width=brand.logo_width,
        **vars(make_palette(brand.accent)),
    )
