"""What a look at a newsletter finds, and when it will be due again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import audience, campaigns
from pipeline.campaigns import Verdict
from pipeline.config import NewsletterSettings
from pipeline.db import reading, writing
from pipeline.errors import AudienceError, CampaignError
from pipeline.schema import campaigns as campaigns_table
from pipeline.schema import occurrences
from tests.campaigns.conftest import Desk
from tests.campaigns.examples import NOW, a_post

# NOW is a Tuesday, 12:00 UTC and 08:00 in New York: the newsletter's hour is one later.
TODAY = datetime(2026, 3, 31, 13, 0, tzinfo=UTC)
NEXT_WEEK = TODAY + timedelta(days=7)


def test_a_new_newsletter_is_due_at_once(desk: Desk) -> None:
    due = desk.look()

    assert due.verdict is Verdict.DUE
    assert due.due_at is None
    assert due.next_at == TODAY
    assert due.selection.posts == tuple(desk.posts)


def test_a_launched_one_waits_for_its_time(desk: Desk) -> None:
    desk.launch()
    new = desk.with_posts(*desk.posts, a_post(3, days_ago=0.01))

    assert new.look(TODAY - timedelta(seconds=1)).verdict is Verdict.NOT_YET
    due = new.look(TODAY)
    assert (due.verdict, due.due_at, due.next_at) == (Verdict.DUE, TODAY, NEXT_WEEK)
    assert [post.slug for post in due.selection.posts] == ["post-3"]


def test_looking_changes_nothing(desk: Desk) -> None:
    assert desk.look() == desk.look()
    assert desk.count(occurrences) == 0


def test_missed_times_count_as_one(desk: Desk) -> None:
    desk.launch()
    after_a_month = NEXT_WEEK + timedelta(days=28, hours=5)
    new = desk.with_posts(*desk.posts, a_post(3, days_ago=-30))

    due = new.look(after_a_month)
    assert (due.verdict, due.due_at) == (Verdict.DUE, TODAY)
    assert new.launch(after_a_month) is not None
    assert new.look(after_a_month).verdict is Verdict.NOT_YET
    assert new.look(after_a_month).next_at == NEXT_WEEK + timedelta(days=35)
    assert desk.count(campaigns_table) == 2


def test_nothing_new_is_taken_once(desk: Desk) -> None:
    desk.launch()

    assert desk.look(TODAY).verdict is Verdict.NOTHING_NEW
    desk.tick(TODAY)
    desk.tick(TODAY)
    assert desk.look(TODAY).verdict is Verdict.NOT_YET
    assert desk.look(TODAY).next_at == NEXT_WEEK
    assert desk.count(occurrences) == 2  # the launch and this one


def test_two_that_find_nothing_new_take_it_once(desk: Desk) -> None:
    desk.launch()
    due = desk.look(TODAY)
    for _ in range(2):
        campaigns.pass_by(desk.engine, due, TODAY, rehearsal=True)

    assert desk.count(occurrences) == 2


def test_one_that_never_ran_stays_due_until_there_is_a_post(desk: Desk) -> None:
    empty = desk.with_posts()
    assert empty.look().verdict is Verdict.NOTHING_NEW
    empty.tick()

    assert empty.look().verdict is Verdict.NOTHING_NEW
    assert desk.count(occurrences) == 0
    assert desk.look(NOW + timedelta(minutes=1)).verdict is Verdict.DUE


def test_in_the_hour_that_comes_twice_nothing_is_taken_twice(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        (old,) = campaigns.read_newsletters(connection)
        settings = replace(old.settings, schedule="45 1 * * *")
        campaigns.update_newsletter(connection, old, settings, NOW)
    desk.launch()
    second_time_round = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)  # 01:10 again in New York
    for minute in range(3):
        desk.tick(second_time_round + timedelta(minutes=minute))

    assert desk.look(second_time_round).next_at == datetime(2026, 11, 2, 6, 45, tzinfo=UTC)


def test_a_list_that_is_not_there_is_told(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        (old,) = campaigns.read_newsletters(connection)
        settings = replace(old.settings, list="members")
        campaigns.update_newsletter(connection, old, settings, NOW)

    with pytest.raises(AudienceError, match="no list called 'members'") as caught:
        desk.look()
    assert "subscribers/members.csv" in caught.value.hint


def test_a_list_that_everybody_left_is_nobody(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        for person in audience.list_people(connection, 1):
            audience.unsubscribe(connection, 1, person.id, NOW)

    assert desk.look().verdict is Verdict.NOBODY


# --- rehearsals ---------------------------------------------------------------------------------


def test_after_a_rehearsal_the_first_real_send_has_it_all(desk: Desk) -> None:
    more = desk.with_posts(*[a_post(number, days_ago=number) for number in range(1, 15)])
    more.launch()

    assert [post.slug for post in more.real.look().selection.posts] == [
        f"post-{number}" for number in range(1, 11)
    ]
    assert more.real.look().verdict is Verdict.DUE
    assert more.real.launch() is not None


def test_a_second_rehearsal_sends_nothing_again(desk: Desk) -> None:
    desk.launch()

    assert desk.look(TODAY).verdict is Verdict.NOTHING_NEW
    assert desk.look(TODAY).selection.posts == ()


def test_what_was_really_sent_is_new_for_no_rehearsal(desk: Desk) -> None:
    desk.real.launch()

    assert desk.look().verdict is Verdict.NOTHING_NEW
    assert desk.look().selection.posts == ()


def test_rehearsals_and_real_sends_have_times_of_their_own(desk: Desk) -> None:
    desk.launch()

    assert desk.look().verdict is Verdict.NOT_YET
    assert desk.real.look().due_at is None


# --- composing the next one ---------------------------------------------------------------------


def next_subject(desk: Desk) -> str:
    with reading(desk.engine) as connection:
        (newsletter,) = campaigns.read_newsletters(connection)
        return campaigns.compose_next(connection, newsletter, desk.posts, desk.config, NOW).subject


def test_the_next_edition_holds_what_is_new(desk: Desk) -> None:
    assert next_subject(desk) == "Post 1"


def test_with_nothing_new_it_shows_what_a_first_one_would_hold(desk: Desk) -> None:
    desk.launch()

    assert next_subject(desk) == "Post 1"


def test_with_no_post_at_all_it_says_so(desk: Desk) -> None:
    with pytest.raises(CampaignError, match="'digest' matches no published post") as caught:
        next_subject(desk.with_posts())

    assert "publish one" in caught.value.hint


def test_another_newsletter_has_its_own_new_posts(desk: Desk) -> None:
    desk.launch()
    other = NewsletterSettings(name="weekly", list="readers", timezone="UTC", tags=("knee",))
    posts = (*desk.posts, a_post(3, tags=("Knee",)))
    with writing(desk.engine) as connection:
        campaigns.add_newsletter(connection, other, NOW)
        weekly = campaigns.read_newsletters(connection)[1]
        due = campaigns.read_due(connection, weekly, posts, NOW, rehearsal=True)

    assert [post.slug for post in due.selection.posts] == ["post-3"]
    assert due.selection.passed_over == tuple(post.id for post in desk.posts)
