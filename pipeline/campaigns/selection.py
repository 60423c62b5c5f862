"""Which posts go into a newsletter's next edition: the pure rule of what is new."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.config import NewsletterSettings
from pipeline.content import Post, published

FIRST_EDITION_POSTS = 10


@dataclass(frozen=True)
class Selection:
    """Posts for an edition, newest first, and the ids a first edition passes over."""

    posts: tuple[Post, ...]
    passed_over: tuple[str, ...] = ()


def choose(
    posts: Sequence[Post],
    settings: NewsletterSettings,
    *,
    done: Collection[str],
    first: bool,
    now: datetime,
) -> Selection:
    """The new posts of a newsletter at `now`.

    New means: published, matching, not among the ids `done` (sent by this newsletter or passed
    over), and not older than `max_age_days`. Ids never change, so an edit or a rename makes no
    post new. A newsletter's `first` edition takes the newest ten whatever their age, and every
    other post that is out by then counts as passed over.
    """
    out = published(posts, now, private=True)
    matching = [post for post in out if _matches(post, settings) and post.id not in done]
    if first:
        chosen = tuple(matching[:FIRST_EDITION_POSTS])
        taken = {post.id for post in chosen} | set(done)
        return Selection(chosen, tuple(post.id for post in out if post.id not in taken))
    oldest = now - timedelta(days=settings.max_age_days)
    return Selection(tuple(post for post in matching if post.date >= oldest))


def _matches(post: Post, settings: NewsletterSettings) -> bool:
    return (
        (settings.private or post.visibility != "private")
        and (not settings.tags or not _folded(settings.tags).isdisjoint(_folded(post.tags)))
        and (not settings.categories or post.category.casefold() in _folded(settings.categories))
        and (not settings.language or _speaks(post.language, settings.language))
    )


def _folded(words: Collection[str]) -> set[str]:
    return {word.casefold() for word in words}


def _speaks(language: str, wanted: str) -> bool:
    """Whether a language tag is the wanted one or a regional form of it (RFC 4647 3.3.1)."""
    return f"{language.casefold()}-".startswith(f"{wanted.casefold()}-")
