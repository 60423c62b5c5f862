"""Digests of what a file is made of, so that an unchanged file need not be made again."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import pipeline
from pipeline.config import Config
from pipeline.content import Post

_ROOM = Path(__file__).parent


def digest(*parts: str) -> str:
    """Hash texts so that no two different sequences of them share a digest by accident."""
    lengths = ",".join(map(str, map(len, parts)))
    return sha256("".join((lengths, ":", *parts)).encode(errors="surrogatepass")).hexdigest()


def post_digest(post: Post) -> str:
    """Hash all of a post that feeds and pages show."""
    images = (post.image, *post.images)
    small = (post.id, post.slug, post.date, post.updated, post.url, post.author, post.language)
    topics = (post.tags, post.category, post.aliases, post.word_count)
    return digest(
        post.title,
        post.summary,
        post.web_html,
        post.feed_html,
        repr((small, topics, images)),
    )


def site_digest(config: Config) -> str:
    """Hash what every file depends on: the settings and this program."""
    settings = (config.site, config.brand, config.feeds)
    return digest(pipeline.__version__, _program(), repr(settings))


@cache
def _program() -> str:
    # Templates and code change between versions too, while someone works on them.
    files = [*_ROOM.glob("*.py"), *_ROOM.glob("pages/*")]
    return digest(*(file.read_text(encoding="utf-8") for file in sorted(files) if file.is_file()))
