"""Quoted-printable (RFC 2045 6.7), cut so that pieces can be joined without encoding again.

Every piece is legal wherever it is put between soft line breaks, no line is longer than 76
octets, and none begins with a dot: so nothing is left for SMTP's dot-stuffing to change, and a
lone dot, the end of a message to a server, cannot arise (RFC 5321 4.5.2). No two blanks stand side
by side: the octets are their own relaxed form, which is what DKIM signs (RFC 6376 3.4.4).
"""

from __future__ import annotations

import re

SOFT_BREAK = b"=\r\n"
LINE = 72  # octets before the soft break, or two more after a dot; 76 is the most allowed

# Printable ASCII but "=" stands for itself, a blank except behind another and at the end of a line,
# where it may be lost on the way; all else is "=" and two hexadecimal digits.
_UNSAFE = re.compile(rb"[^!-<>-~ ]|(?<= ) | \Z")
_SAFE = re.compile(rb"[!-<>-~]*")  # every link


def encode(text: str) -> bytes:
    """Encode text whose line ends are LF; the result has CRLF, and ends as `text` does."""
    lines = text.encode().split(b"\n")
    return b"\r\n".join(_encode_line(line) for line in lines)


def _encode_line(line: bytes) -> bytes:
    if not _SAFE.fullmatch(line):
        line = _UNSAFE.sub(_escape, line)
    pieces: list[bytes] = []
    start = 0
    while start < len(line) or not pieces:
        end = start + LINE
        if end < len(line):
            cut = line.rfind(b"=", end - 2, end)  # an escape must stay whole
            end = end if cut < 0 else cut
        piece = line[start:end]
        pieces.append(b"=2E" + piece[1:] if piece.startswith(b".") else piece)
        start = end
    return SOFT_BREAK.join(pieces)


def _escape(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % match[0][0]
