"""DKIM signatures (RFC 6376, RFC 8463), for providers that do not sign themselves.

Every field of a message is signed, and From twice: nobody can change one on the way, or add a
second From. Header and body are taken in their relaxed form, which our bodies have as they are.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import ConfigError

_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_WIDTH = 76  # octets of a line


@dataclass(frozen=True)
class SigningKey:
    """One private key; `sign` is given a SHA-256 digest."""

    selector: str  # the name in DNS under which its public half is published
    algorithm: str  # as in a=: "rsa-sha256" or "ed25519-sha256"
    public: str  # as in p= of the record in DNS
    sign: Callable[[bytes], bytes]

    @property
    def record(self) -> str:
        """The text to publish in DNS (RFC 6376 3.6.1)."""
        return f"v=DKIM1; k={self.algorithm.removesuffix('-sha256')}; p={self.public}"


@dataclass(frozen=True)
class Signer:
    """The domain that answers for the mail, and its keys: each signs every message."""

    domain: str
    keys: tuple[SigningKey, ...]

    def check_sender(self, email: str) -> None:
        """Raise ConfigError if DMARC would not count our signature for mail from `email`."""
        host = email.rpartition("@")[2].lower()
        if host != self.domain and not host.endswith(f".{self.domain}"):  # RFC 9989, alignment
            raise ConfigError(
                f"{self.domain!r} cannot sign for the sender {email}",
                key="dkim.domain",
                hint=f"set it to {host}, or give the newsletter a from_email at {self.domain}",
            )


class Seal:
    """Signs the messages of one letter: what all of them share is hashed once."""

    def __init__(self, signer: Signer, shared: bytes, own_names: Sequence[str]) -> None:
        """`shared` is the part of the header that never differs; `own_names` name the rest."""
        canonical = _relaxed(shared)
        shared_names = [line.partition(b":")[0].decode() for line in canonical.splitlines()]
        names = [*shared_names, "from", *map(str.lower, own_names)]
        self._shared = hashlib.sha256(canonical)
        openings = [(key, _opening(signer.domain, key, names)) for key in signer.keys]
        self._openings = [
            (key, opening, _relaxed(opening).removesuffix(b"\r\n")) for key, opening in openings
        ]

    def sign(self, own: bytes, body: bytes, sent_at: datetime) -> bytes:
        """The signatures of one message, as fields to put before its others.

        `own` has the fields that the letter's messages do not share, in the order of their names.
        """
        header = self._shared.copy()
        header.update(_relaxed(own))
        body_hash = base64.b64encode(hashlib.sha256(body).digest())
        closing = b"%d; bh=%s;\r\n b=" % (int(sent_at.timestamp()), body_hash)
        relaxed_closing = closing.replace(b"\r\n", b"")
        signed: list[bytes] = []
        for key, opening, relaxed_opening in self._openings:
            # A signature covers itself too, without its value and its last line's end (3.7).
            digest = header.copy()
            digest.update(relaxed_opening + relaxed_closing)
            value = base64.b64encode(key.sign(digest.digest()))
            signed += (opening, closing, *_cut(value), b"\r\n")
        return b"".join(signed)


def _relaxed(fields: bytes) -> bytes:
    """Whole fields in the relaxed form of RFC 6376 3.4.2."""
    lines = []
    for line in _FOLD.sub(b"", fields).split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            lines += [name.rstrip().lower(), b":", _BLANKS.sub(b" ", value).strip(b" "), b"\r\n"]
    return b"".join(lines)


def _opening(domain: str, key: SigningKey, names: Sequence[str]) -> bytes:
    """A signature's field up to `t=`."""
    lines = [f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;"]
    for tag in (f"d={domain};", f"s={key.selector};"):
        if len(lines[-1]) + 1 + len(tag) > _WIDTH:
            lines.append("")
        lines[-1] += f" {tag}"
    return "\r\n".join([*lines, *_name_lines(names), " t="]).encode()


def _name_lines(names: Sequence[str]) -> Iterator[str]:
    line = " h="
    for name in (*(f"{name}:" for name in names[:-1]), f"{names[-1]};"):
        if len(line) + len(name) > _WIDTH:
            yield line
            line = " "
        line += name
    yield line


def _cut(value: bytes) -> Iterator[bytes]:
    """A signature's value over several lines, the first of which begins with " b="."""
    yield value[: _WIDTH - 3]
    for start in range(_WIDTH - 3, len(value), _WIDTH - 1):
        yield b"\r\n " + value[start : start + _WIDTH - 1]
