"""The site's own files as they lie: what changed, and what may still be being written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from stat import S_ISREG

from pipeline.clock.site import Site
from pipeline.config import Config
from pipeline.errors import PipelineError

STILL_SECONDS = 2  # a file that nobody changed for so long is taken to be whole
PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class SiteFile:
    """A post, a picture or a list as it lies; equal as long as nobody changes it."""

    path: Path
    size: int
    changed_ns: int


def read_site_files(config: Config) -> tuple[SiteFile, ...]:
    """Every file below posts/ and subscribers/, in the order of their paths."""
    folders = (config.posts, config.subscribers)
    paths = (path for folder in folders for path in sorted(folder.rglob("*")))
    return tuple(file for path in paths if (file := _site_file(path)))


def _site_file(path: Path) -> SiteFile | None:
    try:
        found = path.stat()
    except OSError:  # gone by now, or told by whoever reads it
        return None
    if not S_ISREG(found.st_mode):
        return None
    return SiteFile(path, found.st_size, found.st_mtime_ns)


def in_motion(files: Sequence[SiteFile], now: datetime) -> tuple[Path, ...]:
    """The files that may still be being written: half a list would be taken for the whole.

    By the distance to `now`, not the age: the clock of a network drive may be ahead.
    """
    instant = now.timestamp()
    return tuple(
        file.path for file in files if abs(instant - file.changed_ns / 1e9) < STILL_SECONDS
    )


def wait_until_still(site: Site, on_stage: Callable[[str], None]) -> None:
    """Wait for files that are being written. Raises PipelineError when that takes too long."""
    for look in range(int(PATIENCE_SECONDS / _LOOK_SECONDS)):
        moving = in_motion(read_site_files(site.config), site.now())
        if not moving:
            return
        if look == 0:
            on_stage(f"Waiting until {moving[0].name} is written")
        time.sleep(_LOOK_SECONDS)
    raise PipelineError(
        f"{moving[0]}: is still being written after {PATIENCE_SECONDS} seconds; nothing was done",
        hint="run again when it is whole",
    )
