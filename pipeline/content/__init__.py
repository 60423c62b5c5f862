"""Markdown files with front matter become posts: checked, sanitised, rendered for each reader.

`read_posts` is the way in: the files of config.posts become `Post`s, or ContentErrors tell all that
is wrong with them. `published` picks those that are out. `keep_identities` recognises a published
post under a new name, so that no feed reader sees it as new. `slugify` makes the addresses of tags
and categories as it makes those of posts. `read_document`, `parse_document`, `to_markdown` and
`write_post` make a post of a document that was written elsewhere, and say what they guessed.
"""

from pipeline.content.identity import KnownPost, Rename, keep_identities
from pipeline.content.library import read_posts
from pipeline.content.pasted import parse_document, to_markdown
from pipeline.content.pasted_file import read_document, write_post
from pipeline.content.pasted_post import Guess, PastedPost
from pipeline.content.post import Image, Post, Status, Visibility, published
from pipeline.content.slug import make_slug as slugify

__all__ = [
    "Guess",
    "Image",
    "KnownPost",
    "PastedPost",
    "Post",
    "Rename",
    "Status",
    "Visibility",
    "keep_identities",
    "parse_document",
    "published",
    "read_document",
    "read_posts",
    "slugify",
    "to_markdown",
    "write_post",
]
