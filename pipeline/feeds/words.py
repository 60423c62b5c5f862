"""The few words the pages say themselves, and dates, in the reader's language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_WORDS = {
    "en": {
        "all_posts": "All posts",
        "by": "By {}",
        "categories": "Categories",
        "earlier": "Earlier",
        "feeds": "Follow this site in a feed reader",
        "home": "Home",
        "minutes": "{} min read",
        "moved": "This page has moved",
        "moved_to": "It now stands at",
        "newer": "Newer",
        "newsletters": "Newsletters",
        "no_posts": "Nothing is published yet. The first post will appear here.",
        "older": "Older",
        "skip": "Skip to the text",
        "tags": "Tags",
        "updated": "Updated {}",
    },
    "de": {
        "all_posts": "Alle Beiträge",
        "by": "Von {}",
        "categories": "Rubriken",
        "earlier": "Früher",
        "feeds": "Diese Seite im Feedreader lesen",
        "home": "Startseite",
        "minutes": "{} Min. Lesezeit",
        "moved": "Diese Seite ist umgezogen",
        "moved_to": "Sie steht jetzt unter",
        "newer": "Neuer",
        "newsletters": "Newsletter",
        "no_posts": "Noch ist nichts erschienen. Der erste Beitrag wird hier stehen.",
        "older": "Älter",
        "skip": "Zum Text springen",
        "tags": "Schlagwörter",
        "updated": "Aktualisiert am {}",
    },
}


def words(language: str) -> dict[str, str]:
    """Give the pages' own words; English where a language has none."""
    return _WORDS.get(_primary(language), _WORDS["en"])


def direction(language: str) -> str:
    """Give the value of HTML's dir attribute."""
    return "rtl" if _primary(language) in RIGHT_TO_LEFT else "ltr"


def date_in_words(moment: datetime, language: str, zone: ZoneInfo) -> str:
    """Write an aware moment's day in `zone` as readers of `language` do, or as ISO 8601."""
    day = moment.astimezone(zone)
    names = _MONTHS.get(_primary(language))
    if names is None:
        return f"{day:%Y-%m-%d}"
    month = names.split()[day.month - 1]
    if language.lower() == "en-us":
        return f"{month} {day.day}, {day.year}"
    dot = "." if _primary(language) == "de" else ""
    return f"{day.day}{dot} {month} {day.year}"


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]
