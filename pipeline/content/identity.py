"""Keeping a published post's id when its file is renamed or its date is put right."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.content.post import Post
from pipeline.content.slug import slug_of_file

_ALIKE = 0.7  # share of words in common
_FEWEST_WORDS = 20  # below this, two texts of any name are alike by chance
_NEIGHBOURS = 25  # new posts, nearest in date, whose words are compared with a gone one's


@dataclass(frozen=True)
class KnownPost:
    """What is remembered of a post that was published."""

    id: str
    slug: str
    title: str
    date: datetime  # UTC
    text: str


@dataclass(frozen=True)
class Rename:
    """A new post that was recognised as a published one and keeps its id."""

    path: Path
    old_slug: str
    new_slug: str
    id: str

    @property
    def sentence(self) -> str:
        """What was found."""
        if self.old_slug == self.new_slug:
            return f"{self.path} looks like the published post {self.old_slug!r} with another date"
        return f"{self.path} looks like the published post {self.old_slug!r}, which is gone"

    @property
    def hint(self) -> str:
        """What to write so that it need not be guessed."""
        if self.old_slug == self.new_slug:
            return (
                f"add `id: {self.id}` to its front matter, or another `id:` if it is another post"
            )
        return (
            f"add `aliases: [{self.old_slug}]` to its front matter, "
            "or `id: …` if it is another post"
        )


def keep_identities(
    posts: Sequence[Post], known: Sequence[KnownPost]
) -> tuple[tuple[Post, ...], tuple[Rename, ...]]:
    """Give a published post that seems gone its id back, where exactly one new post looks like it.

    Alike are, in this order:

    - a post that names the gone slug among its aliases
    - the same title, and the same slug or a date less than a day apart
    - the same slug, and texts that share 70 % of their words, however few
    - texts of at least 20 words that share 70 % of them

    The slug counts as the same, too, when the file's name gives it and the front matter now says
    another. A post with an explicit id is never touched. The order of `posts` stays.
    """
    ids = {post.id for post in posts}
    gone = [post for post in known if post.id not in ids]
    known_ids = {post.id for post in known}
    new = [post for post in posts if post.id not in known_ids and not post.explicit_id]
    if not gone or not new:
        return tuple(posts), ()
    matches = _matches(gone, new)
    renames = tuple(
        Rename(post.path, matches[post.id].slug, post.slug, matches[post.id].id)
        for post in posts
        if post.id in matches
    )
    slugs = {post.slug for post in posts}
    kept = (_kept(post, matches[post.id], slugs) if post.id in matches else post for post in posts)
    return tuple(kept), renames


def _kept(post: Post, old: KnownPost, slugs: Collection[str]) -> Post:
    """A post with the id it had, and a redirect from the address it had."""
    moved = old.slug not in slugs and old.slug not in post.aliases
    return replace(post, id=old.id, aliases=(old.slug, *post.aliases) if moved else post.aliases)


def _matches(gone: Sequence[KnownPost], new: Sequence[Post]) -> dict[str, KnownPost]:
    """Gone posts by the id of the new one that each is now; doubtful ones are left out."""
    found: dict[str, KnownPost] = {}
    rest = list(gone)
    for likeness in (_by_name, _by_words):
        candidates = [post for post in new if post.id not in found]
        pairs = likeness(rest, candidates)
        times = Counter(post.id for _, alike in pairs for post in alike)
        for old, alike in pairs:
            if len(alike) == 1 and times[alike[0].id] == 1:
                found[alike[0].id] = old
        rest = [old for old, alike in pairs if not alike]
    return found


Pairs = list[tuple[KnownPost, list[Post]]]


def _by_name(gone: Iterable[KnownPost], new: Sequence[Post]) -> Pairs:
    by_title: dict[str, list[Post]] = defaultdict(list)
    by_slug: dict[str, list[Post]] = defaultdict(list)
    by_alias: dict[str, list[Post]] = defaultdict(list)
    for post in new:
        by_title[post.title].append(post)
        for slug in {post.slug, slug_of_file(post.path)}:
            by_slug[slug].append(post)
        for alias in post.aliases:
            by_alias[alias].append(post)
    return [
        (old, by_alias.get(old.slug) or _same(old, by_title[old.title], by_slug[old.slug]))
        for old in gone
    ]


def _same(old: KnownPost, titled: Sequence[Post], named: Sequence[Post]) -> list[Post]:
    """Which posts of the same title or of the same slug are the one that is gone."""
    close = [post for post in titled if abs(old.date - post.date) < timedelta(days=1)]
    kept = [post for post in named if post.title == old.title or _same_text(old, post)]
    return close + [post for post in kept if post not in close]


def _same_text(old: KnownPost, post: Post) -> bool:
    return _alike(_words(old.text), _words(post.text), fewest=1)


def _by_words(gone: Iterable[KnownPost], new: Sequence[Post]) -> Pairs:
    words = {post.id: _words(post.text) for post in new}
    return [
        (old, [post for post in near if _alike(mine, words[post.id])])
        for old in gone
        for mine in (_words(old.text),)
        for near in (_nearest(old, new),)
    ]


def _nearest(old: KnownPost, new: Sequence[Post]) -> list[Post]:
    # Bounded: when a whole site changes its host, a thousand gone posts meet a thousand new ones.
    return sorted(new, key=lambda post: abs(post.date - old.date))[:_NEIGHBOURS]


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def _alike(one: Counter[str], other: Counter[str], fewest: int = _FEWEST_WORDS) -> bool:
    """Jaccard similarity of two bags of at least `fewest` words, at least _ALIKE."""
    sizes = (one.total(), other.total())
    if min(sizes) < max(fewest, _ALIKE * max(sizes)):
        return False
    shared = (one & other).total()
    return shared >= _ALIKE * (sum(sizes) - shared)
