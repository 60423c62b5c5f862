"""A message as other programs take it apart, and what its bytes must never hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import fast_mail_parser

# RFC 2045 6.7: printable octets and escapes; a blank at the end only before a soft break.
_QUOTED_PRINTABLE_LINE = re.compile(
    rb"(?:[!-<>-~ ]|=[0-9A-F]{2})*=|(?:(?:[!-<>-~ ]|=[0-9A-F]{2})*(?:[!-<>-~]|=[0-9A-F]{2}))?"
)
_ONE_PLACE = re.compile(rb"[\w-]*:? <?[^ <>]+[@/][^ <>]+>?")  # an address or URL is never folded
_FIELD = re.compile(rb"([!-9;-~]+): ?(.*)", re.DOTALL)


def fields(content: bytes) -> list[tuple[str, str]]:
    """The header fields of `content`, unfolded by hand (RFC 5322 2.2.3)."""
    head = content.partition(b"\r\n\r\n")[0]
    found = [_FIELD.fullmatch(field) for field in re.split(rb"\r\n(?! )", head)]
    return [(match[1].decode(), match[2].decode().replace("\r\n", "")) for match in found if match]


def field(content: bytes, name: str) -> str:
    """The one field called `name`, unfolded and not decoded."""
    (value,) = [value for found, value in fields(content) if found == name]
    return value


def decoded(value: str) -> str:
    """A field's text with its encoded-words read (RFC 2047)."""
    return str(make_header(decode_header(value)))


def mailbox(value: str) -> tuple[str, str]:
    """A field's one display name and address."""
    name, email = parseaddr(value)
    # The modern parser keeps the blanks between encoded-words of a name; this one does not.
    return decoded(name), email


def shown(value: str) -> str:
    """What a reader is to see of a value in a field: one line of valid characters."""
    line = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", value)
    return re.sub(" {2,}", " ", re.sub("[\ud800-\udfff]", "\ufffd", line)).strip()


def parsed(content: bytes) -> EmailMessage:
    """The message as the email package's modern parser sees it."""
    return message_from_bytes(content, policy=policy.SMTP)


def parts(content: bytes) -> list[tuple[str, str]]:
    """Each part's type and its text, by the email package's older parser."""
    return [
        (part.get_content_type(), bytes(part.get_payload(decode=True)).decode())
        for part in message_from_bytes(content).walk()
        if not part.is_multipart()
    ]


@dataclass(frozen=True)
class Seen:
    """What a mail program makes of a message. Sender and recipient: name and address."""

    subject: str
    sender: tuple[str, str]
    recipient: tuple[str, str]
    text: str
    page: str


def by_email(content: bytes) -> Seen:
    """As Python's email package sees it."""
    (_, text), (_, page) = parts(content)
    subject = decoded(field(content, "Subject"))
    sender, recipient = mailbox(field(content, "From")), mailbox(field(content, "To"))
    return Seen(subject, sender, recipient, text, page)


def by_mailparse(content: bytes) -> Seen:
    """As mailparse sees it: a parser in Rust that shares nothing with Python's."""
    mail = fast_mail_parser.parse_email(content)
    assert not mail.warnings
    assert mail.from_ is not None
    (to,), (text,), (page,) = mail.to, mail.text_plain, mail.text_html
    return Seen(
        mail.subject,
        (mail.from_.display_name or "", mail.from_.address),
        (to.display_name or "", to.address),
        text,
        page,
    )


PARSERS: tuple[Callable[[bytes], Seen], ...] = (by_email, by_mailparse)


def faults(content: bytes) -> Iterator[str]:
    """What no message may hold, whoever it is for and whatever it says."""
    head, _, body = content.partition(b"\r\n\r\n")
    yield from _faults_of_line_ends(content)
    for line in head.split(b"\r\n"):
        if len(line) > 78 and not _ONE_PLACE.fullmatch(line):
            yield f"a header line of {len(line)} octets: {line!r}"
        if not line.strip():
            yield "a header line of blanks"
    for word in re.findall(rb"=\?[^ ]*\?=", head):
        if len(word) > 75:
            yield f"an encoded-word of {len(word)} octets"
    for line in body.split(b"\r\n"):
        if len(line) > 76:
            yield f"a body line of {len(line)} octets"
    if not content.isascii():
        yield "octets above 127"


def _faults_of_line_ends(content: bytes) -> Iterator[str]:
    if re.search(rb"(?<!\r)\n|\r(?!\n)", content):
        yield "a bare CR or LF"
    if not content.endswith(b"\r\n"):
        yield "an open last line"
    for line in content.split(b"\r\n"):
        if len(line) > 998:
            yield f"a line of {len(line)} octets"
        if line.startswith(b"."):
            yield f"a line that begins with a dot: {line[:20]!r}"


def is_quoted_printable(body: bytes) -> bool:
    """Whether every line obeys the grammar of RFC 2045 6.7."""
    return all(
        len(line) <= 76 and _QUOTED_PRINTABLE_LINE.fullmatch(line) for line in body.split(b"\r\n")
    )
