"""What a text may hold: no character that XML forbids and none that editions use as slots."""

from __future__ import annotations

import re
import unicodedata

# XML 1.0 section 2.2 forbids the first line, YAML 1.1 section 4.1 the second; U+E000 and U+E001
# enclose an edition's slots.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\x7f-\x84\x86-\x9f\ue000\ue001]"
)


def strip_forbidden(text: str) -> str:
    """Drop NUL and the other control characters that feeds cannot carry, U+E000 and U+E001."""
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """Fold every run of white space, line breaks too, to one space, and strip_forbidden."""
    return " ".join(strip_forbidden(text).split())


def is_visible(text: str) -> bool:
    """Whether any character leaves ink: a letter, digit, symbol or punctuation mark."""
    return any(unicodedata.category(char)[0] in "LNPS" for char in text if char != "\u2800")


def shorten(text: str, limit: int) -> str:
    """Fold every run of white space, line breaks too, to one space; drop forbidden characters."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace() and " " in head:
        head = head.rsplit(" ", 1)[0]
    return head.rstrip(" ,;:.-\u2013\u2014(") + "\u2026"
