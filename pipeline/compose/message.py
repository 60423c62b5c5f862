"""An edition and one reader become the bytes of one message (RFC 5322, 2045-2047).

The edition is encoded once; a reader's message is its pieces joined with the reader's values. A
message built by the email package costs many times as much: docs/decisions/messages.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urljoin

import markupsafe

from pipeline.compose import headers
from pipeline.compose.dkim import Seal, Signer
from pipeline.compose.edition import Edition
from pipeline.compose.multipart import join_lines, part_headers
from pipeline.compose.quoted_printable import LINE, SOFT_BREAK, encode
from pipeline.compose.slots import SLOT
from pipeline.config import Config

# A value that encodes to itself, on one line if it fits: nearly every name, address and link.
_AS_IT_IS = re.compile(r"(?!\.)[!-<>-~]+(?: [!-<>-~]+)*")
_MARKUP = re.compile("[&<>'\"]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONE = re.compile(r"[\ud800-\udfff]")  # half a character, which UTF-8 cannot write
_PERSONAL = ("Date", "Message-ID", "To", "List-Unsubscribe")  # the fields that differ


@dataclass(frozen=True)
class Sender:
    """What a campaign's messages say about where they come from.

    `list_id` is the label of RFC 2919, such as "readers.example.org".
    """

    name: str
    email: str
    reply_to: str
    list_name: str
    list_id: str
    rehearsal: bool


class Reader(NamedTuple):
    """What differs from reader to reader."""

    email: str
    name: str
    unsubscribe_url: str
    preferences_url: str
    message_id: str  # without the angle brackets; fixed per campaign and subscriber


@dataclass(frozen=True)
class _Part:
    """Encoded pieces with the names of the slots between them."""

    pieces: tuple[bytes, ...]
    slots: tuple[str, ...]

    def fill(self, values: Mapping[str, bytes]) -> list[bytes]:
        """The pieces with the encoded values between them."""
        filled = [self.pieces[0]]
        for name, piece in zip(self.slots, self.pieces[1:], strict=True):
            filled += (values[name], piece)
        # Nothing comes after the last soft break, and some parsers take it for a line's end.
        while filled and filled[-1] in (b"", SOFT_BREAK):
            filled.pop()
        if filled:
            filled[-1] = filled[-1].removesuffix(SOFT_BREAK)
        return filled


class Letter:
    """One edition from one sender, encoded once, ready to be written to any number of readers."""

    def __init__(
        self,
        edition: Edition,
        sender: Sender,
        *,
        feedback_id: str = "",
        signer: Signer | None = None,
    ) -> None:
        """Encode the edition. `feedback_id` is what Gmail counts complaints by."""
        # "=_" cannot occur in quoted-printable, so the boundary cannot occur in a body.
        boundary = f"=_{hashlib.sha256(edition.id.encode()).hexdigest()[:32]}"
        self._head = _static_headers(edition, sender, feedback_id, boundary)
        self._seal = Seal(signer, self._head, _PERSONAL) if signer else None
        self._text = _encode_part(edition.text)
        self._html = _encode_part(edition.html)
        self._slots = tuple(dict.fromkeys((*self._text.slots, *self._html.slots)))
        self._open_text = part_headers(boundary, "plain")
        self._open_html = b"\r\n" + part_headers(boundary, "html")
        self._close = f"\r\n--{boundary}--\r\n".encode()

    def write(self, reader: Reader, sent_at: datetime) -> bytes:
        """The whole message: CRLF line ends, no body line over 76 octets or with a dot in front.

        `sent_at` is aware; its zone is what the Date header shows.
        """
        return b"".join(self.pieces(reader, sent_at))

    def pieces(self, reader: Reader, sent_at: datetime) -> tuple[bytes, ...]:
        """What `write` joins. Nearly all of it is shared by all messages, and so not copied."""
        values = reader_values(reader)
        plain, escaped = _encode_values({name: values[name] for name in self._slots})
        personal = _personal_headers(reader, sent_at)
        body = (
            self._open_text,
            *self._text.fill(plain),
            self._open_html,
            *self._html.fill(escaped),
            self._close,
        )
        if self._seal is None:
            return (personal, self._head, *body)
        whole = b"".join(body)
        return (self._seal.sign(personal, whole, sent_at), personal, self._head, whole)


def reader_values(reader: Reader) -> dict[str, str]:
    """A reader's value for every slot."""
    name = reader.name
    return {
        "name": name if name.isprintable() else _LONE.sub("\ufffd", _CONTROL.sub(" ", name)),
        "email": reader.email,
        "unsubscribe_url": reader.unsubscribe_url,
        "preferences_url": reader.preferences_url,
    }


