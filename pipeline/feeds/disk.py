"""Brings a folder to the published state: only what changed, each file at once or not at all."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.config import Config
from pipeline.content import Post
from pipeline.errors import PipelineError
from pipeline.feeds.channels import FORMATS
from pipeline.feeds.digest import digest
from pipeline.feeds.html import EditionPage
from pipeline.feeds.manifest import NAME, Entry, Manifest, read_manifest
from pipeline.feeds.targets import File, Plan

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
    posts: Sequence[Post],
    config: Config,
    out: Path,
    editions: Sequence[EditionPage] = (),
    unlisted: Sequence[Post] = (),
) -> Publication:
    """Bring `out` to what `render` says, creating it when it is missing.

    Files that this program wrote before and that are no longer wanted are removed; all others
    stay. Publishers of one folder wait for each other. Raises PipelineError when the folder
    cannot be written, a file of somebody else is in the way, a picture cannot be read, or the
    record of the last publication is damaged.
    """
    plan = Plan(posts, config, editions, unlisted)
    states = {source: _state(source) for source in plan.pictures.values()}
    inputs = digest(plan.inputs, *plan.pictures, *states.values())
    with _explained(out):
        out.mkdir(parents=True, exist_ok=True)
        with _alone(out):
            known = read_manifest(out)
            if known.inputs == inputs and not _touched(out, known.files):
                return _publication(out, known.files)
            return _bring(out, plan.files(), states, known.files, inputs)


def _bring(
    out: Path,
    wanted: Mapping[str, File],
    states: Mapping[Path, str],
    known: Mapping[str, Entry],
    inputs: str,
) -> Publication:
    each = {path: _inputs(file, states) for path, file in wanted.items()}
    touched = _touched(out, known)
    due = [path for path in wanted if path in touched or _is_new(known.get(path), each[path])]
    _refuse_outside(due)
    _refuse_others(out, {path: wanted[path] for path in due if path not in known})
    # Written down first: after a crash these are still known as ours to remove.
    _replace(out / NAME, Manifest(files={**known, **dict.fromkeys(due, Entry())}).octets())
    entries = {path: entry for path, entry in known.items() if path in wanted}
    written = []
    for path in due:
        content = _content(wanted[path])
        if _put(out / path, content):
            written.append(path)
        entries[path] = _entry(out / path, content, each[path])
    gone = sorted(known.keys() - wanted.keys())
    kept = {path: known[path] for path in gone if not _remove(out, path, known[path])}
    finished = Manifest("" if kept else inputs, {**entries, **kept})
    _replace(out / NAME, finished.octets())
    removed = [path for path in gone if path not in kept]
    return _publication(out, entries, written, removed, kept)


def _publication(
    out: Path,
    entries: Iterable[str],
    written: Sequence[str] = (),
    removed: Sequence[str] = (),
    kept: Iterable[str] = (),
) -> Publication:
    paths = sorted(entries)
    return Publication(
        out=out,
        written=tuple(written),
        unchanged=len(paths) - len(written),
        removed=tuple(removed),
        feeds=tuple(path for path in paths if path.rpartition("/")[2] in FORMATS),
        kept=tuple(kept),
    )


def _state(picture: Path) -> str:
    try:
        state = picture.stat()
    except OSError as error:
        raise _unreadable(picture, error) from None
    return f"{picture}:{state.st_size}:{state.st_mtime_ns}"


def _inputs(file: File, states: Mapping[Path, str]) -> str:
    return states[file.source] if file.source else file.inputs


def _content(file: File) -> bytes:
    if file.source is None:
        return file.content()
    try:
        return file.content()
    except OSError as error:
        raise _unreadable(file.source, error) from None


def _is_new(entry: Entry | None, inputs: str) -> bool:
    return entry is None or entry.inputs != inputs


def _touched(out: Path, files: Mapping[str, Entry]) -> set[str]:
    """Find the files that are not there as they were written."""
    return {path for path, entry in files.items() if not _stands(f"{out}/{path}", entry)}


def _stands(target: str, entry: Entry) -> bool:
    try:
        state = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return (state.st_size, state.st_mtime_ns) == (entry.size, entry.mtime_ns)


def _put(target: Path, content: bytes) -> bool:
    """Write a file unless it holds that already; say whether it was written."""
    if _holds(target, content):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    _replace(target, content)
    return True


def _holds(target: Path, content: bytes) -> bool:
    with suppress(FileNotFoundError):
        return not target.is_symlink() and target.read_bytes() == content
    return False


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


def _refuse_outside(paths: Iterable[str]) -> None:
    for path in paths:
        if any(part in ("", ".", "..") for part in path.split("/")):
            raise PipelineError(
                f"{path!r} would lie outside the published site",
                hint="mend the slug or picture it is named after",
            )


def _refuse_others(out: Path, fresh: Mapping[str, File]) -> None:
    """Leave a file that somebody else put there, unless it says the same."""
    for path, file in fresh.items():
        target = out / path
        if (target.is_file() or target.is_symlink()) and not _holds(target, _content(file)):
            raise PipelineError(
                f"{target}: this file is not ours to overwrite, so nothing was published",
                hint="move it away, or publish to a folder that is for this site alone",
            )


def _unreadable(source: Path, error: OSError) -> PipelineError:
    return PipelineError(
        f"{source}: the picture cannot be read: {error.strerror}",
        hint="put it back, or mend the post or setting that names it",
    )
