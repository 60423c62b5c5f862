"""Header fields written by hand: folded, encoded, and unable to hold a second header.

RFC 5322 2.2.3 (folding), RFC 2047 (encoded-words), RFC 6532 (UTF-8 addresses).
"""

from __future__ import annotations

import base64
import re

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONE = re.compile(r"[\ud800-\udfff]")
_ATOM_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_WIDTH = 76  # octets of a line; 78 are recommended, 998 allowed (RFC 5322 2.1.1)
_LONGEST_WORD = 56  # characters that are left whole
_LONGEST_ENCODED = 75  # characters of one encoded-word (RFC 2047 2)
_FRAME = len("=?utf-8?b??=")


def text(name: str, value: str) -> str:
    """An unstructured field such as Subject."""
    value = _one_line(value)
    if _plain(value):
        return _fold(f"{name}:", value.split(" "))
    return _fold(f"{name}:", _encoded_words(value, name))


def address(name: str, phrase: str, email: str) -> str:
    """A field with one mailbox: display name and address."""
    phrase, email = _one_line(phrase), _one_line(email)
    if not phrase:
        return _fold(f"{name}:", [email])
    return _fold(f"{name}:", [*_phrase(phrase, name), f"<{email}>"])


def list_id(phrase: str, label: str) -> str:
    """List-Id (RFC 2919 3)."""
    return _fold("List-Id:", [*_phrase(_one_line(phrase), "List-Id"), f"<{_one_line(label)}>"])


def url(name: str, target: str) -> str:
    """A field with one URL in angle brackets (RFC 2369 2); never folded inside the URL."""
    return f"{name}: <{_one_line(target).replace(' ', '%20')}>"


def token(name: str, value: str) -> str:
    """A field with one value that is neither folded nor encoded, such as Message-ID."""
    return f"{name}: {_one_line(value)}"


def _phrase(value: str, name: str) -> list[str]:
    """A display name in the field `name` as words: atoms, a quoted string, or encoded-words."""
    if _ATOM_PHRASE.fullmatch(value) and _plain(value):
        return value.split(" ")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    if _plain(value) and len(quoted) <= _LONGEST_WORD:
        return [f'"{quoted}"']
    return _encoded_words(value, name)


def _plain(value: str) -> bool:
    """Whether a value can stand as it is: nothing to encode, and a blank to fold at in time."""
    return (
        value.isascii()
        and value.isprintable()
        and "=?" not in value
        and (len(value) <= _LONGEST_WORD or max(map(len, value.split(" "))) <= _LONGEST_WORD)
    )


def _encoded_words(value: str, name: str) -> list[str]:
    """Base64 words of RFC 2047, cut between characters.

    As few and as long as may be, the first one beside the field's name: some parsers keep the
    blank between two, and most names need no second.
    """
    room = _octets_in(_WIDTH - len(f"{name}: "))
    if len(whole := value.encode()) <= room:
        return [_encoded_word(whole)]
    words: list[str] = []
    chunk = b""
    for char in value:
        octets = char.encode()
        if len(chunk) + len(octets) > room:
            words.append(_encoded_word(chunk))
            chunk = b""
            room = _octets_in(_LONGEST_ENCODED)
        chunk += octets
    return [*words, _encoded_word(chunk)]


def _octets_in(width: int) -> int:
    """How many octets an encoded-word of at most `width` characters holds in base64."""
    return (min(width, _LONGEST_ENCODED) - _FRAME) // 4 * 3


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(octets).decode()}?="


def _fold(start: str, words: list[str]) -> str:
    """Join words with blanks, breaking lines before the width is reached."""
    whole = " ".join((start, *words))
    if whole.isascii() and len(whole) <= _WIDTH:  # nearly every one
        return whole
    lines = [start]
    for word in words:
        if len(lines[-1].encode()) + 1 + len(word.encode()) > _WIDTH and lines != [start]:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _one_line(value: str) -> str:
    """Control characters become blanks, so no value can start a header of its own."""
    if value.isprintable() and "  " not in value:  # nearly every one
        return value.strip()
    return re.sub(" {2,}", " ", _LONE.sub("\ufffd", _UNSAFE.sub(" ", value))).strip()
