"""What a language tag is, how a language writes dates, and which way its script runs."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_LANGUAGE = re.compile(  # RFC 5646 2.1, without the grandfathered tags
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)


def is_language_tag(text: str) -> bool:
    """Whether a text is in the form of a BCP 47 tag: en, en-GB, zh-Hant."""
    return _LANGUAGE.fullmatch(text) is not None


def primary(language: str) -> str:
    """The first subtag of a language tag (RFC 5646 2.2.1): "de" of "de-AT"."""
    return language.replace("_", "-").split("-")[0].lower()


def direction(language: str) -> str:
    """The `dir` of text in this language."""
    return "rtl" if primary(language) in _RIGHT_TO_LEFT else "ltr"


def format_date(day: date, language: str) -> str:
    """A date as readers of the language write it; ISO 8601 where that is not known."""
    names = _MONTHS.get(primary(language))
    if names is None:
        return day.isoformat()
    month = names.split()[day.month - 1]
    if primary(language) == "de":
        return f"{day.day}. {month} {day.year}"
    if language.replace("_", "-").lower() in ("en", "en-us"):
        return f"{month} {day.day}, {day.year}"
    return f"{day.day} {month} {day.year}"
