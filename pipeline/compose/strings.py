"""What a newsletter says in its own words."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.language import primary

_STRINGS: dict[str, dict[str, str]] = {
    "en": {
        "read": "Read “{title}”",
        "more": "More to read",
        "view": "View in browser",
        "unsubscribe": "Unsubscribe",
        "preferences": "Choose what you get",
        "by": "By {author}",
        "minutes": "{count}\xa0min\xa0read",
        "image": "Picture",
        "struck": "struck out",
    },
    "de": {
        "read": "„{title}“ lesen",
        "more": "Mehr zum Lesen",
        "view": "Im Browser ansehen",
        "unsubscribe": "Abbestellen",
        "preferences": "Auswählen, was Sie bekommen",
        "by": "Von {author}",
        "minutes": "{count}\xa0Min.\xa0Lesezeit",
        "image": "Bild",
        "struck": "gestrichen",
    },
}


def strings_for(language: str) -> Mapping[str, str]:
    """The fixed phrases, in English where the language has no translation."""
    return _STRINGS.get(primary(language), _STRINGS["en"])
