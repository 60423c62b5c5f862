"""A captured message as a page can show it, its links led to this server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from markupsafe import Markup, escape

_FOLD = re.compile(r"\r?\n(?=[ \t])")
_TAG = re.compile(r"<[^<>]+>")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
_NEW_TAB = '<base target="_blank">'


@dataclass(frozen=True)
class OpenMail:
    """One message, decoded; `html` or `text` is None when it has no such part."""

    subject: str
    sender: str
    recipient: str
    date: datetime | None  # as its header says; aware
    rehearsal: bool
    html: str | None
    text: str | None


def open_mail(message: bytes) -> OpenMail:
    """Decode a message as it stood on the wire; what cannot be decoded shows as U+FFFD."""
    parsed = message_from_bytes(message, policy=policy.default)
    head = {name.lower(): _decode(value) for name, value in reversed([*parsed.raw_items()])}
    return OpenMail(
        subject=head.get("subject", ""),
        sender=head.get("from", ""),
        recipient=head.get("to", ""),
        date=_read_date(head.get("date", "")),
        rehearsal="x-rehearsal" in head,
        html=_body(parsed, "html"),
        text=_body(parsed, "plain"),
    )


def _decode(value: str) -> str:
    """A header's words. The parser's own decoding leaves a blank between two encoded words."""
    octets = _FOLD.sub("", value).encode("ascii", "surrogateescape")
    line = octets.decode("utf-8", "replace").strip()
    try:
        return str(make_header(decode_header(line)))
    except (LookupError, HeaderParseError, UnicodeError):
        return line


def _read_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    if part is None:
        return None
    octets = part.get_payload(decode=True)
    content = octets if isinstance(octets, bytes) else b""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


class LocalLinks:
    """Leads links that begin with one of the site's public addresses to this server."""

    def __init__(self, addresses: Iterable[str]) -> None:
        longest_first = sorted(set(addresses), key=len, reverse=True)
        known = "|".join(map(re.escape, longest_first))
        # Every slash that follows goes too: "//host" would lead to another host.
        self._address = re.compile(rf"(?:{known})(?![\w.:@-])[/\\]*")
        self._in_css = re.compile(rf"(url\(\s*[\"']?){self._address.pattern}", re.IGNORECASE)

    def lead(self, link: str) -> str:
        """One link."""
        found = self._address.match(link)
        return f"/{link[found.end() :]}" if found else link

    def in_html(self, page: str) -> str:
        """A mail's HTML with its links led, and opening in a tab of their own.

        Only inside tags and CSS: an address that the reader sees stays as it was sent.
        """
        led = _TAG.sub(lambda tag: self._address.sub("/", tag[0]), page)
        led = self._in_css.sub(r"\1/", led)
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
