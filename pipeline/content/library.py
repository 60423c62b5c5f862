"""The posts folder on disk: finding Markdown files, and making posts of those that changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.config import Config
from pipeline.content import cache
from pipeline.content.cache import Entry
from pipeline.content.conflicts import Claim, find_conflicts
from pipeline.content.drafts import Draft, finish_post, open_draft
from pipeline.content.faults import Faults, in_order
from pipeline.content.post import Post
from pipeline.content.references import page_url
from pipeline.content.slug import slug_of_file
from pipeline.errors import ContentError, ContentErrors

LARGEST = 5_000_000  # octets of one Markdown file


@dataclass(frozen=True)
class Source:
    """One Markdown file as found; `below` is its path below the posts folder, with "/"."""

    path: Path
    below: str
    data: bytes

    @property
    def digest(self) -> bytes:
        """Names the content, so that an unchanged file is known again."""
        return hashlib.blake2b(self.data, digest_size=16).digest()


def read_posts(config: Config) -> tuple[Post, ...]:
    """Read every *.md file below the posts folder, drafts and future posts too; newest first.

    Hidden files and README.md are left out; posts of one date are in the order of their ids. Files
    that did not change are taken from a cache below config.var. Raises ContentErrors with all
    faults of all posts, sorted by path and line.
    """
    errors: list[ContentError] = []
    sources = {source.below: source for source in _read_sources(config, errors)}
    cached = cache.read(config)
    entries = _unchanged(cached, sources, config)
    drafts = _open(sources, entries, config, errors)
    urls = _urls(sources, entries, drafts, config)
    for below in [below for below, entry in entries.items() if not entry.leads_to(urls)]:
        del entries[below]  # a post that this one links to has moved
    drafts |= _open(sources, {**entries, **drafts}, config, errors)
    claims = [*map(_claim, entries.values()), *(draft.claim for draft in drafts.values())]
    for below, draft in drafts.items():
        if entry := _finish(draft, sources[below], config, urls, errors):
            entries[below] = entry
    if entries != cached:
        cache.write(config, entries)
    errors += find_conflicts(claims)
    if errors:
        raise ContentErrors(in_order(errors))
    posts = (entry.post for entry in entries.values())
    return tuple(sorted(posts, key=lambda post: (-post.date.timestamp(), post.id)))


def _read_sources(config: Config, errors: list[ContentError]) -> Iterator[Source]:
    if not config.posts.is_dir():
        hint = "make it, or name another site with --site DIR"
        errors.append(ContentError("there is no such folder", path=config.posts, hint=hint))
        return
    homes = (config.posts.resolve(), config.root.resolve())
    for below in sorted(_walk(config.posts, "", errors)):
        path = config.posts / below
        faults = Faults(path)
        data = _read_file(path, homes, faults)
        errors += faults.found
        if data is not None:
            yield Source(path, below, data)


def _walk(folder: Path, prefix: str, errors: list[ContentError]) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            items = [item for item in found if not item.name.startswith(".")]
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        errors.append(ContentError(message, path=folder, hint="mend its permissions"))
        return
    for item in items:
        name = item.name.lower()
        if item.is_dir() and item.is_symlink():  # it could lead in a circle, or anywhere
            hint = "move the folder itself here"
            message = "is a link to a folder, and those are not followed"
            errors.append(ContentError(message, path=folder / item.name, hint=hint))
        elif item.is_dir():
            yield from _walk(folder / item.name, f"{prefix}{item.name}/", errors)
        elif name.endswith(".md") and name != "readme.md":
            yield prefix + item.name


def _read_file(path: Path, homes: Sequence[Path], faults: Faults) -> bytes | None:
    try:
        if path.is_symlink() and not any(map(path.resolve().is_relative_to, homes)):
            hint = "copy the file into the posts folder"
            faults.add("is a link to a file outside the site's folder", None, hint)
            return None
        if (size := path.stat().st_size) > LARGEST:
            message = f"has {size:,} octets, and {LARGEST:,} is the most"
            faults.add(message, None, "part it into several posts, or put its data elsewhere")
            return None
        return path.read_bytes()
    except OSError as error:
        faults.add(f"cannot be read: {error.strerror}", None, "mend its permissions or remove it")
        return None


def _unchanged(
    cached: Mapping[str, Entry], sources: Mapping[str, Source], config: Config
) -> dict[str, Entry]:
    return {
        below: entry
        for below, source in sources.items()
        if (entry := cached.get(below)) and entry.fits(source.digest, config)
    }


def _open(
    sources: Mapping[str, Source],
    done: Mapping[str, Entry | Draft],
    config: Config,
    errors: list[ContentError],
) -> dict[str, Draft]:
    """Read the front matter of every file not yet done; some faults leave nothing to finish."""
    drafts = {}
    for below, source in sources.items():
        if below not in done:
            faults = Faults(source.path)
            draft = open_draft(source.data, PurePosixPath(below), config, faults)
            if draft is None:
                errors += [error for error in faults.found if str(error) not in map(str, errors)]
            else:
                drafts[below] = draft
    return drafts


def _urls(
    sources: Mapping[str, Source],
    entries: Mapping[str, Entry],
    drafts: Mapping[str, Draft],
    config: Config,
) -> dict[str, str]:
    """Address of every post; of one that cannot be read, what it will most likely be."""
    broken = [below for below in sources if below not in entries and below not in drafts]
    return (
        {below: entry.post.url for below, entry in entries.items()}
        | {below: draft.url for below, draft in drafts.items()}
        | {below: page_url(config, slug_of_file(PurePosixPath(below))) for below in broken}
    )


def _finish(
    draft: Draft,
    source: Source,
    config: Config,
    urls: Mapping[str, str],
    errors: list[ContentError],
) -> Entry | None:
    post, references = finish_post(draft, config, urls)
    errors += draft.faults.found
    if post is None:
        return None
    return Entry(source.digest, post, tuple(references.stamps), tuple(references.links))


def _claim(entry: Entry) -> Claim:
    post = entry.post
    return Claim(post.path, post.slug, post.aliases, post.id)
