"""RSS 2.0 and Atom (RFC 4287), written by feedgen with its gaps filled by extensions.

feedgen 1.0 drops rel, type and length of an Atom entry's links, knows no author without a mail
address in RSS and no language of a single entry; four small extensions put these right.
"""

from __future__ import annotations

import html
import re
from email.utils import format_datetime
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from pipeline.feeds.channels import ATOM, FORMATS, RSS, Channel, Enclosure, Item

GENERATOR = "newsletter-pipeline"
_DC = "http://purl.org/dc/elements/1.1/"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TITLE = re.compile(rb"<title>[^<]*</title>")

# feedgen formats each date under a changed process locale, which other threads would see.
feedgen.feed.formatRFC2822 = format_datetime
feedgen.entry.formatRFC2822 = format_datetime


def rss(channel: Channel) -> bytes:
    """Write a channel as RSS 2.0; the same channel always gives the same bytes."""
    generator = _generator(channel, RSS)
    generator.register_extension("rss", _RssChannel, _RssItem, atom=False)
    for item in channel.items:
        entry = _add_entry(generator, item)
        entry.rss.item = item
    written: bytes = generator.rss_str(pretty=True)
    return _TITLE.sub(_spell_title, written)


def atom(channel: Channel) -> bytes:
    """Write a channel as Atom; the same channel always gives the same bytes."""
    generator = _generator(channel, ATOM)
    generator.register_extension("atom", BaseExtension, _AtomEntry, rss=False)
    for item in channel.items:
        entry = _add_entry(generator, item)
        entry.atom.item = item
    written: bytes = generator.atom_str(pretty=True)
    return written


def _generator(channel: Channel, name: str) -> Any:
    generator = feedgen.feed.FeedGenerator()
    generator.id(channel.id)
    generator.title(channel.title)
    generator.subtitle(channel.description)
    generator.description(channel.description)
    generator.author(name=channel.author)
    generator.language(channel.language)
    generator.generator(GENERATOR)
    generator.updated(channel.updated_at)
    generator.link(href=channel.url(name), rel="self", type=FORMATS[name][0])
    generator.link(href=channel.page_url, rel="alternate", type="text/html")
    return generator


def _add_entry(generator: Any, item: Item) -> Any:
    entry = generator.add_entry(order="append")
    entry.id(item.id)
    entry.title(item.title)
    entry.link(href=item.url)
    # The order matters: description() also sets Atom's content, content() sets it right again,
    # and summary() leaves a description alone that is there. RSS reads its description as HTML.
    entry.description(html.escape(item.summary, quote=False))
    entry.content(item.html, type="html")
    entry.summary(item.summary, type="text")
    entry.author(name=item.author)
    entry.category([{"term": name} for name in item.categories])
    entry.published(item.published_at)
    entry.updated(item.updated_at)
    return entry


def _spell_title(match: re.Match[bytes]) -> bytes:
    # RSS Profile, "Character Data": readers that decode twice leave this spelling alone.
    return match[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;")


class _RssChannel(BaseExtension):  # type: ignore[misc]  # feedgen ships no types
    def extend_ns(self) -> dict[str, str]:
        return {"dc": _DC}


class _RssItem(BaseEntryExtension):  # type: ignore[misc]  # feedgen ships no types
    item: Item

    def extend_rss(self, feed: Any) -> Any:
        _add(feed, f"{{{_DC}}}creator", self.item.author)
        _add(feed, f"{{{_DC}}}language", self.item.language)
        for enclosure in self.item.enclosures[:1]:  # RSS Profile: one an item
            etree.SubElement(
                feed,
                "enclosure",
                url=enclosure.url,
                length=str(enclosure.size),  # RSS Profile: 0 when it is not known
                type=enclosure.media_type,
            )
        return feed


class _AtomEntry(BaseEntryExtension):  # type: ignore[misc]  # feedgen ships no types
    item: Item

    def extend_atom(self, feed: Any) -> Any:
        feed.set(_XML_LANG, self.item.language)
        old = feed.find("link")
        place = feed.index(old)
        feed.remove(old)
        page = {"href": self.item.url, "rel": "alternate", "type": "text/html"}
        links = [page, *map(_enclosure_link, self.item.enclosures)]
        for offset, attributes in enumerate(links):
            feed.insert(place + offset, etree.Element("link", attributes))
        return feed


def _enclosure_link(enclosure: Enclosure) -> dict[str, str]:
    link = {"href": enclosure.url, "rel": "enclosure", "type": enclosure.media_type}
    return link | ({"length": str(enclosure.size)} if enclosure.size else {})


def _add(parent: Any, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = text
