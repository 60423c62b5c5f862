"""Rule 1 on both databases: what is due becomes a campaign once, whole or not at all."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience, campaigns, ledger
from pipeline.campaigns import Due, Verdict
from pipeline.campaigns.selection import Selection
from pipeline.compose import Edition
from pipeline.config import Config, NewsletterSettings, Provider, Site
from pipeline.db import reading, writing
from pipeline.schema import campaigns as campaigns_table
from pipeline.schema import consumed_posts, occurrences, schedules
from tests.campaigns.examples import NOW, a_post
from tests.support.site import SiteFolder

EDITION = Edition(
    id="0" * 64,
    newsletter="digest",
    subject="Subject",
    preheader="",
    html="<p>",
    text="-",
    language="en",
    post_ids=("one",),
    private=False,
    view_url="",
    issued_on=date(2026, 3, 31),
)
POSTS = (a_post(1), a_post(2))


@pytest.fixture
def config(site: SiteFolder, engine: Engine) -> Config:
    """A rehearsing site with three people on the list `readers` and a newsletter to it."""
    people = [f"reader-{number}@example.com" for number in range(3)]
    audience.import_file(engine, site.add_subscribers("readers", people), NOW)
    with writing(engine) as connection:
        digest = NewsletterSettings(name="digest", list="readers", timezone="UTC")
        campaigns.declare_newsletters(connection, [digest], NOW)
    identity = Site(title="T", url="https://a.example", email="a@a.example", authority="a.example")
    return Config(root=site.root, site=identity)


def look(engine: Engine, config: Config, now: datetime = NOW) -> Due:
    with reading(engine) as connection:
        (newsletter,) = campaigns.read_newsletters(connection)
        return campaigns.read_due(connection, newsletter, POSTS, now, rehearsal=config.rehearsal)


def count(engine: Engine, table: sa.Table) -> int:
    with reading(engine) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def real(config: Config) -> Config:
    return replace(config, providers=(Provider(host="127.0.0.1"),))


def test_a_launch_makes_the_campaign_and_consumes_its_posts(engine: Engine, config: Config) -> None:
    due = look(engine, config)
    campaign_id = campaigns.launch(engine, due, EDITION, config, NOW)

    assert due.verdict is Verdict.DUE
    assert campaign_id is not None
    with reading(engine) as connection:
        sheet = ledger.read_sheet(connection, campaign_id)
    assert (sheet.recipients, sheet.closes) == (3, True)
    after = look(engine, config)
    assert (after.verdict, after.selection.posts) == (Verdict.NOT_YET, ())


def test_the_same_look_launches_once(engine: Engine, config: Config) -> None:
    due = look(engine, config)

    launched = [campaigns.launch(engine, due, EDITION, config, NOW) for _ in range(2)]

    assert launched[0] is not None
    assert launched[1] is None
    assert count(engine, campaigns_table) == 1


def test_two_threads_with_one_look_launch_once(engine: Engine, config: Config) -> None:
    due = look(engine, config)
    both = threading.Barrier(2)
    made: list[int | None] = []

    def start() -> None:
        both.wait()
        made.append(campaigns.launch(engine, due, EDITION, config, NOW))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one is None for one in made) == [False, True]
    assert count(engine, campaigns_table) == 1


def test_a_launch_that_fails_half_way_leaves_nothing(engine: Engine, config: Config) -> None:
    due = look(engine, config)
    twice = replace(due, selection=Selection((POSTS[0], POSTS[0])))

    with pytest.raises(sa.exc.IntegrityError):
        campaigns.launch(engine, twice, EDITION, config, NOW)

    for table in (campaigns_table, consumed_posts, occurrences, schedules):
        assert count(engine, table) == 0
    assert look(engine, config).verdict is Verdict.DUE


def test_a_rehearsal_leaves_posts_new_for_the_first_real_send_only(
    engine: Engine, config: Config
) -> None:
    campaigns.launch(engine, look(engine, config), EDITION, config, NOW)

    assert look(engine, config).selection.posts == ()
    assert look(engine, real(config)).selection.posts == POSTS
    campaigns.launch(engine, look(engine, real(config)), EDITION, real(config), NOW)
    assert look(engine, real(config)).selection.posts == ()


def test_an_occurrence_with_nothing_new_is_taken_once(engine: Engine, config: Config) -> None:
    campaigns.launch(engine, look(engine, config), EDITION, config, NOW)
    later = NOW + timedelta(days=8)
    due = look(engine, config, later)

    campaigns.pass_by(engine, due, later, rehearsal=True)

    assert due.verdict is Verdict.NOTHING_NEW
    assert look(engine, config, later).verdict is Verdict.NOT_YET
    assert look(engine, config, later).next_at > later


def test_a_list_with_nobody_on_it_is_not_mailed(engine: Engine, config: Config) -> None:
    with writing(engine) as connection:
        readers = audience.find_list(connection, "readers")
        for person in audience.list_people(connection, readers.id):
            audience.unsubscribe(connection, readers.id, person.id, NOW)

    assert look(engine, config).verdict is Verdict.NOBODY


def test_who_joins_after_the_launch_is_not_in_it(
    engine: Engine, config: Config, site: SiteFolder
) -> None:
    campaign_id = campaigns.launch(engine, look(engine, config), EDITION, config, NOW)
    late = NOW + timedelta(seconds=1)
    audience.import_file(engine, site.add_subscribers("readers", ["late@example.com"]), late)
    with writing(engine) as connection:
        while ledger.open_range(connection, 2, late, rehearsal=True):
            pass

    assert campaign_id is not None
    with reading(engine) as connection:
        sheet = ledger.read_sheet(connection, campaign_id)
    assert sheet.roster_complete
    assert (sheet.recipients, sheet.closes) == (3, True)
