"""Brings a folder to the published state: only what changed, each file at once or not at all."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from pipeline.config import Config
from pipeline.content import Post
from pipeline.errors import PipelineError
from pipeline.feeds.channels import FORMATS
from pipeline.feeds.html import EditionPage
from pipeline.feeds.manifest import NAME, Entry, manifest_bytes, read_manifest
from pipeline.feeds.targets import File, render

LOCK = ".published.lock"


@dataclass(frozen=True)
class Publication:
    """What one `publish` did below `out`; all paths are relative to it, with slashes."""

    out: Path
    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    feeds: tuple[str, ...]  # every feed of the site, written now or before
    kept: tuple[str, ...] = ()  # no longer wanted, but changed by someone else, so left there


def publish(
    posts: Sequence[Post], config: Config, out: Path, editions: Sequence[EditionPage] = ()
) -> Publication:
    """Bring `out` to what `render` says, creating it when it is missing.

    Files that this program wrote before and that are no longer wanted are removed; all others
    stay. Publishers of one folder wait for each other. Raises PipelineError when the folder
    cannot be written, a picture cannot be read, or the record of the last publication is damaged.
    """
    wanted = render(posts, config, editions)
    for path in wanted:
        _refuse_outside(path)
    with _explained(out):
        out.mkdir(parents=True, exist_ok=True)
        with _alone(out):
            return _bring(out, wanted, read_manifest(out))


def _bring(out: Path, wanted: Mapping[str, File], known: Mapping[str, Entry]) -> Publication:
    inputs = {path: _inputs(file) for path, file in wanted.items()}
    due = [path for path in wanted if not _stands(out, path, known.get(path), inputs[path])]
    gone = sorted(known.keys() - wanted.keys())
    entries = dict(known)
    written, removed = [], []
    if due:
        # Written down first: after a crash these are still known as ours to remove.
        _replace(out / NAME, manifest_bytes({**known, **dict.fromkeys(due, Entry())}))
    for path in due:
        content = _content(wanted[path])
        if _put(out / path, content):
            written.append(path)
        entries[path] = _entry(out / path, content, inputs[path])
    for path in gone:
        if _remove(out, path, known[path]):
            removed.append(path)
            del entries[path]
    if due or removed:
        _replace(out / NAME, manifest_bytes(entries))
    return Publication(
        out=out,
        written=tuple(written),
        unchanged=len(wanted) - len(written),
        removed=tuple(removed),
        feeds=tuple(path for path in wanted if PurePosixPath(path).name in FORMATS),
        kept=tuple(path for path in gone if path in entries),
    )


def _inputs(file: File) -> str:
    if file.source is None:
        return file.inputs
    try:
        state = file.source.stat()
    except OSError as error:
        raise _unreadable(file.source, error) from None
    return f"{file.source}:{state.st_size}:{state.st_mtime_ns}"


def _content(file: File) -> bytes:
    if file.source is None:
        return file.content()
    try:
        return file.content()
    except OSError as error:
        raise _unreadable(file.source, error) from None


def _stands(out: Path, path: str, entry: Entry | None, inputs: str) -> bool:
    """Whether the file is there as it was written, of the same inputs."""
    if entry is None or entry.inputs != inputs:
        return False
    try:
        state = os.stat(f"{out}/{path}", follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return (state.st_size, state.st_mtime_ns) == (entry.size, entry.mtime_ns)


def _put(target: Path, content: bytes) -> bool:
    """Write a file unless it holds that already; say whether it was written."""
    with suppress(FileNotFoundError):
        if target.read_bytes() == content:
            return False
    target.parent.mkdir(parents=True, exist_ok=True)
    _replace(target, content)
    return True


def _replace(target: Path, content: bytes) -> None:
    # The name is this thread's own: even where locks do not work, nobody writes into it too.
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _entry(target: Path, content: bytes, inputs: str) -> Entry:
    state = target.stat()
    return Entry(sha256(content).hexdigest(), inputs, state.st_size, state.st_mtime_ns)


def _remove(out: Path, path: str, entry: Entry) -> bool:
    """Remove a file of ours and the folders it leaves empty; False when it is no longer ours."""
    target = out / path
    try:
        if entry.sha256 and sha256(target.read_bytes()).hexdigest() != entry.sha256:
            return False
        target.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return True
    for folder in target.parents:
        if folder == out or any(folder.iterdir()):
            break
        folder.rmdir()
    return True


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    with (out / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or out
        raise PipelineError(
            f"{place}: cannot be written: {error.strerror}",
            hint=f"give this program a folder of its own that it may write to, instead of {out}",
        ) from error


def _refuse_outside(path: str) -> None:
    if path.startswith("/") or any(part in ("", ".", "..") for part in path.split("/")):
        raise PipelineError(
            f"{path!r} would lie outside the published site",
            hint="mend the slug or picture it is named after",
        )


def _unreadable(source: Path, error: OSError) -> PipelineError:
    return PipelineError(
        f"{source}: the picture cannot be read: {error.strerror}",
        hint="put it back, or mend the post or setting that names it",
    )
