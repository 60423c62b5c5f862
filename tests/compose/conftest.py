"""A newsletter and a site made by hand; nothing is read but templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.compose import Edition, make_edition
from pipeline.config import Brand, Config, NewsletterSettings, Serve, Site
from pipeline.content import Post
from tests.compose.examples import ISSUED_ON, URL, Compose


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site without templates of its own: the shipped ones are compiled once for all tests."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture
def config(request: pytest.FixtureRequest, tmp_path: Path, empty_site: Path) -> Config:
    return Config(
        root=tmp_path if "write_template" in request.fixturenames else empty_site,
        site=Site(
            title="Larkfield Pain Practice",
            url=URL,
            email="letter@larkfield.example",
            description="Plain words about pain.",
            timezone="America/New_York",
            postal_address="12 Orchard Lane, Larkfield, NY 10000, USA",
            reason="You asked us for this letter.",
            disclaimer="This letter does not replace a visit.",
        ),
        brand=Brand(logo="images/larkfield.png", logo_dark="images/larkfield-dark.png"),
        serve=Serve(public_url="https://letter.larkfield.example"),
    )


@pytest.fixture
def newsletter() -> NewsletterSettings:
    return NewsletterSettings(name="digest", list="readers", title="The Larkfield Letter")


@pytest.fixture
def compose(config: Config, newsletter: NewsletterSettings) -> Compose:
    """Compose posts: `compose([post], template="post")` sets keys of the newsletter.

    `config` and `issued_on` replace the usual ones.
    """

    def make(
        posts: Sequence[Post],
        *,
        config: Config = config,
        issued_on: date = ISSUED_ON,
        **settings: Any,
    ) -> Edition:
        return make_edition(posts, replace(newsletter, **settings), config, issued_on=issued_on)

    return make


@pytest.fixture
def write_template(config: Config) -> Callable[[str, str], None]:
    """Write a file into the site's own templates."""

    def write(name: str, source: str) -> None:
        file = config.templates / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")

    return write
