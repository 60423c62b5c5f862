"""What the tests of this room share; the makers stand in made.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Config
from tests.feeds.made import a_config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return a_config(tmp_path / "site")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    file = tmp_path / "spine.png"
    file.write_bytes(b"\x89PNG made by hand")
    return file
