"""From the texts of a front matter to typed values, each checked, each fault with its line."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import PurePath
from typing import TypeVar
from urllib.parse import urlsplit

from pipeline.config import Site
from pipeline.content.dates import HINT, Moment, parse_moment
from pipeline.content.faults import Faults
from pipeline.content.front_matter import Table, Text, Texts, Value
from pipeline.content.plain import is_visible, one_line
from pipeline.content.post import Day, Status, Visibility
from pipeline.content.slug import make_slug, slug_in_url, slug_of_file
from pipeline.language import is_language_tag

_KEY_NAMES = (
    "title date slug id summary author tags category image image_alt updated status audience "
    "canonical_url language expires review_by aliases"
)
KEYS = tuple(_KEY_NAMES.split())
# What other programs call them.
_OTHER_NAMES = {
    "alt": "image_alt",
    "categories": "category",
    "cover": "image",
    "description": "summary",
    "draft": "status",
    "excerpt": "summary",
    "keywords": "tags",
    "lang": "language",
    "lastmod": "updated",
    "permalink": "slug",
    "published": "status",
    "visibility": "audience",
}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")  # RFC 3987 2.2, roughly
_LONGEST_TITLE = 300
_UNDATED = Moment(datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1))  # of a post with faults
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True)
class Picture:
    """The front matter's image, not yet looked up."""

    source: str
    alt: str
    line: int


@dataclass(frozen=True)
class Head:
    """The front matter of one post; defaults filled in, places on disk not yet looked up."""

    id: str
    explicit_id: bool
    slug: str
    title: str
    date: datetime
    summary: str
    author: str
    tags: tuple[str, ...]
    category: str
    picture: Picture | None
    updated: datetime | None
    status: Status
    visibility: Visibility
    canonical_url: str
    language: str
    expires: datetime | None
    review_by: Day | None
    aliases: tuple[str, ...]


def read_head(table: Table, relative: PurePath, site: Site, faults: Faults) -> Head:
    """Check every field; `relative` is the file below the posts folder.

    The id is the explicit one, else tag:<authority>,<day>:<slug> (RFC 4151) with the day as
    written and the oldest alias in place of the slug, so that a renamed post keeps it.
    """
    fields = _Fields(table, site, faults)
    fields.refuse_unknown()
    slug = fields.slug() or slug_of_file(relative)
    aliases = fields.aliases()
    begins = fields.moment("date", required=True) or _UNDATED
    explicit = fields.identifier()
    name = aliases[0] if aliases else slug
    return Head(
        id=explicit or make_id(site, begins.day, name),
        explicit_id=bool(explicit),
        slug=slug,
        title=fields.title(),
        date=begins.at,
        summary=fields.text("summary"),
        author=fields.text("author") or site.author,
        tags=fields.texts("tags"),
        category=fields.text("category"),
        picture=fields.picture(),
        updated=fields.instant("updated"),
        status=fields.choice("status", Status, Status.PUBLISHED),
        visibility=fields.choice("audience", Visibility, Visibility.PUBLIC),
        canonical_url=fields.canonical_url(),
        language=fields.language() or site.language,
        expires=fields.expires(begins),
        review_by=fields.day("review_by"),
        aliases=aliases,
    )


def make_id(site: Site, day: date, slug: str) -> str:
    """The tag: URI of a post that was first published as `slug` on `day` (RFC 4151 2.1)."""
    return f"tag:{site.authority.lower()},{day.isoformat()}:{slug_in_url(slug)}"


