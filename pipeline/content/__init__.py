"""Markdown files with front matter become posts: checked, sanitised, rendered for each reader.

`read_posts` is the way in: the files of config.posts become `Post`s, or ContentErrors tell all that
is wrong with them. `published` picks those that are out. `keep_identities` recognises a published
post under a new name, so that no feed reader sees it as new. `slugify` makes the addresses of tags
and categories as it makes those of posts.
"""

from pipeline.content.identity import KnownPost, Rename, keep_identities
from pipeline.content.library import read_posts
from pipeline.content.post import Image, Post, Status, Visibility, published
from pipeline.content.slug import make_slug as slugify

__all__ = [
    "Image",
    "KnownPost",
    "Post",
    "Rename",
    "Status",
    "Visibility",
    "keep_identities",
    "published",
    "read_posts",
    "slugify",
]
