"""What may be said of a person: attributes by their types, language, time zone, tags. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.audience.folding import LONGEST_TAG, composed, is_printable, normal_tag
from pipeline.db import LONGEST_NUMBER, NUMBER_IN_TEXT
from pipeline.errors import AudienceError
from pipeline.language import is_language_tag

LONGEST_KEY = 100  # characters
LONGEST_VALUE = 2000
COLUMNS = ("name", "language", "time_zone")  # what is known of everybody; the rest are attributes
_NO_KEY = re.compile(r'["\\]')

Attribute = str | int | float | bool


def read_key(key: str) -> str:
    """The name of an attribute or column. Raises AudienceError for what can be none."""
    key = composed(key)
    if not key or len(key) > LONGEST_KEY or _NO_KEY.search(key) or not is_printable(key):
        raise AudienceError(
            f"{key[:LONGEST_KEY]!r} cannot be the name of an attribute",
            hint=f'use up to {LONGEST_KEY} characters without " and \\',
        )
    if key.casefold() == "email":
        raise AudienceError(
            "an address cannot be set", hint="import the new address, and take the old one off"
        )
    return key


def read_attribute(text: str) -> Attribute | None:
    """A value by its form: number, true or false, else text, a date (2026-01-31) among them.

    What stands in double quotes is text whatever it looks like; None when it is empty.
    """
    text = composed(text)
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return _checked(text[1:-1]) or None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if len(text) <= LONGEST_NUMBER and re.fullmatch(NUMBER_IN_TEXT, text):
        number: int | float = json.loads(text)
        return number
    return _checked(text) or None


def read_column(key: str, text: str) -> str:
    """The value of one of COLUMNS; empty takes it away. Raises AudienceError."""
    text = _checked(composed(text))
    if key == "language" and text and (len(text) > 35 or not is_language_tag(text)):
        raise AudienceError(
            f"{text!r} is no language tag", hint="write a BCP 47 tag such as en, en-GB or zh-Hant"
        )
    if key == "time_zone" and text and not _is_zone(text):
        raise AudienceError(
            f"{text!r} is no time zone", hint="write its name, as in America/New_York"
        )
    return text


def read_tags(given: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept: small letters, each once. Raises AudienceError."""
    tags = {}
    for one in given:
        tag = normal_tag(one)
        if not tag:
            raise AudienceError(
                f"{one[:LONGEST_TAG]!r} can be no tag", hint=f"use up to {LONGEST_TAG} characters"
            )
        tags[tag] = True
    return tuple(tags)


def _checked(text: str) -> str:
    if len(text) > LONGEST_VALUE or not is_printable(text):
        raise AudienceError(
            f"a value has at most {LONGEST_VALUE:,} characters, and no control characters",
            hint="shorten it",
        )
    return text


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return False
    return len(name) <= 64
