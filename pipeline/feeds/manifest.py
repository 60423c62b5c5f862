"""The record of what was published, kept beside it: nothing else is ever removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import PipelineError

NAME = ".published.json"
_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One published file. `sha256` is "" while it is being written: ours, with any content."""

    sha256: str = ""
    inputs: str = ""
    size: int = -1  # octets
    mtime_ns: int = -1


def read_manifest(out: Path) -> dict[str, Entry]:
    """Read what was published to `out` before; empty when nothing was.

    Raises PipelineError when the record is damaged: without it nobody can say which files a
    withdrawn post left behind.
    """
    file = out / NAME
    try:
        document = json.loads(file.read_bytes())
        if document["version"] != _VERSION:
            raise ValueError(document["version"])
        return {path: Entry(**entry) for path, entry in document["files"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PipelineError(
            f"{file}: the record of what was published cannot be read",
            hint=f"restore it, or empty {out} and publish again",
        ) from None


def manifest_bytes(entries: Mapping[str, Entry]) -> bytes:
    """Write the record, one file a line."""
    lines = (
        f"{json.dumps(path)}: {json.dumps(asdict(entry))}"
        for path, entry in sorted(entries.items())
    )
    body = ",\n".join(lines)
    return f'{{"version": {_VERSION}, "files": {{\n{body}\n}}}}\n'.encode()
