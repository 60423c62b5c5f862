"""Where a post's relative links and pictures lead: to other posts, to files of the site."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from pipeline.config import Config
from pipeline.content.faults import UnusableError
from pipeline.content.images import read_header
from pipeline.content.post import Image
from pipeline.content.slug import slug_in_url

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
    private: bool = False  # its pictures then stand where nobody can guess
    images: dict[str, Image] = field(default_factory=dict)  # by address, in order of appearance
    files: dict[Path, Image] = field(default_factory=dict)  # the local ones, alt left out
    stamps: list[Stamp] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def _root(self) -> Path:
        return Path(os.path.normpath(self.config.root))

    @property
    def page(self) -> str:
        """Address that relative links start from."""
        return page_url(self.config, self.slug)

    def image(self, source: str, alt: str) -> Image:
        """Find a picture: one of the web as it is, another against the Markdown file's folder.

        One that starts with "/" is sought from the site's folder. Raises UnusableError if
        there is no such file, if it lies outside the site, or if mail could not show it.
        """
        parts = self._split(source)
        if parts.scheme not in ("", "http", "https"):
            hint = "name a file beside the post, or an https address"
            raise UnusableError(f"{source[:80]!r} is no image that mail can show", hint)
        if parts.scheme or parts.netloc:
            return self._keep(Image(urljoin(self.page, source), alt))
        file = self._local(unquote(parts.path))
        if not _is_file(file):
            hint = "put it where the post says, or mend the path; names are case-sensitive"
            raise UnusableError(f"there is no image {source!r}", hint)
        self._check_inside(file, source)
        known = self.files.get(file) or self._read(file, source)
        self.files[file] = known
        return self._keep(replace(known, alt=alt))

    def link(self, address: str, text: str = "") -> str:
        """Make a link absolute.

        A path to another post's .md file becomes that post's address, or an UnusableError;
        a picture of the site becomes one of the post's pictures; the rest is resolved against the
        post's page. "#anchors" lead to the post's own page.
        """
        parts = self._split(address)
        if parts.scheme or parts.netloc or not parts.path:
            return urljoin(self.page, address)
        suffix = PurePosixPath(parts.path).suffix.lower()
        if suffix == ".md":
            tail = f"#{parts.fragment}" if parts.fragment else ""
            return self._post(unquote(parts.path), address) + tail
        if suffix in _PICTURES and _is_file(self._local(unquote(parts.path))):
            return self.image(address, text).url
        return urljoin(self.page, address)

    def _post(self, path: str, address: str) -> str:
        below = os.path.relpath(self._local(path), self.config.posts).replace(os.sep, "/")
        url = self.urls.get(below)
        if url is None:
            hint = "name the post's file, starting from the folder of this one"
            raise UnusableError(f"there is no post {address!r}", hint)
        self.links.append((below, url))
        return url

    def _local(self, path: str) -> Path:
        folder = self.config.root if path.startswith("/") else self.path.parent
        return Path(os.path.normpath(folder / path.lstrip("/")))

    def _check_inside(self, file: Path, source: str) -> None:
        homes = (self.config.root.resolve(), self.config.posts.resolve())
        real = file.resolve()
        if not file.is_relative_to(self._root) or not any(map(real.is_relative_to, homes)):
            hint = "copy it beside the post"
            raise UnusableError(f"the image {source!r} lies outside the site's folder", hint)

    def _read(self, file: Path, source: str) -> Image:
        try:
            header = read_header(file)
        except UnusableError as error:
            raise UnusableError(f"the image {source!r} {error}", error.hint) from None
        except OSError as error:
            message = f"the image {source!r} cannot be read: {error.strerror}"
            raise UnusableError(message, "mend the file's permissions") from None
        self._stamp(file)
        name = self._name(file)
        folder = self._folder(file)
        return Image(
            url=f"{self.config.site.url}/{quote(folder)}/{quote(name)}",
            alt="",
            width=header.width,
            height=header.height,
            media_type=header.media_type,
            size=header.size,
            source=file,
            target=f"{folder}/{name}",
        )

    def _folder(self, file: Path) -> str:
        """Folder below the published site.

        A private post has no page, yet mail needs its pictures at some address: theirs is made
        of their own bytes, so only who has the picture can know where it stands.
        """
        if not self.private:
            return f"posts/{self.slug}"
        return f"private/{hashlib.sha256(file.read_bytes()).hexdigest()[:32]}"

    def _stamp(self, file: Path) -> None:
        stat = file.stat()
        self.stamps.append((str(file.relative_to(self._root)), stat.st_mtime_ns, stat.st_size))

    def _name(self, file: Path) -> str:
        """Name among the post's pictures: two of one name in different folders both get a place."""
        taken = {other.name.lower() for other in self.files}
        if file.name.lower() not in taken:
            return file.name
        mark = hashlib.sha256(str(file.relative_to(self._root)).encode()).hexdigest()[:8]
        return f"{file.stem}-{mark}{file.suffix}"

    def _keep(self, image: Image) -> Image:
        kept = self.images.get(image.url)
        if kept is None or (image.alt and not kept.alt):
            self.images[image.url] = image
        return image

    def _split(self, address: str) -> SplitResult:
        try:
            urljoin(self.page, address)
            return urlsplit(address.strip())
        except ValueError:
            raise UnusableError(f"{address!r} is no address", "mend or remove it") from None


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name longer than any file may have
        return False
