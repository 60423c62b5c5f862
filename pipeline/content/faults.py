"""The faults of one post, gathered so that they can be mended in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import ContentError


class UnusableError(Exception):
    """What a post names cannot be used; the caller knows the place and makes a fault of it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass
class Faults:
    """What is wrong with the file at `path`; lines are lines of the file, from 1."""

    path: Path
    found: list[ContentError] = field(default_factory=list)
    _noted: set[tuple[str, int | None]] = field(default_factory=set, init=False)

    def add(self, message: str, line: int | None, hint: str = "") -> None:
        """Note one fault; a reader gets `path:line: message` and the hint."""
        if (message, line) not in self._noted:
            self._noted.add((message, line))
            self.found.append(ContentError(message, path=self.path, line=line, hint=hint))


def in_order(errors: Iterable[ContentError]) -> list[ContentError]:
    """Sort by path, then line; faults of a whole file first."""
    return sorted(errors, key=lambda error: (str(error.path), error.line or 0))
