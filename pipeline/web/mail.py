"""A captured message, decoded for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from pipeline.delivery import read_head


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
    head = read_head(message)
    return OpenMail(
        subject=head.get("subject", ""),
        sender=head.get("from", ""),
        recipient=head.get("to", ""),
        date=_read_date(head.get("date", "")),
        rehearsal="x-rehearsal" in head,
        html=_body(parsed, "html"),
        text=_body(parsed, "plain"),
    )


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
