"""A posts folder to write into and to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image as Picture

from pipeline.config import Config, Site
from pipeline.content import Post, read_posts
from pipeline.errors import ContentErrors

SITE = Site(
    title="Larkfield Pain Practice",
    url="https://larkfield.example",
    email="letter@larkfield.example",
    timezone="America/New_York",
    author="The Larkfield team",
    authority="larkfield.example",
)


@dataclass
class Shelf:
    """A site's folder with a few short ways to fill it and to read it."""

    config: Config

    @property
    def posts(self) -> Path:
        return self.config.posts

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.posts / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def add(self, body: str = "Some text.", *lines: str, name: str = "2026-03-01-back.md") -> Path:
        """Write a good post; `lines` are more of its front matter."""
        head = "\n".join(("title: Back pain", "date: 2026-03-01 09:00", *lines))
        return self.write(name, f"---\n{head}\n---\n{body}\n")

    def picture(self, name: str, size: tuple[int, int] = (40, 20), kind: str = "") -> Path:
        file = self.posts / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Picture.new("RGB", size).save(file, kind or None)
        return file

    def read(self) -> tuple[Post, ...]:
        return read_posts(self.config)

    def one(self) -> Post:
        (post,) = self.read()
        return post

    def render(self, body: str, *lines: str) -> Post:
        self.add(body, *lines)
        return self.one()

    def faults(self) -> list[str]:
        """Every fault as a person reads it, with paths below the site's folder."""
        with pytest.raises(ContentErrors) as caught:
            self.read()
        return [str(error).replace(f"{self.config.root}/", "") for error in caught.value.errors]

    def hints(self) -> list[str]:
        with pytest.raises(ContentErrors) as caught:
            self.read()
        return [error.hint for error in caught.value.errors]
