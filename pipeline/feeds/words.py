"""The few words the pages say themselves, in the reader's language."""

from __future__ import annotations

from pipeline.language import primary

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
    return _WORDS.get(primary(language), _WORDS["en"])
