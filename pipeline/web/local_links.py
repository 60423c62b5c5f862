"""Links to the public site, led to this server instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_TAG = re.compile(r"<[^<>]+>")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
_NEW_TAB = '<base target="_blank">'


class LocalLinks:
    """Leads links that begin with one of the site's public addresses to this server.

    So a letter is whole here before the site is public: pictures, pages, unsubscribing.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        longest_first = sorted(set(addresses), key=len, reverse=True)
        self.hosts = sorted({urlsplit(address).netloc for address in longest_first})
        known = "|".join(map(re.escape, longest_first))
        # Every slash that follows goes too: "//host" would lead to another host.
        self._address = re.compile(rf"(?:{known})(?![\w.:@-])[/\\]*")
        self._in_css = re.compile(rf"(url\(\s*[\"']?){self._address.pattern}", re.IGNORECASE)

    def lead(self, link: str) -> str:
        """One link."""
        found = self._address.match(link)
        return f"/{link[found.end() :]}" if found else link

    def in_page(self, page: str) -> str:
        """The links in tags and CSS; an address that the reader sees stays as it was sent."""
        led = _TAG.sub(lambda tag: self._address.sub("/", tag[0]), page)
        return self._in_css.sub(r"\1/", led)

    def in_letter(self, page: str) -> str:
        """The same, with every link opening in a tab of its own: the frame shows the letter."""
        led = self.in_page(page)
        head = _HEAD.search(led)
        place = head.end() if head else 0
        return led[:place] + _NEW_TAB + led[place:]

    def in_text(self, text: str) -> Markup:
        """A mail's text as HTML: every address a link, and shown as it was sent."""
        pieces, place = [], 0
        for found in _LINK.finditer(text):
            pieces += [escape(text[place : found.start()]), self._anchor(found[0])]
            place = found.end()
        return Markup("").join([*pieces, escape(text[place:])])

    def _anchor(self, link: str) -> Markup:
        anchor = Markup('<a href="{}" target="_blank" rel="noopener">{}</a>')
        return anchor.format(self.lead(link), link)
