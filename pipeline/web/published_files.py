"""The published site's files: which one a path means, and nothing outside the folder."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

INDEX = "index.html"
REMEMBERED = 10_000  # hashes; about 3 MB

Segments = tuple[str, ...]


@dataclass(frozen=True)
class Stored:
    """One file, open: what identifies its content, and the way to read it."""

    tag: str  # a strong entity tag with its quotes
    modified_at: datetime  # UTC, never later than now
    read: Callable[[], bytes]


class PublishedFiles:
    """Finds files below `folder` and remembers the hashes of their content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tags: OrderedDict[object, str] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, segments: Segments) -> Path | None:
        """The regular file at this place, links followed, if it lies inside the folder.

        Files whose name begins with a dot are the publisher's own records.
        """
        folder = os.path.realpath(self._folder)
        try:
            target = Path(os.path.realpath(Path(folder, *segments), strict=True))
            inside = target.relative_to(folder)
            is_file = stat.S_ISREG(target.stat().st_mode)
        except (OSError, ValueError):
            return None
        return target if is_file and not any(part[0] == "." for part in inside.parts) else None

    @contextmanager
    def opened(self, file: Path) -> Iterator[Stored]:
        """A file and its tag, both of one state even when it is being published anew."""
        with file.open("rb") as handle:
            state = os.fstat(handle.fileno())
            modified = min(state.st_mtime, time.time())  # RFC 9110 8.8.2.1
            yield Stored(
                self._tag(file, state, handle), datetime.fromtimestamp(modified, UTC), handle.read
            )

    def _tag(self, file: Path, state: os.stat_result, handle: BufferedReader) -> str:
        key = (file, state.st_ino, state.st_mtime_ns, state.st_size)
        with self._lock:
            if key in self._tags:
                self._tags.move_to_end(key)
                return self._tags[key]
        tag = f'"{file_digest(handle, "sha256").hexdigest()[:32]}"'
        handle.seek(0)
        with self._lock:
            self._tags[key] = tag
            if len(self._tags) > REMEMBERED:
                self._tags.popitem(last=False)
        return tag


def read_path(raw_path: bytes) -> Segments | None:
    """The segments of a request's path, decoded once; None for one that names no file of ours.

    A path that ends in a slash means the folder's index. Refused are empty segments ("//host"
    in a redirect would lead elsewhere), hidden files, "..", NUL, and slashes of either kind
    that only decoding brings out.
    """
    try:
        parts = [unquote_to_bytes(part).decode() for part in raw_path.split(b"/")]
    except UnicodeDecodeError:
        return None
    root, *segments = parts
    if root or not segments:
        return None
    if segments[-1] == "":
        segments[-1] = INDEX
    return None if any(map(_is_foreign, segments)) else tuple(segments)


def folder_path(segments: Segments) -> str:
    """The path of a folder as a redirect names it: always on this host."""
    return f"/{'/'.join(quote(segment, safe='') for segment in segments)}/"


def _is_foreign(segment: str) -> bool:
    return segment == "" or segment[0] == "." or not {"/", "\\", "\0"}.isdisjoint(segment)
