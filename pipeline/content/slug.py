"""Slugs: the part of a post's address that names it, stable for ever.

Latin letters are folded to ASCII and lowered (`Über Rücken` is `uber-rucken`). Letters of other
scripts have no ASCII form that their readers would know, so they stay as they are, in NFC, and are
percent-encoded in addresses (`腰痛` is /posts/%E8%85%B0%E7%97%9B/). A name without a single letter
or digit becomes `post-` and eight hexadecimal digits of its hash.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePath
from urllib.parse import quote

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:-|$)")
_LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"}
    | {"ħ": "h", "\u0131": "i", "ŋ": "n", "ĸ": "k", "ŧ": "t", "'": None, "\u2019": None}
)
_MAX_BYTES = 180  # a folder's name may have 255, and copies beside it get longer names


def make_slug(text: str) -> str:
    """Fold `text` to a slug; the same text gives the same slug for ever. Empty if nothing is left.

    A slug goes through unchanged.
    """
    folded = "".join(_fold(char) for char in unicodedata.normalize("NFC", text))
    lowered = "".join(char.lower() for char in folded).translate(_LATIN)
    kept = "".join(_keep(char) for char in unicodedata.normalize("NFC", lowered))
    return _cut(re.sub("-+", "-", _without_stray_marks(kept)))


def slug_of_file(relative: PurePath) -> str:
    """Slug of a file below the posts folder: its name without a leading date and its suffix.

    `index.md` takes the name of its folder.
    """
    stem = relative.stem
    if stem == "index" and relative.parent.name:
        stem = relative.parent.name
    name = _DATE.sub("", stem, count=1) if _DATE.match(stem) else stem
    return make_slug(name) or make_slug(stem) or _hashed(stem)


def slug_in_url(slug: str) -> str:
    """Percent-encode a slug for an address (RFC 3986 2.1)."""
    return quote(slug, safe="")


def _fold(char: str) -> str:
    if char.isascii():
        return char
    base = "".join(part for part in unicodedata.normalize("NFKD", char) if not _is_mark(part))
    return base if base.isascii() and base else char


def _keep(char: str) -> str:
    if char.isalnum() or _is_mark(char):
        return char
    return "" if unicodedata.category(char) == "Cf" else "-"


def _without_stray_marks(text: str) -> str:
    """Drop accents of ASCII letters; vowel signs of other scripts belong to their words."""
    kept = ""
    for char in text:
        if not (_is_mark(char) and (not kept or kept[-1].isascii())):
            kept += char
    return kept


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _cut(slug: str) -> str:
    whole = slug.encode()[:_MAX_BYTES].decode(errors="ignore")
    return whole.strip("-")


def _hashed(text: str) -> str:
    name = unicodedata.normalize("NFC", text).encode()
    return f"post-{hashlib.sha256(name).hexdigest()[:8]}"
