"""A minimal pipeline.toml, and more of it for each test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.config import Config, read_config
from pipeline.errors import ConfigError
from tests.support.site import SiteFolder

SITE = """\
[site]
title = "Larkfield"
url = "https://larkfield.example"
email = "a@larkfield.example"
"""
NEWSLETTER = '\n[[newsletter]]\nname = "digest"\nlist = "readers"\n'
Read = Callable[..., Config]


@pytest.fixture
def read(site: SiteFolder) -> Read:
    """Read a pipeline.toml with this text added to a minimal one: `read("[smtp]", HOST="x")`."""

    def read_it(more: str = "", *, start: str = SITE, **environ: str) -> Config:
        site.configure(start + more)
        return read_config(site.root, {f"PIPELINE_{key}": text for key, text in environ.items()})

    return read_it


def told(read: Read, more: str = "", **environ: str) -> ConfigError:
    """The one error that reading raises; a sentence, not a page."""
    with pytest.raises(ConfigError) as caught:
        read(more, **environ)
    assert "\n" not in str(caught.value)
    return caught.value


def toml(section: str, table: dict[str, Any]) -> str:
    """A section of the file."""
    lines = [f"{key} = {_written(value)}" for key, value in table.items()]
    return "\n".join([f"[{section}]", *lines, ""])


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(list(value)) if isinstance(value, tuple) else repr(value)
