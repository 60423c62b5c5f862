"""Rule 2: everyone who was there at launch is on the roster, once, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pipeline import ledger
from pipeline.db import reading
from pipeline.schema import (
    DeliveryStatus,
    SubscriptionState,
    subscriptions,
)
from tests.ledger.books import NOW, later
from tests.ledger.conftest import Open

PLANNED = DeliveryStatus.PLANNED


def test_recipients_are_planned_range_by_range_by_ascending_id(books: Open) -> None:
    campaign = books(5).launch()

    campaign.open_range(2)
    assert list(campaign.rows) == [1, 2]
    campaign.open_range(2)
    assert list(campaign.rows) == [1, 2, 3, 4]
    campaign.open_range(2)

    assert list(campaign.rows) == [1, 2, 3, 4, 5]
    assert campaign.ranges == [(1, 2), (3, 4), (5, 5)]
    assert {row.status for row in campaign.rows.values()} == {PLANNED}


def test_sending_can_begin_with_the_first_range(books: Open) -> None:
    campaign = books(5).launch()
    campaign.open_range(2)

    lent = campaign.must_lease()
    campaign.start([1, 2])

    assert (lent.low, lent.high) == (1, 2)
    assert campaign.count(DeliveryStatus.STARTED) == 2
    assert campaign.count(PLANNED) == 3
    assert not campaign.sheet.roster_complete


def test_a_roster_is_complete_when_nobody_is_left(books: Open) -> None:
    campaign = books(4).launch()

    assert [campaign.open_range(2) for _ in range(4)] == [True, True, True, False]
    assert campaign.sheet.roster_complete
    assert campaign.sheet.closes


def test_cursor_and_rows_commit_together_or_not_at_all(books: Open) -> None:
    campaign = books(4).launch()
    with campaign.engine.connect() as connection:
        ledger.open_range(connection, 2, NOW, rehearsal=False)
        connection.rollback()

    assert campaign.rows == {}
    campaign.open_all(3)
    assert list(campaign.rows) == [1, 2, 3, 4]


def test_who_joins_after_the_launch_is_not_in(books: Open) -> None:
    campaign = books(3).launch()
    campaign.join(2, at=later(minutes=1))
    campaign.open_all(2)

    assert list(campaign.rows) == [1, 2, 3]
    assert campaign.sheet.closes


def test_nor_is_a_newer_person_with_an_older_date(books: Open) -> None:
    campaign = books(3).launch()
    campaign.join(1)
    campaign.change(subscriptions, [4], confirmed_at=NOW - timedelta(days=9))
    campaign.open_all()

    assert list(campaign.rows) == [1, 2, 3]
    assert campaign.sheet.closes


def test_a_person_known_before_who_confirms_after_the_launch_is_not_in(books: Open) -> None:
    readers = books(3)
    readers.change(subscriptions, [2], state=SubscriptionState.PENDING, confirmed_at=None)
    campaign = readers.launch()
    campaign.change(
        subscriptions, [2], state=SubscriptionState.CONFIRMED, confirmed_at=later(seconds=1)
    )
    campaign.open_all()

    assert list(campaign.rows) == [1, 3]
    assert campaign.sheet.closes


@pytest.mark.parametrize("state", [SubscriptionState.PENDING, SubscriptionState.UNSUBSCRIBED])
def test_who_was_not_confirmed_at_launch_is_not_in(books: Open, state: SubscriptionState) -> None:
    readers = books(3)
    readers.change(
        subscriptions,
        [2],
        state=state,
        confirmed_at=None if state is SubscriptionState.PENDING else NOW - timedelta(days=9),
        unsubscribed_at=NOW - timedelta(days=1),
    )
    campaign = readers.launch()
    campaign.open_all()

    assert list(campaign.rows) == [1, 3]
    assert campaign.sheet.recipients == 2


@pytest.mark.parametrize("clock_is_behind", [False, True])
def test_who_leaves_before_their_range_opens_is_on_the_roster_and_skipped(
    books: Open, *, clock_is_behind: bool
) -> None:
    campaign = books(4).launch()
    campaign.open_range(2)
    campaign.leave(4, at=later(seconds=-5 if clock_is_behind else 5))
    campaign.open_all(2)

    assert campaign.start([1, 2, 3, 4]) == {1: 1, 2: 1, 3: 1}
    assert campaign.rows[4].status is DeliveryStatus.SKIPPED
    assert campaign.rows[4].reason == "left"
    assert campaign.sheet.closes


@pytest.mark.parametrize("seconds", [-5, 0, 5])
def test_who_joins_after_the_launch_is_not_in_whatever_their_clock_says(
    books: Open, seconds: int
) -> None:
    readers = books(2)
    readers.on_another_list().join(1)
    readers.join(1)
    campaign = readers.launch()
    campaign.subscribe(3, at=later(seconds=seconds))
    campaign.open_all()

    assert list(campaign.rows) == [1, 2, 4]
    assert campaign.sheet.closes


def test_when_nothing_is_being_opened_the_clock_is_taken_as_it_is(books: Open) -> None:
    campaign = books(2).launch()
    campaign.open_all()
    campaign.leave(1, at=later(seconds=-5))

    with reading(campaign.engine) as connection:
        left_at = connection.scalar(
            select(subscriptions.c.unsubscribed_at).where(subscriptions.c.subscriber_id == 1)
        )
    assert left_at == later(seconds=-5)


def test_people_of_another_list_are_not_in(books: Open) -> None:
    readers = books(2)
    readers.on_another_list().join(2)
    campaign = readers.launch()
    campaign.open_all()

    assert list(campaign.rows) == [1, 2]


def test_ids_with_gaps_are_all_found(books: Open) -> None:
    readers = books(9)
    readers.change(
        subscriptions,
        [2, 3, 4, 8],
        state=SubscriptionState.UNSUBSCRIBED,
        unsubscribed_at=NOW - timedelta(days=1),
    )
    campaign = readers.launch()
    campaign.open_all(2)

    assert list(campaign.rows) == [1, 5, 6, 7, 9]
    assert campaign.ranges == [(1, 5), (6, 7), (9, 9)]


def test_a_list_without_people_is_complete_and_sent_at_once(books: Open) -> None:
    campaign = books(0).launch()
    campaign.open_all()
    campaign.finish()

    assert campaign.ranges == []
    assert campaign.is_sent()
    assert campaign.sheet.closes


def test_the_oldest_campaign_is_opened_first(books: Open) -> None:
    readers = books(2)
    first, second = readers.launch(), readers.launch(at=later(minutes=1))

    first.open_range(5)

    assert list(first.rows) == [1, 2]
    assert second.rows == {}


def test_a_rehearsal_is_opened_only_by_who_rehearses(books: Open) -> None:
    rehearsal = books(2).launch(rehearsal=True)
    real = rehearsal.launch(at=later(minutes=1))

    assert real.open_range()
    assert not real.open_range()
    assert rehearsal.rows == {}
    assert rehearsal.open_range()


def test_until_the_roster_is_complete_the_rest_counts_as_planned(books: Open) -> None:
    campaign = books(5).launch()
    assert campaign.count(PLANNED) == 5
    campaign.open_range(2)

    assert campaign.count(PLANNED) == 5
    assert campaign.sheet.closes
    assert not campaign.sheet.roster_complete
