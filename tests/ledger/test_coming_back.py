"""Who leaves, comes back or hears nothing for a while: right for each, and the sheet closes."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from pipeline import audience
from pipeline.db import reading, writing
from pipeline.schema import DeliveryStatus, campaigns
from tests.ledger.books import NOW, Books, later
from tests.ledger.conftest import Open

PLANNED, SKIPPED = DeliveryStatus.PLANNED, DeliveryStatus.SKIPPED
LEFT, BACK = later(minutes=-5), later(minutes=5)


def on_roster(campaign: Books) -> set[int]:
    """Who is on it, once it is complete; it has as many as were counted at launch."""
    campaign.open_all()
    with reading(campaign.engine) as connection:
        counted = select(campaigns.c.recipients).where(campaigns.c.id == campaign.campaign_id)
        assert len(campaign.rows) == connection.execute(counted).scalar_one()
    return set(campaign.rows)


def test_who_came_back_before_the_launch_is_as_if_never_gone(books: Open) -> None:
    made = books(2)
    made.leave(1, at=later(minutes=-9))
    assert made.come_back(1, left=later(minutes=-9), at=LEFT)

    assert on_roster(made.launch()) == {1, 2}


def test_who_came_back_after_a_launch_is_not_of_it_and_is_of_the_next(books: Open) -> None:
    made = books(2)
    made.leave(1, at=LEFT)
    first = made.launch()
    assert made.come_back(1, left=LEFT, at=BACK)

    assert on_roster(first) == {2}
    assert on_roster(made.launch(at=later(minutes=9))) == {1, 2}


def test_who_left_and_came_back_after_a_launch_still_gets_it(books: Open) -> None:
    campaign = books(2).launch()
    campaign.leave(1, at=BACK)
    campaign.open_all()
    assert campaign.come_back(1, left=BACK, at=later(minutes=6))

    assert campaign.start([1, 2]) == {1: 1, 2: 1}


def test_two_launches_with_a_departure_between_them_both_close(books: Open) -> None:
    made = books(2)
    first = made.launch(at=later(minutes=-10))
    made.leave(1, at=LEFT)
    second = made.launch()
    assert made.come_back(1, left=LEFT, at=BACK)

    assert on_roster(first) == {1, 2}
    assert on_roster(second) == {2}


def test_nobody_comes_back_twice_between_launches_that_are_still_opened(books: Open) -> None:
    made = books(2)
    first = made.launch(at=later(minutes=-10))
    made.leave(1, at=LEFT)
    second = made.launch()
    made.come_back(1, left=LEFT, at=BACK)
    made.leave(1, at=later(minutes=6))
    third = made.launch(at=later(minutes=7))
    assert not made.come_back(1, left=later(minutes=6), at=later(minutes=8))
    assert [on_roster(one) for one in (first, second, third)] == [{1, 2}, {2}, {2}]

    assert made.come_back(1, left=later(minutes=6), at=later(minutes=9))


@pytest.mark.parametrize("moments", list(itertools.combinations(range(7), 3)))
def test_whenever_somebody_leaves_and_comes_back_every_sheet_closes(
    books: Open, moments: tuple[int, int, int]
) -> None:
    """Launch, leave, launch, come back ... at seven instants, in every order of three."""
    leave, back, again = (later(minutes=10 * moment) for moment in moments)
    made = books(2)
    campaigns = []
    for minute in range(0, 70, 10):
        at: datetime = later(minutes=minute)
        if at in (leave, again):
            made.leave(1, at=at)
        elif at == back:
            made.come_back(1, left=leave, at=at)
        else:
            campaigns.append(made.launch(at=at))

    for campaign in campaigns:
        assert 2 in on_roster(campaign)


def test_a_departure_that_is_not_the_last_one_is_not_taken_back(books: Open) -> None:
    made = books(2)
    made.leave(1, at=LEFT)

    assert not made.come_back(1, left=NOW, at=BACK)
    assert not made.come_back(2, left=LEFT, at=BACK)
    assert on_roster(made.launch()) == {2}


# --- pausing ------------------------------------------------------------------------------------


def test_who_pauses_hears_nothing_from_the_very_next_message_on(books: Open) -> None:
    campaign = books(2).launch()
    campaign.open_all()
    campaign.pause(1, until=later(days=7))

    assert campaign.start([1, 2]) == {2: 1}
    assert campaign.rows[1].status is SKIPPED
    assert campaign.rows[1].reason == "paused"


def test_a_pause_ends_by_itself(books: Open) -> None:
    made = books(1)
    made.pause(1, until=later(days=-1), at=later(days=-8))
    campaign = made.launch()
    campaign.open_all()

    assert campaign.start([1]) == {1: 1}


def test_a_pause_can_be_ended(books: Open) -> None:
    campaign = books(1).launch()
    campaign.open_all()
    campaign.pause(1, until=later(days=7))
    campaign.pause(1, until=None)

    assert campaign.status(1) is PLANNED
    assert campaign.start([1]) == {1: 1}


def test_who_left_while_paused_is_skipped_for_having_left(books: Open) -> None:
    campaign = books(1).launch()
    campaign.open_all()
    campaign.pause(1, until=later(days=7))
    campaign.leave(1)
    campaign.start([1])

    assert campaign.rows[1].reason == "left"


def test_nobody_pauses_what_they_do_not_get(books: Open) -> None:
    made = books(1)
    made.leave(1)
    with writing(made.engine) as connection:
        paused = audience.pause_subscription(
            connection, made.list_id, 1, NOW + timedelta(days=1), NOW
        )

    assert not paused
