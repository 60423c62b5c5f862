"""The record of what was published, kept beside it: nothing else is ever removed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.errors import PipelineError

NAME = ".published.json"


@dataclass(frozen=True)
class Entry:
    """One published file. `sha256` is "" while it is being written: ours, with any content."""

    sha256: str = ""
    inputs: str = ""
    size: int = -1  # octets
    mtime_ns: int = -1


@dataclass(frozen=True)
class Manifest:
    """All files of the last publication; `inputs` is "" unless it was brought to its end."""

    inputs: str = ""
    files: dict[str, Entry] = field(default_factory=dict)

    def octets(self) -> bytes:
        """Write it, one file a line."""
        lines = [
            f"{json.dumps(path)}: {json.dumps(asdict(entry))}"
            for path, entry in sorted(self.files.items())
        ]
        body = ",\n".join(lines)
        return f'{{"inputs": "{self.inputs}", "files": {{\n{body}\n}}}}\n'.encode()


def read_manifest(out: Path) -> Manifest:
    """Read what was published to `out` before; empty when nothing was.

    Raises PipelineError when the record is damaged: without it nobody can say which files a
    withdrawn post left behind.
    """
    file = out / NAME
    try:
        document = json.loads(file.read_bytes())
        files = {path: Entry(**entry) for path, entry in document["files"].items()}
        return Manifest(document["inputs"], files)
    except FileNotFoundError:
        return Manifest()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PipelineError(
            f"{file}: the record of what was published cannot be read",
            hint=f"restore it, or empty {out} and publish again",
        ) from None
