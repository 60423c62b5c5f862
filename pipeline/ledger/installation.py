"""The file in var/ that says which installation this is, and how often it was begun with."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import DatabaseUnavailable

NAME = "installation.json"


@dataclass(frozen=True)
class Mark:
    """What the file says.

    While a generation is being raised both are right, the old one and the one it is raised to.
    """

    id: str
    generation: int
    raising: int
    is_copy: bool = False  # the file was copied: by hand, from a backup, with the whole folder

    def fits(self, generation: int) -> bool:
        """Whether a database of that generation goes with this file."""
        return generation in (self.generation, self.raising)


def read_mark(var: Path) -> Mark | None:
    """The file in `var`; None when there is none, or none that can be read as ours."""
    file = var / NAME
    try:
        with file.open(encoding="utf-8") as handle:
            said = json.load(handle)
            inode = os.fstat(handle.fileno()).st_ino
        return Mark(
            str(said["id"]), int(said["generation"]), int(said["raising"]), said["inode"] != inode
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise DatabaseUnavailable(
            f"{file}: cannot be read: {error.strerror}",
            hint="the site's var/ must belong to whoever runs this",
        ) from error


def write_mark(var: Path, mark: Mark) -> None:
    """Replace the file in one step that survives a power cut.

    It holds its own inode, which no copy of it has: so a copied var/ is known for one.
    """
    file = var / NAME
    draft = file.with_name(f"{NAME}.new")
    try:
        var.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as handle:
            said = asdict(mark) | {"inode": os.fstat(handle.fileno()).st_ino}
            del said["is_copy"]
            json.dump(said, handle)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(file)
        _sync_folder(var)
    except OSError as error:
        raise DatabaseUnavailable(
            f"{file}: cannot be written: {error.strerror}",
            hint="the site's var/ must belong to whoever runs this, and have room",
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
