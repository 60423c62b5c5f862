"""Conditional requests: whether a client has what we would send (RFC 9110 13)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')  # RFC 9110 8.8.3


def is_unchanged(
    if_none_match: Sequence[str], if_modified_since: str | None, tag: str, modified_at: datetime
) -> bool:
    """Whether 304 is the answer to a GET or HEAD.

    `if_none_match` holds the field's lines; when there is one, the date does not count (13.1.3).
    `tag` is strong, with its quotes; `modified_at` is aware.
    """
    if if_none_match:
        field = ", ".join(if_none_match)
        return field.strip() == "*" or tag in _TAG.findall(field)
    since = _read_date(if_modified_since)
    return since is not None and modified_at.replace(microsecond=0) <= since


def validators(tag: str, modified_at: datetime) -> Mapping[str, str]:
    """The headers by which a client can ask again; a 304 repeats them (15.4.5)."""
    return {
        "ETag": tag,
        "Last-Modified": format_datetime(modified_at.astimezone(UTC), usegmt=True),
    }


def _read_date(value: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
