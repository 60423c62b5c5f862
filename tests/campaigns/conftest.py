"""A site that is looked at and launched from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience, campaigns
from pipeline.campaigns import Campaign, Due, Verdict
from pipeline.compose import Edition
from pipeline.config import Config, Provider, read_config
from pipeline.content import Post
from pipeline.db import reading, writing
from tests.campaigns.examples import NOW, a_post
from tests.support.site import SiteFolder


@dataclass(frozen=True)
class Desk:
    """A site with its database: what the clock does with newsletters, step by step."""

    engine: Engine
    site: SiteFolder
    config: Config
    posts: Sequence[Post]

    @property
    def real(self) -> Desk:
        """The same site with a provider."""
        return replace(self, config=replace(self.config, providers=(Provider(host="127.0.0.1"),)))

    def with_posts(self, *posts: Post) -> Desk:
        return replace(self, posts=posts)

    def look(self, now: datetime = NOW) -> Due:
        """What the newsletter `digest` would do."""
        with reading(self.engine) as connection:
            newsletter = campaigns.read_newsletters(connection)[0]
            return campaigns.read_due(
                connection, newsletter, self.posts, now, rehearsal=self.config.rehearsal
            )

    def compose(self, due: Due, now: datetime = NOW) -> Edition:
        return campaigns.compose_edition(due, self.config, now)

    def launch(self, now: datetime = NOW) -> int | None:
        """Launch the newsletter; the campaign's id."""
        due = self.look(now)
        return campaigns.launch(self.engine, due, self.compose(due, now), self.config, now)

    def tick(self, now: datetime = NOW) -> None:
        """Let what is not due pass, as the clock does."""
        due = self.look(now)
        if due.verdict is not Verdict.DUE:
            campaigns.pass_by(self.engine, due, now, rehearsal=self.config.rehearsal)

    def campaign(self, campaign_id: int | None) -> Campaign:
        assert campaign_id is not None
        with reading(self.engine) as connection:
            return campaigns.read_campaign(connection, campaign_id)

    def count(self, table: sa.Table) -> int:
        with reading(self.engine) as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


@pytest.fixture
def desk(engine: Engine, site: SiteFolder) -> Desk:
    """A rehearsing site: two posts, three readers, and a newsletter each Tuesday at nine."""
    people = [f"reader{number}@larkfield.example" for number in range(3)]
    audience.import_file(engine, site.add_subscribers("readers", people), NOW)
    config = read_config(site.root, {})
    with writing(engine) as connection:
        campaigns.declare_newsletters(connection, config.newsletters, NOW)
    return Desk(engine, site, config, (a_post(1), a_post(2, days_ago=2)))
