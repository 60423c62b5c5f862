"""What every message of two parts, text and HTML, is framed by (RFC 2046 5.1.4)."""

from __future__ import annotations

from collections.abc import Sequence


def part_headers(boundary: str, kind: str) -> bytes:
    """The opening of the part that is text/`kind`."""
    return join_lines(
        [
            f"--{boundary}",
            f"Content-Type: text/{kind}; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "",
        ]
    )


def join_lines(lines: Sequence[str]) -> bytes:
    """Lines with CRLF between them."""
    return "\r\n".join(lines).encode()
