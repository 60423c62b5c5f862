"""How a language writes dates, and which way its script runs."""

from __future__ import annotations

from datetime import date

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


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