def _encode_part(content: str) -> _Part:
    pieces = SLOT.split(content.replace("\r\n", "\n").replace("\r", "\n"))
    return _Part(tuple(encode(piece) for piece in pieces[::2]), tuple(pieces[1::2]))


def _encode_values(values: Mapping[str, str]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Every value for the text, and for the HTML: nearly always the same."""
    plain = {name: _encode_value(value) for name, value in values.items()}
    escaped = dict(plain)
    for name, value in values.items():
        if _MARKUP.search(value):
            escaped[name] = _encode_value(str(markupsafe.escape(value)))
    return plain, escaped


def _encode_value(value: str) -> bytes:
    """A value between soft breaks, so that it is legal wherever it stands."""
    if not value:
        return SOFT_BREAK
    short = len(value) <= LINE and _AS_IT_IS.fullmatch(value)
    encoded = value.encode() if short else encode(value)
    return b"%b%b%b" % (SOFT_BREAK, encoded, SOFT_BREAK)


def _static_headers(edition: Edition, sender: Sender, feedback_id: str, boundary: str) -> bytes:
    lines = [
        headers.address("From", sender.name, sender.email),
        headers.text("Subject", edition.subject),
    ]
    if sender.reply_to:
        lines.append(headers.address("Reply-To", "", sender.reply_to))
    lines += [
        headers.list_id(sender.list_name, sender.list_id),
        *_list_headers(sender, edition.view_url),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",  # RFC 8058 3.1, to the letter
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
    ]
    if feedback_id:
        lines.append(headers.token("Feedback-ID", feedback_id))
    if sender.rehearsal:
        lines.append("X-Rehearsal: yes; no provider is set, so this went to the local mailbox")
    return join_lines([*lines, "", ""])


def _list_headers(sender: Sender, view_url: str) -> list[str]:
    """Whom to ask, that readers cannot post, and where all editions are (RFC 2369 3.1, 3.4-3.6)."""
    desk = f"mailto:{quote(sender.reply_to or sender.email, safe='@')}"
    lines = [
        headers.url("List-Help", f"{desk}?subject=help"),
        headers.url("List-Owner", desk),
        "List-Post: NO",
    ]
    if view_url:  # a private edition has none, and there is no public archive to name
        lines.append(headers.url("List-Archive", urljoin(view_url, "..")))
    return lines


def _personal_headers(reader: Reader, sent_at: datetime) -> bytes:
    return join_lines(
        [
            f"Date: {_date(sent_at.replace(microsecond=0), sent_at.utcoffset())}",
            headers.token("Message-ID", f"<{reader.message_id}>"),
            headers.address("To", reader.name, reader.email),
            headers.url("List-Unsubscribe", reader.unsubscribe_url),
            "",
        ]
    )


@lru_cache(maxsize=8)
def _date(sent_at: datetime, offset: timedelta | None) -> str:
    """RFC 5322 3.3; the same for all messages of a second.

    The offset tells apart what is one instant in two zones, and equal to the cache.
    """
    del offset
    return format_datetime(sent_at)


def sample_reader(config: Config) -> Reader:
    """Nobody: whom a preview is addressed to."""
    return Reader(
        email="reader@example.com",
        name="Sample Reader",
        unsubscribe_url=f"{config.serve.public_url}/unsubscribe/sample",
        preferences_url=f"{config.serve.public_url}/preferences/sample",
        message_id=f"preview@{config.site.authority}",
    )