class _Fields:
    """One typed question per kind of field; every answer is usable, faults are noted aside."""

    def __init__(self, table: Table, site: Site, faults: Faults) -> None:
        self.table = table
        self.site = site
        self.faults = faults

    def line(self, key: str) -> int:
        return self.table.lines.get(key, 1)

    def refuse_unknown(self) -> None:
        for key, line in self.table.lines.items():
            if key not in KEYS:
                self.faults.add(f"{key!r} is no key of a post", line, _did_you_mean(key, KEYS))

    def text(self, key: str) -> str:
        return one_line(self._scalar(key, self.table.items.get(key)))

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list, or a text with commas; each item once."""
        value = self.table.items.get(key)
        if isinstance(value, Texts):
            items = [self._scalar(key, item) for item in value.items]
        else:
            items = self._scalar(key, value).split(",")
        return tuple(dict.fromkeys(folded for item in items if (folded := one_line(item))))

    def title(self) -> str:
        title = self.text("title")
        if "title" not in self.table.items:
            self.faults.add("the title is missing", 1, "add a line `title: …` to the front matter")
        elif not is_visible(title):
            self.faults.add("the title is empty", self.line("title"), "write one after `title:`")
        elif len(title) > _LONGEST_TITLE:
            message = f"the title has {len(title)} characters, and {_LONGEST_TITLE} is the most"
            self.faults.add(message, self.line("title"), "put what follows into `summary:`")
        return title

    def slug(self) -> str:
        written = self.text("slug")
        slug = make_slug(written)
        if written and not slug:
            hint = "use small letters, digits and '-'"
            self.faults.add(f"{written!r} is no slug", self.line("slug"), hint)
        return slug

    def aliases(self) -> tuple[str, ...]:
        aliases = self.texts("aliases")
        for alias in aliases:
            if make_slug(alias) != alias:
                hint = "name the former slug alone, as it stood in the address"
                close = make_slug(alias.strip("/").rsplit("/", 1)[-1])
                hint += f": {close}" if close else ""
                self.faults.add(f"{alias!r} is no slug", self.line("aliases"), hint)
        return aliases

    def identifier(self) -> str:
        written = self.text("id")
        if written and not _IDENTIFIER.fullmatch(written):  # RFC 4287 4.2.6 wants an IRI
            hint = f"as in {make_id(self.site, date(2026, 3, 8), make_slug(written) or 'post')}"
            self.faults.add(f"{written!r} is no id that feeds can use", self.line("id"), hint)
        return written

    def moment(self, key: str, *, required: bool = False) -> Moment | None:
        written = self.text(key)
        if not written:
            if required:
                line = self.line(key)
                self.faults.add(f"the {key} is missing", line, f"add a line `{key}: 2026-03-08`")
            return None
        moment = parse_moment(written, self.site.zone)
        if moment is None:
            self.faults.add(f"{written!r} is no date", self.line(key), HINT)
        return moment

    def instant(self, key: str) -> datetime | None:
        moment = self.moment(key)
        return moment.at if moment else None

    def day(self, key: str) -> date | None:
        moment = self.moment(key)
        return moment.day if moment else None

    def expires(self, begins: Moment) -> datetime | None:
        expires = self.instant("expires")
        if expires is not None and expires <= begins.at:
            message = "the post expires before its own date"
            self.faults.add(message, self.line("expires"), "set a later `expires:`")
        return expires

    def choice(self, key: str, kind: type[_Choice], default: _Choice) -> _Choice:
        written = self.text(key)
        if not written:
            return default
        try:
            return kind(written.lower())
        except ValueError:
            hint = f"write {' or '.join(kind)}"
            self.faults.add(f"{written!r} is no {key}", self.line(key), hint)
            return default

    def language(self) -> str:
        written = self.text("language")
        if written and not is_language_tag(written):
            hint = "write a BCP 47 tag such as en, en-GB or zh-Hant"
            self.faults.add(f"{written!r} is no language tag", self.line("language"), hint)
        return written

    def canonical_url(self) -> str:
        written = self.text("canonical_url")
        if written and not _is_web_address(written):
            hint = "as in https://example.org/page"
            self.faults.add(f"{written!r} is no web address", self.line("canonical_url"), hint)
        return written

    def picture(self) -> Picture | None:
        """`image: path` with `image_alt: text`, or `image: {src: path, alt: text}`."""
        alt = self.text("image_alt")
        value = self.table.items.get("image")
        source_alt = self._picture_table(value) if isinstance(value, Table) else None
        source, alt = source_alt or (self.text("image"), alt)
        line = self.line("image")
        if source and not is_visible(alt):
            hint = "say what it shows: add `image_alt: …` for those who cannot see it"
            self.faults.add("the image has no alt text", line, hint)
        if not source and (alt or source_alt):
            hint = "name its file in `image:`"
            key = "image" if source_alt else "image_alt"
            self.faults.add("the image is missing", self.line(key), hint)
        return Picture(source, alt, line) if source else None

    def _picture_table(self, table: Table) -> tuple[str, str]:
        for key, line in table.lines.items():
            if key not in ("src", "alt"):
                self.faults.add(f"{key!r} is no key of an image", line, "use src and alt")
        source = self._scalar("src", table.items.get("src"))
        alt = self._scalar("alt", table.items.get("alt"))
        return one_line(source), one_line(alt) or self.text("image_alt")

    def _scalar(self, key: str, value: Value | None) -> str:
        if isinstance(value, Text):
            return value.value
        if value is not None:
            kind = "a list" if isinstance(value, Texts) else "keys and values"
            hint = "put a text that holds a colon or brackets in quotes"
            self.faults.add(f"{key!r} wants a text, not {kind}", value.line, hint)
        return ""


def _did_you_mean(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key.lower(), known, n=1)
    found = _OTHER_NAMES.get(key.lower()) or (close[0] if close else "")
    return f"did you mean {found!r}?" if found else f"the keys are {', '.join(known)}"


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        return False
