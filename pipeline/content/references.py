"""Where a post's relative links and pictures lead: to other posts, to files of the site."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

from pipeline.config import Config
from pipeline.content.images import UnusableImageError, read_header
from pipeline.content.post import Image
from pipeline.content.slug import slug_in_url
from pipeline.errors import ContentError

_PICTURES = (".png", ".jpg", ".jpeg", ".gif")
Stamp = tuple[str, int, int]  # path below the site, mtime in ns, octets


def page_url(config: Config, slug: str) -> str:
    """Address of the page of a post on this site."""
    return f"{config.site.url}/posts/{slug_in_url(slug)}/"


@dataclass
class References:
    """Resolves what one post names, and keeps account of it.

    `urls` gives the address of every post by its path below the posts folder. `stamps` and
    `links` collect what the result depends on besides the post's own file.
    """

    config: Config
    path: Path  # of the Markdown file
    slug: str
    urls: Mapping[str, str]
    images: dict[str, Image] = field(default_factory=dict)  # by address, in order of appearance
    stamps: list[Stamp] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def _root(self) -> Path:
        return Path(os.path.normpath(self.config.root))

    @property
    def page(self) -> str:
        """Address that relative links start from."""
        return page_url(self.config, self.slug)

    def image(self, source: str, alt: str, line: int) -> Image:
        """Find a picture: one of the web as it is, another against the Markdown file's folder.

        One that starts with "/" is sought from the site's folder. Raises ContentError at `line` if
        there is no such file, if it lies outside the site, or if mail could not show it.
        """
        parts = self._split(source, line)
        if parts.scheme not in ("", "http", "https"):
            hint = "name a file beside the post, or an https address"
            raise self._error(f"{source[:80]!r} is no image that mail can show", line, hint)
        if parts.scheme or parts.netloc:
            return self._keep(Image(urljoin(self.page, source), alt))
        file = self._local(unquote(parts.path))
        self._check_inside(file, source, line)
        if not file.is_file():
            hint = f"put it at {file}, or mend the path; names are case-sensitive"
            raise self._error(f"there is no image {source!r}", line, hint)
        return self._keep(self._read(file, source, alt, line))

    def link(self, address: str, line: int, text: str = "") -> str:
        """Make a link absolute.

        A path to another post's .md file becomes that post's address, or a ContentError at `line`;
        a picture of the site becomes one of the post's pictures; the rest is resolved against the
        post's page. "#anchors" lead to the post's own page.
        """
        parts = self._split(address, line)
        if parts.scheme or parts.netloc or not parts.path:
            return urljoin(self.page, address)
        suffix = os.path.splitext(parts.path)[1].lower()
        if suffix == ".md":
            tail = f"#{parts.fragment}" if parts.fragment else ""
            return self._post(unquote(parts.path), address, line) + tail
        if suffix in _PICTURES and self._local(unquote(parts.path)).is_file():
            return self.image(address, text, line).url
        return urljoin(self.page, address)

    def _post(self, path: str, address: str, line: int) -> str:
        below = os.path.relpath(self._local(path), self.config.posts).replace(os.sep, "/")
        url = self.urls.get(below)
        if url is None:
            hint = "name the post's file, starting from the folder of this one"
            raise self._error(f"there is no post {address!r}", line, hint)
        self.links.append((below, url))
        return url

    def _local(self, path: str) -> Path:
        folder = self.config.root if path.startswith("/") else self.path.parent
        return Path(os.path.normpath(folder / path.lstrip("/")))

    def _check_inside(self, file: Path, source: str, line: int) -> None:
        homes = (self.config.root.resolve(), self.config.posts.resolve())
        real = file.resolve()
        if not file.is_relative_to(self._root) or not any(map(real.is_relative_to, homes)):
            hint = "copy it beside the post"
            raise self._error(f"the image {source!r} lies outside the site's folder", line, hint)

    def _read(self, file: Path, source: str, alt: str, line: int) -> Image:
        try:
            header = read_header(file)
        except UnusableImageError as error:
            raise self._error(f"the image {source!r} {error}", line, error.hint) from None
        except OSError as error:
            message = f"the image {source!r} cannot be read: {error.strerror}"
            raise self._error(message, line, "mend the file's permissions") from None
        self._stamp(file)
        name = self._name(file)
        return Image(
            url=f"{self.page}{quote(name)}",
            alt=alt,
            width=header.width,
            height=header.height,
            media_type=header.media_type,
            size=header.size,
            source=file,
            target=f"posts/{self.slug}/{name}",
        )

    def _stamp(self, file: Path) -> None:
        stat = file.stat()
        stamp = (str(file.relative_to(self._root)), stat.st_mtime_ns, stat.st_size)
        if stamp not in self.stamps:
            self.stamps.append(stamp)

    def _name(self, file: Path) -> str:
        """Name among the post's pictures: two of one name in different folders both get a place."""
        taken = {image.target.rsplit("/", 1)[-1].lower(): image for image in self.images.values()}
        rival = taken.get(file.name.lower())
        if rival is None or rival.source == file:
            return file.name
        mark = hashlib.sha256(str(file.relative_to(self._root)).encode()).hexdigest()[:8]
        return f"{file.stem}-{mark}{file.suffix}"

    def _keep(self, image: Image) -> Image:
        kept = self.images.get(image.url)
        if kept is None or (image.alt and not kept.alt):
            self.images[image.url] = image
        return image

    def _split(self, address: str, line: int) -> SplitAddress:
        try:
            parts = urlsplit(address.strip())
            urljoin(self.page, address)
        except ValueError:
            raise self._error(f"{address!r} is no address", line, "mend or remove it") from None
        return SplitAddress(parts.scheme, parts.netloc, parts.path, parts.fragment)

    def _error(self, message: str, line: int, hint: str) -> ContentError:
        return ContentError(message, path=self.path, line=line, hint=hint)


@dataclass(frozen=True)
class SplitAddress:
    """The parts of an address that decide where it leads."""

    scheme: str
    netloc: str
    path: str
    fragment: str
