"""Clocks that run ahead and are set right, and machines whose clocks differ: nobody is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import audience, campaigns, ledger
from pipeline.campaigns import Verdict
from pipeline.db import writing
from pipeline.ledger import Sheet
from pipeline.schema import campaigns as campaigns_table
from pipeline.schema import consumed_posts
from tests.campaigns.conftest import Desk
from tests.campaigns.examples import NOW, a_post

TODAY = datetime(2026, 3, 31, 13, 0, tzinfo=UTC)  # the newsletter's hour, one after NOW
NEXT_WEEK = TODAY + timedelta(days=7)
A_YEAR = timedelta(days=365)
HOURS = timedelta(hours=6)


def open_roster(desk: Desk, campaign_id: int | None, now: datetime) -> Sheet:
    assert campaign_id is not None
    with writing(desk.engine) as connection:
        while ledger.open_range(connection, 2, now, rehearsal=True):
            pass
        return ledger.read_sheet(connection, campaign_id)


def leave(desk: Desk, subscriber_id: int, now: datetime) -> None:
    with writing(desk.engine) as connection:
        audience.unsubscribe(connection, 1, subscriber_id, now)


@pytest.mark.parametrize("back", [timedelta(microseconds=1), timedelta(minutes=5), HOURS])
def test_who_joined_by_a_clock_that_ran_ahead_gets_the_mail(desk: Desk, back: timedelta) -> None:
    campaign_id = desk.launch(NOW - back)
    sheet = open_roster(desk, campaign_id, NOW - back)

    assert (sheet.recipients, sheet.roster_complete, sheet.closes) == (3, True, True)


def test_who_left_by_a_clock_that_ran_ahead_is_not_counted(desk: Desk) -> None:
    leave(desk, 2, NOW + timedelta(hours=1))
    campaign_id = desk.launch(NOW)

    assert desk.campaign(campaign_id).recipients == 2
    assert open_roster(desk, campaign_id, NOW).closes


def test_who_leaves_after_such_a_launch_stays_on_its_roster(desk: Desk) -> None:
    campaign_id = desk.launch(NOW - HOURS)
    leave(desk, 2, NOW - HOURS)
    sheet = open_roster(desk, campaign_id, NOW - HOURS)

    assert (sheet.recipients, sheet.closes) == (3, True)


def test_a_launch_to_nobody_takes_nothing(desk: Desk) -> None:
    due = desk.look()
    edition = desk.compose(due)
    for subscriber_id in (1, 2, 3):
        leave(desk, subscriber_id, NOW)

    assert campaigns.launch(desk.engine, due, edition, desk.config, NOW) is None
    assert desk.count(campaigns_table) == 0
    assert desk.count(consumed_posts) == 0


def test_a_newsletter_launched_by_a_clock_that_ran_ahead_comes_back_to_its_schedule(
    desk: Desk,
) -> None:
    desk.launch(NOW + A_YEAR)
    assert desk.look(NOW).verdict is Verdict.NOT_YET
    desk.tick(NOW)

    new = desk.with_posts(*desk.posts, a_post(3, days_ago=0.01))
    assert new.look(TODAY).verdict is Verdict.DUE
    assert new.launch(TODAY) is not None


def test_a_clock_set_back_takes_no_time_twice(desk: Desk) -> None:
    desk.launch()
    desk.tick(TODAY)
    desk.tick(TODAY - timedelta(seconds=10))

    assert desk.look(TODAY - timedelta(seconds=10)).next_at == NEXT_WEEK
    assert desk.look(TODAY).verdict is Verdict.NOT_YET


def test_a_schedule_changed_away_and_back_takes_no_time_twice(desk: Desk) -> None:
    desk.launch()
    desk.tick(TODAY)
    with writing(desk.engine) as connection:
        (before,) = campaigns.read_newsletters(connection)
        other = replace(before.settings, schedule="0 9 * * 5")
        campaigns.update_newsletter(connection, before, other, NOW)
        (changed,) = campaigns.read_newsletters(connection)
        campaigns.update_newsletter(connection, changed, before.settings, NOW)

    assert desk.look(NOW).next_at == NEXT_WEEK
    new = desk.with_posts(*desk.posts, a_post(3, days_ago=0.01))
    assert new.look(TODAY).verdict is Verdict.NOT_YET
    assert new.launch(NEXT_WEEK) is not None
