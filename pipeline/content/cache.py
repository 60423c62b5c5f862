"""Rendered posts kept below var/, so that only files that changed are rendered again.

The cache is a convenience: one that is missing, broken or from another version or configuration is
as good as empty, and one that cannot be written costs time alone.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from pipeline.config import Config
from pipeline.content.post import Post
from pipeline.content.references import Stamp

_RENDERERS = (
    "markdown-it-py",
    "mdit-py-plugins",
    "nh3",
    "selectolax",
    "pillow",
    "pyyaml",
    "tzdata",
)


@dataclass(frozen=True)
class Entry:
    """A post and all that it was made of."""

    digest: bytes  # of the Markdown file
    post: Post
    stamps: tuple[Stamp, ...]  # of its pictures
    links: tuple[tuple[str, str], ...]  # other posts' files, and the addresses they had

    def fits(self, digest: bytes, config: Config) -> bool:
        """Whether the file and its pictures are still what they were."""
        return digest == self.digest and all(_holds(stamp, config.root) for stamp in self.stamps)

    def leads_to(self, urls: Mapping[str, str]) -> bool:
        """Whether the posts that it links to still have their addresses."""
        return all(urls.get(below) == url for below, url in self.links)


def read(config: Config) -> dict[str, Entry]:
    """Entries by path below the posts folder; none if the cache is not ours or not whole."""

    def decode(kind: type, value: Any) -> Any:
        return config.root / value if kind is Path else value

    try:
        mark, _, body = _file(config).read_bytes().partition(b"\n")
        if mark != _mark(config):
            return {}
        return msgspec.msgpack.decode(body, type=dict[str, Entry], dec_hook=decode)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, TypeError, ValueError):
        return {}


def write(config: Config, entries: Mapping[str, Entry]) -> None:
    """Replace the cache in one step, so that no reader ever sees half of it."""

    def encode(value: Any) -> Any:
        if isinstance(value, Path):  # the site may be moved, or named by another path
            return os.path.relpath(value, config.root)
        raise NotImplementedError

    body = msgspec.msgpack.encode(entries, enc_hook=encode)
    file = _file(config)
    with suppress(OSError):  # a read-only or full disk: the posts are there, that is what counts
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # private posts, too
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".posts-", delete=False) as new:
            try:
                new.write(_mark(config) + b"\n" + body)
                new.flush()
                os.fsync(new.fileno())  # without it a loss of power could leave holes in the file
                Path(new.name).replace(file)
            except OSError:
                Path(new.name).unlink()


def _file(config: Config) -> Path:
    return config.var / "cache" / "posts.msgpack"


def _holds(stamp: Stamp, root: Path) -> bool:
    below, modified, size = stamp
    try:
        stat = (root / below).stat()
    except OSError:
        return False
    return (stat.st_mtime_ns, stat.st_size) == (modified, size)


def _mark(config: Config) -> bytes:
    """First line of the file: the program, the renderers and the settings that posts depend on."""
    site = config.site
    settings = repr((site.url, site.authority, site.timezone, site.language, site.author))
    return hashlib.sha256((_program() + settings).encode()).hexdigest().encode()


@cache
def _program() -> str:
    # The sources of this room rather than a version number, which nobody raises for every change.
    sources = b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))
    renderers = [version(name) for name in _RENDERERS]
    return hashlib.sha256(sources).hexdigest() + repr(renderers)
