"""What the tests of this room can ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Config
from tests.support.shelf import SITE, Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "site" / "posts").mkdir(parents=True)
    return Shelf(Config(root=tmp_path / "site", site=SITE))
