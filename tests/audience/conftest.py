"""Files of people and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Config, Security, Site

WriteFile = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    """Write a list's file, as text or as it stands on the disk: `write("email\\na@b.example")`."""

    def write_file(content: str | bytes, name: str = "readers.csv") -> Path:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write_file


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., Config]:
    """A site's configuration, with this secret."""
    site = Site(title="t", url="https://larkfield.example", email="a@larkfield.example")

    def make(secret: str = "") -> Config:
        return Config(root=tmp_path, site=site, security=Security(secret=secret))

    return make
