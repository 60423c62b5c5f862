"""Which file belongs at which path, and how each is made when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

from pipeline.config import Config
from pipeline.content import Post
from pipeline.errors import ConfigError
from pipeline.feeds.channels import (
    ATOM,
    FORMATS,
    JSON,
    RSS,
    Channel,
    Topic,
    make_channel,
    make_item,
    topics,
    years,
)
from pipeline.feeds.digest import digest, post_digest, site_digest
from pipeline.feeds.html import EditionPage, Pages
from pipeline.feeds.json_feed import json_feed
from pipeline.feeds.stylesheet import stylesheet
from pipeline.feeds.xml_feeds import atom, rss

WRITERS: dict[str, Callable[[Channel], bytes]] = {RSS: rss, ATOM: atom, JSON: json_feed}

Target = tuple[str, "File"]


@dataclass(frozen=True)
class File:
    """What belongs at one path; `inputs` is a digest of all that it is made of.

    `source` is the picture to copy, None for a file that this room writes itself.
    """

    inputs: str
    make: Callable[[], bytes]
    source: Path | None = None

    def content(self) -> bytes:
        """Make the octets, at the cost of rendering; the same each time."""
        return self.make()


def render(
    posts: Sequence[Post],
    config: Config,
    editions: Sequence[EditionPage] = (),
    unlisted: Sequence[Post] = (),
) -> Mapping[str, File]:
    """Say what belongs at each path below the published site; nothing is read or written.

    `posts` are public and published ones, newest first; `editions` newest first. Of the
    `unlisted` posts, which only mail shows, nothing but the pictures is published. Raises
    ConfigError when the accent is no colour or both logos have one file name.
    """
    return Plan(posts, config, editions, unlisted).files()


class Plan:
    """All that belongs to one publication.

    `pictures` are the local files to copy, by path; `inputs` is a digest of all the rest.
    """

    def __init__(
        self,
        posts: Sequence[Post],
        config: Config,
        editions: Sequence[EditionPage],
        unlisted: Sequence[Post],
    ) -> None:
        self.posts, self.config, self.editions = posts, config, editions
        self.css = stylesheet(config.brand.accent)
        version = digest(self.css)[:8]
        self.pages = Pages(config, newsletters=bool(editions), css_version=version)
        self.common = digest(site_digest(config), version, str(bool(editions)))
        self.digests = {post.slug: post_digest(post) for post in posts}
        letters = repr([(each.slug, each.title, each.issued_at, each.html) for each in editions])
        self.inputs = digest(self.common, letters, *self.digests.values())
        self.pictures = _pictures((*posts, *unlisted), config)
        self.item = cache(partial(make_item, config=config))

    def files(self) -> dict[str, File]:
        """Gather all in the order of writing: a feed comes after what it links to.

        Where two want one path the later wins, so redirects come first.
        """
        found: dict[str, File] = {}
        self.topics = topics(self.posts)
        self.years = years(self.posts, self.config.site.zone)
        for part in (
            self._redirects,
            self._pictures,
            self._stylesheet,
            self._posts,
            self._editions,
            self._lists,
            self._feeds,
        ):
            found.update(part())
        return found

    def _file(self, make: Callable[[], bytes], *inputs: str) -> File:
        return File(digest(self.common, *inputs), make)

    def _digest(self, posts: Iterable[Post]) -> str:
        return "".join([self.digests[post.slug] for post in posts])

    def _redirects(self) -> Iterator[Target]:
        for post in reversed(self.posts):  # of two posts with one former slug the newer wins
            for alias in post.aliases:
                make = partial(self.pages.moved, post)
                yield f"posts/{alias}/index.html", self._file(make, "moved", self._digest([post]))

    def _pictures(self) -> Iterator[Target]:
        for target, source in self.pictures.items():
            yield target, File("", source.read_bytes, source)

    def _stylesheet(self) -> Iterator[Target]:
        yield "assets/site.css", self._file(self.css.encode, "css")

    def _feeds(self) -> Iterator[Target]:
        for topic in (None, *self.topics):
            newest = tuple(topic.posts if topic else self.posts)[: self.config.feeds.length]
            folder, name = (topic.folder, topic.name) if topic else ("", "")
            channel = cache(partial(self._channel, topic, newest))
            for file_name in FORMATS:
                make = partial(_write_feed, file_name, channel)
                inputs = (file_name, folder, name, self._digest(newest))
                yield folder + file_name, self._file(make, *inputs)

    def _channel(self, topic: Topic | None, posts: tuple[Post, ...]) -> Channel:
        return make_channel(self.config, map(self.item, posts), topic)

    def _lists(self) -> Iterator[Target]:
        home = partial(self.pages.home, self.posts)
        yield "index.html", self._file(home, "home", self._digest(self.posts))
        shelves = (*self.topics, *self.years)
        archive = partial(self.pages.archive, self.topics, self.years)
        counts = repr([(shelf.folder, shelf.name, len(shelf.posts)) for shelf in shelves])
        inputs = ("archive", counts, self._digest(self.posts))
        yield "archive/index.html", self._file(archive, *inputs)
        for shelf in shelves:
            make = partial(self.pages.shelf, shelf)
            inputs = (shelf.folder, shelf.name, self._digest(shelf.posts))
            yield f"{shelf.folder}index.html", self._file(make, *inputs)

    def _editions(self) -> Iterator[Target]:
        for edition in self.editions:
            inputs = digest(edition.html)  # as it was sent: nothing of the site goes in
            yield f"editions/{edition.slug}/index.html", File(inputs, edition.html.encode)
        if self.editions:
            make = partial(self.pages.editions, self.editions)
            titles = repr([(each.slug, each.title, each.issued_at) for each in self.editions])
            yield "editions/index.html", self._file(make, "editions", titles)

    def _posts(self) -> Iterator[Target]:
        for newer, post, older in _with_neighbours(self.posts):
            make = partial(self.pages.post, post, newer, older)
            beside = [repr(each and (each.slug, each.title)) for each in (newer, older)]
            inputs = ("post", self.digests[post.slug], *beside)
            yield f"posts/{post.slug}/index.html", self._file(make, *inputs)


def _pictures(posts: Sequence[Post], config: Config) -> dict[str, Path]:
    """Say which local picture goes to which path."""
    images = [image for post in posts for image in (post.image, *post.images) if image]
    return _logos(config) | {image.target: image.source for image in images if image.source}


def _logos(config: Config) -> dict[str, Path]:
    paths = [path for path in (config.brand.logo, config.brand.logo_dark) if path]
    logos = {f"assets/{Path(path).name}": config.root / path for path in paths}
    if len(logos) < len(set(paths)):
        raise ConfigError(
            "has the file name of brand.logo, and both go to one folder",
            key="brand.logo_dark",
            hint="rename one of the two pictures",
        )
    return logos


def _write_feed(file_name: str, channel: Callable[[], Channel]) -> bytes:
    return WRITERS[file_name](channel())


def _with_neighbours(
    posts: Sequence[Post],
) -> Iterator[tuple[Post | None, Post, Post | None]]:
    padded = [None, *posts, None]
    for (newer, post), (_, older) in pairwise(pairwise(padded)):
        if post:
            yield newer, post, older
