"""How text of people is kept and compared: capitals never tell two words apart. Pure."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, normalize

LONGEST_TAG = 100  # characters
_BEHIND_ALL_CASES = 0x20000  # no letter from there on has a capital


def composed(text: str) -> str:
    """Text with single spaces, and with each letter put together in one way (NFC)."""
    return normalize("NFC", " ".join(text.split()))


def normal_tag(tag: str) -> str:
    """A tag as it is kept: small letters; empty when it cannot be one."""
    kept = composed(composed(tag).casefold())
    return kept if len(kept) <= LONGEST_TAG and is_printable(kept) else ""


def is_printable(text: str) -> bool:
    """Whether a text can be kept: no control characters, no half ones."""
    return all(category(letter) not in ("Cc", "Cs") for letter in text)


def folded(text: str) -> str:
    """Text letter by letter without capitals: what is the same to a segment is the same here."""
    return "".join(map(_small, text))


def spellings(text: str) -> tuple[str, ...]:
    """Each letter of a text with all letters that differ from it by case alone, itself first."""
    others = _by_small()
    return tuple(
        letter + others.get(_small(letter), "").replace(letter, "") for letter in composed(text)
    )


def _small(letter: str) -> str:
    """One letter for one letter: ß stays, because SS has two, and İ too."""
    upper = letter.upper()
    large = upper if len(upper) == 1 else letter
    small = large.lower()
    return small if len(small) == 1 else large


@lru_cache(maxsize=1)
def _by_small() -> dict[str, str]:
    """Of every letter that has more than one form, all forms."""
    forms: dict[str, str] = {}
    for letter in map(chr, range(_BEHIND_ALL_CASES)):
        if letter.lower() != letter or letter.upper() != letter:
            small = _small(letter)
            forms[small] = forms.get(small, small if small != letter else "") + letter
    return {
        small: "".join(dict.fromkeys(letters))
        for small, letters in forms.items()
        if len(set(letters)) > 1
    }
