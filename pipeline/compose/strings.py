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
        "confirm_subject": "Please confirm: {title}",
        "confirm_preheader": "One click, and the letters come.",
        "confirm_title": "Do you want to get {title}?",
        "confirm_asked": (
            "Somebody, most likely you, asked for it on the site of {site} with this address."
        ),
        "confirm_button": "Yes, send it to me",
        "confirm_until": "The link works once, until {date}.",
        "confirm_otherwise": (
            "If it was not you, there is nothing to do: without that click nothing follows, and"
            " the request is forgotten."
        ),
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
        "confirm_subject": "Bitte bestätigen: {title}",
        "confirm_preheader": "Ein Klick, dann kommen die Briefe.",
        "confirm_title": "Möchten Sie {title} bekommen?",
        "confirm_asked": (
            "Jemand, wahrscheinlich Sie selbst, hat das auf der Seite von {site} mit dieser Adresse"
            " gewünscht."
        ),
        "confirm_button": "Ja, bitte zuschicken",
        "confirm_until": "Der Link gilt ein Mal, und bis zum {date}.",
        "confirm_otherwise": (
            "Falls Sie es nicht waren, brauchen Sie nichts zu tun: Ohne diesen Klick folgt nichts,"
            " und die Anfrage wird vergessen."
        ),
    },
}


def strings_for(language: str) -> Mapping[str, str]:
    """The fixed phrases, in English where the language has no translation."""
    return _STRINGS.get(primary(language), _STRINGS["en"])
