"""Quoted-printable (RFC 2045 6.7), cut so that pieces can be joined without encoding again.

Every piece is legal wherever it is put between soft line breaks, no line is longer than 76
octets, and none begins with a dot: so nothing is left for SMTP's dot-stuffing to change, and a
lone dot, the end of a message to a server, cannot arise (RFC 5321 4.5.2).
"""

from __future__ import annotations

SOFT_BREAK = b"=\r\n"
_WIDTH = 72  # octets before the soft break; 76 is the most that is allowed

# Printable ASCII but "=" stands for itself; all else is "=" and two hexadecimal digits.
_TABLE = [
    bytes([octet]) if 33 <= octet <= 126 and octet != 0x3D else b"=%02X" % octet
    for octet in range(256)
]
_TABLE[0x20] = b" "


def encode(text: str) -> bytes:
    """Encode text whose line ends are LF; the result has CRLF, and ends as `text` does."""
    lines = text.encode().split(b"\n")
    return b"\r\n".join(_encode_line(line) for line in lines)


def _encode_line(line: bytes) -> bytes:
    if line.endswith(b" "):  # a blank at the end of a line may be lost on the way
        tokens = [_TABLE[octet] for octet in line[:-1]]
        tokens.append(b"=20")
    else:
        tokens = [_TABLE[octet] for octet in line]
    pieces: list[bytes] = []
    piece = bytearray()
    for token in tokens:
        if len(piece) + len(token) > _WIDTH:
            pieces.append(bytes(piece))
            piece = bytearray()
        piece += b"=2E" if token == b"." and not piece else token
    pieces.append(bytes(piece))
    return SOFT_BREAK.join(pieces)
