"""Names that two posts claim: a slug, a former slug or an id can belong to one alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.content.faults import Faults
from pipeline.content.front_matter import decode, parse, split
from pipeline.errors import ContentError


@dataclass(frozen=True)
class Claim:
    """What one post calls its own."""

    path: Path
    slug: str
    aliases: tuple[str, ...]
    id: str


def find_conflicts(claims: Iterable[Claim]) -> list[ContentError]:
    """One fault for each post that claims what another, earlier by path, claims already."""
    in_order = sorted(claims, key=lambda claim: str(claim.path))
    return [*_slugs(in_order), *_aliases(in_order), *_ids(in_order)]


def _slugs(claims: Sequence[Claim]) -> Iterator[ContentError]:
    owners: dict[str, Claim] = {}
    for claim in claims:
        owner = owners.setdefault(claim.slug, claim)
        if owner is not claim:
            message = f"has the slug {claim.slug!r}, and so has {owner.path}"
            yield _fault(claim, "slug", message, "give one of the two another `slug:`")


def _aliases(claims: Sequence[Claim]) -> Iterator[ContentError]:
    owners = {claim.slug: claim for claim in reversed(claims)}
    for claim in claims:
        for alias in claim.aliases:
            owner = owners.setdefault(alias, claim)
            if owner is not claim:
                what = "slug" if owner.slug == alias else "alias"
                message = f"has the alias {alias!r}, which is the {what} of {owner.path}"
                yield _fault(claim, "aliases", message, "take the alias out of one of the two")


def _ids(claims: Sequence[Claim]) -> Iterator[ContentError]:
    owners: dict[str, Claim] = {}
    for claim in claims:
        owner = owners.setdefault(claim.id, claim)
        if owner is not claim and owner.slug != claim.slug:
            message = f"has the id {claim.id!r}, and so has {owner.path}"
            yield _fault(claim, "id", message, "give one of the two another `id:`")


def _fault(claim: Claim, key: str, message: str, hint: str) -> ContentError:
    return ContentError(message, path=claim.path, line=_line(claim.path, key), hint=hint)


def _line(path: Path, key: str) -> int | None:
    """Line of `key` in the file; a cached post no longer knows it."""
    ignored = Faults(path)
    text = decode(path.read_bytes(), ignored)
    parts = split(text, ignored) if text else None
    table = parse(parts.header, ignored) if parts else None
    return table.lines.get(key) if table else None
