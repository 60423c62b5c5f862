"""The faults of one post, gathered so that they can be mended in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import ContentError


@dataclass
class Faults:
    """What is wrong with the file at `path`; lines are lines of the file, from 1."""

    path: Path
    found: list[ContentError] = field(default_factory=list)

    def add(self, message: str, line: int | None, hint: str = "") -> None:
        """Note one fault; a reader gets `path:line: message` and the hint."""
        error = ContentError(message, path=self.path, line=line, hint=hint)
        if str(error) not in map(str, self.found):
            self.found.append(error)


def in_order(errors: Iterable[ContentError]) -> list[ContentError]:
    """Sort by path, then line; faults of a whole file first."""
    return sorted(errors, key=lambda error: (str(error.path), error.line or 0))
