"""Rule 1: one transaction, one launch: whoever else tries at the same time, and whatever breaks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience, campaigns, ledger
from pipeline.campaigns import read_edition
from pipeline.campaigns.selection import Selection
from pipeline.content import Visibility
from pipeline.db import make_engine, reading, writing
from pipeline.errors import AudienceError, CampaignError
from pipeline.schema import CampaignState, consumed_posts, editions, occurrences, schedules
from pipeline.schema import campaigns as campaigns_table
from tests.campaigns.conftest import Desk
from tests.campaigns.examples import NOW, a_post

EVERYTHING = (campaigns_table, consumed_posts, occurrences, schedules, editions)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


# --- what a launch makes ------------------------------------------------------------------------


def test_a_campaign_knows_what_it_sends_to_whom_and_from_whom(desk: Desk) -> None:
    due = desk.look()
    campaign = desk.campaign(desk.launch())

    assert (campaign.newsletter, campaign.subject) == ("digest", "Post 1")
    assert (campaign.state, campaign.recipients) == (CampaignState.SENDING, 3)
    assert (campaign.due_at, campaign.launched_at, campaign.finished_at) == (NOW, NOW, None)
    assert campaign.rehearsal
    assert campaign.sender.email == "letter@larkfield.example"
    assert campaign.sender.list_id == "readers.larkfield.example"
    assert campaign.sender.rehearsal
    assert campaign.edition_id == desk.compose(due).id


def test_its_edition_is_kept_as_it_was_composed(desk: Desk) -> None:
    edition = desk.compose(desk.look())
    campaign = desk.campaign(desk.launch())
    with reading(desk.engine) as connection:
        assert read_edition(connection, campaign.edition_id) == edition


def test_posts_are_sent_or_passed_over_and_told_apart(desk: Desk) -> None:
    more = desk.with_posts(*[a_post(number, days_ago=number) for number in range(1, 13)])
    campaign_id = more.launch()
    with reading(desk.engine) as connection:
        rows = connection.execute(sa.select(consumed_posts)).all()

    assert sorted(row.post_id for row in rows if row.campaign_id is None) == sorted(
        post.id for post in more.posts[10:]
    )
    assert {row.campaign_id for row in rows} == {None, campaign_id}
    assert len(rows) == 12


def test_a_post_that_is_edited_or_renamed_later_is_not_sent_again(desk: Desk) -> None:
    desk.launch()
    edited = replace(desk.posts[0], title="New title", slug="new-slug", updated=NOW)

    assert desk.with_posts(edited, desk.posts[1]).look().selection.posts == ()


# --- once ---------------------------------------------------------------------------------------


def other_process(desk: Desk, database_url: str) -> Desk:
    return replace(desk, engine=make_engine(database_url))


@pytest.mark.parametrize("first", [True, False])
def test_two_processes_make_one_campaign(desk: Desk, database_url: str, *, first: bool) -> None:
    now = NOW
    if not first:
        desk.launch()
        now = NOW + timedelta(days=7)
        desk = desk.with_posts(*desk.posts, a_post(3, days_ago=-6))
    before = desk.count(campaigns_table)
    both = (desk, other_process(desk, database_url))
    looks = [one.look(now) for one in both]
    edition = desk.compose(looks[0], now)

    def start(number: int) -> int | None:
        one = both[number]
        return campaigns.launch(one.engine, looks[number], edition, one.config, now)

    made = at_once(lambda: start(0), lambda: start(1))
    both[1].engine.dispose()

    assert made.count(None) == 1
    assert desk.count(campaigns_table) == before + 1


def test_a_look_that_is_out_of_date_launches_nothing(desk: Desk) -> None:
    old = desk.look()
    edition = desk.compose(old)
    desk.launch()
    before = [desk.count(table) for table in EVERYTHING]

    assert campaigns.launch(desk.engine, old, edition, desk.config, NOW) is None
    campaigns.pass_by(desk.engine, old, NOW, rehearsal=True)
    assert [desk.count(table) for table in EVERYTHING] == before


def test_who_leaves_while_a_campaign_is_launched_is_counted_on_one_side(
    desk: Desk, database_url: str
) -> None:
    other = make_engine(database_url)
    due = desk.look()
    edition = desk.compose(due)

    def leave(engine: Engine, clock: datetime) -> None:
        with writing(engine) as connection:
            audience.unsubscribe(connection, 1, 2, clock)

    campaign_id, _ = at_once(
        lambda: campaigns.launch(desk.engine, due, edition, desk.config, NOW),
        lambda: leave(other, NOW - timedelta(seconds=2)),
    )
    with writing(desk.engine) as connection:
        while ledger.open_range(connection, 1, NOW, rehearsal=True):
            pass
        sheet = ledger.read_sheet(connection, campaign_id)
    other.dispose()

    assert sheet.closes


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_a_launch_waits_for_who_is_just_leaving(desk: Desk) -> None:
    due = desk.look()
    edition = desk.compose(due)
    with ThreadPoolExecutor(1) as pool:
        with writing(desk.engine) as connection:
            audience.unsubscribe(connection, 1, 2, NOW - timedelta(seconds=2))
            launched = pool.submit(campaigns.launch, desk.engine, due, edition, desk.config, NOW)
        campaign_id = launched.result(timeout=20)

    assert desk.campaign(campaign_id).recipients == 2


# --- whole or not at all ------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["insert_campaign", "consume_posts", "take_occurrence"])
def test_a_launch_that_breaks_leaves_nothing_and_can_be_done_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patch:
        patch.setattr(import_module("pipeline.campaigns.launch"), step, broken)
        with pytest.raises(RuntimeError):
            desk.launch()

    assert [desk.count(table) for table in EVERYTHING] == [0] * len(EVERYTHING)
    assert desk.launch() is not None


def test_a_post_that_would_go_twice_stops_the_launch(desk: Desk) -> None:
    due = desk.look()
    edition = desk.compose(due)
    twice = replace(due, selection=Selection((desk.posts[0], desk.posts[0])))

    with pytest.raises(sa.exc.IntegrityError):
        campaigns.launch(desk.engine, twice, edition, desk.config, NOW)
    assert [desk.count(table) for table in EVERYTHING] == [0] * len(EVERYTHING)


def test_a_list_that_vanished_meanwhile_leaves_nothing(desk: Desk) -> None:
    due = desk.look()
    edition = desk.compose(due)
    settings = replace(due.newsletter.settings, list="members")
    moved = replace(due, newsletter=replace(due.newsletter, settings=settings))

    with pytest.raises(AudienceError, match="members"):
        campaigns.launch(desk.engine, moved, edition, desk.config, NOW)
    assert desk.count(editions) == 0


# --- reading campaigns --------------------------------------------------------------------------


def test_campaigns_are_listed_newest_first(desk: Desk) -> None:
    first = desk.launch()
    second = desk.real.launch()
    with reading(desk.engine) as connection:
        found = campaigns.read_campaigns(connection)

    assert [one.id for one in found] == [second, first]


def test_a_campaign_that_is_not_there_is_told(desk: Desk) -> None:
    with (
        reading(desk.engine) as connection,
        pytest.raises(CampaignError, match="no campaign 7") as caught,
    ):
        campaigns.read_campaign(connection, 7)

    assert "pipeline campaigns" in caught.value.hint


def test_what_was_only_rehearsed_is_no_public_edition_of_the_real_site(desk: Desk) -> None:
    desk.launch()
    with reading(desk.engine) as connection:
        rehearsed = campaigns.read_public_editions(connection, rehearsal=True)
        real = campaigns.read_public_editions(connection, rehearsal=False)

    assert [one.subject for one in rehearsed] == ["Post 1"]
    assert real == ()


def test_an_edition_with_a_private_post_is_not_public(desk: Desk) -> None:
    private = desk.with_posts(a_post(9, visibility=Visibility.PRIVATE))
    with writing(desk.engine) as connection:
        (old,) = campaigns.read_newsletters(connection)
        settings = replace(old.settings, private=True)
        campaigns.update_newsletter(connection, old, settings, NOW)
    private.launch()
    with reading(desk.engine) as connection:
        assert campaigns.read_public_editions(connection, rehearsal=True) == ()
        assert campaigns.count_editions(connection) == 1
