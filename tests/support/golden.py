"""Golden files: outputs kept byte for byte, so that any change to them is seen and meant."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import pytest

LONGEST_DIFFERENCE = 60  # lines


@dataclass(frozen=True)
class Golden:
    """Compares with the kept file, or writes it when `renewing`."""

    renewing: bool

    def __call__(self, path: Path, content: bytes) -> None:
        """Hold `content` against the file at `path`; fails with a readable difference."""
        if self.renewing:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return
        if not path.exists():
            pytest.fail(f"there is no {path}; `make golden` writes it", pytrace=False)
        kept = path.read_bytes()
        if kept != content:
            pytest.fail(f"{difference(path, kept, content)}\n{_RENEW}", pytrace=False)


_RENEW = "If this change is meant: `make golden`, then look at `git diff` before you commit."


def difference(path: Path, kept: bytes, content: bytes) -> str:
    """What differs, as text where it is text, else the first byte that differs."""
    try:
        old, new = kept.decode(), content.decode()
    except UnicodeDecodeError:
        return _binary_difference(path, kept, content)
    lines = list(
        difflib.unified_diff(
            [repr(line)[1:-1] for line in old.splitlines(keepends=True)],
            [repr(line)[1:-1] for line in new.splitlines(keepends=True)],
            f"{path} as kept",
            f"{path} as it is now",
            lineterm="",
        )
    )
    more = len(lines) - LONGEST_DIFFERENCE
    return "\n".join([*lines[:LONGEST_DIFFERENCE], *[f"... and {more} lines more"] * (more > 0)])


def _binary_difference(path: Path, kept: bytes, content: bytes) -> str:
    pairs = zip(kept, content, strict=False)
    first = next(
        (index for index, (old, new) in enumerate(pairs) if old != new),
        min(len(kept), len(content)),
    )
    return (
        f"{path}: {len(kept)} bytes as kept, {len(content)} bytes now; "
        f"they differ from byte {first} on"
    )
