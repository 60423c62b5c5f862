"""Pausing and cancelling hold for the very next message, lose nobody, and always close."""

from __future__ import annotations

import pytest

from pipeline.schema import CampaignState, DeliveryStatus
from tests.ledger.books import LEASE, Books, later
from tests.ledger.conftest import Open

SENDING, PAUSED = CampaignState.SENDING, CampaignState.PAUSED
CANCELLED, SENT = CampaignState.CANCELLED, CampaignState.SENT
OFF, UNKNOWN = DeliveryStatus.CANCELLED, DeliveryStatus.UNKNOWN


@pytest.fixture
def campaign(books: Open) -> Books:
    """Six people in ranges of two: the first range is lent, person 1 accepted, 2 in flight."""
    made = books(6).launch()
    made.open_range(2)
    made.open_range(2)
    made.must_lease()
    made.start([1, 2])
    made.record([1])
    return made


def counts(campaign: Books) -> dict[str, int]:
    assert campaign.sheet.closes
    return {str(state): n for state, n in campaign.sheet.counts.items() if n}


# --- paused -------------------------------------------------------------------------------------


def test_a_paused_campaign_starts_nothing_and_loses_nobody(campaign: Books) -> None:
    campaign.move(PAUSED)

    assert campaign.start([3, 4]) == {}
    assert not campaign.open_range(2)
    assert campaign.lease("b") is None
    assert counts(campaign) == {"sent": 1, "started": 1, "planned": 4}
    campaign.move(SENDING)
    assert campaign.start([3, 4]) == {3: 1, 4: 1}


def test_a_paused_campaign_is_not_at_its_end_though_nothing_is_left_to_send(books: Open) -> None:
    campaign = books(1).launch()
    campaign.open_all()
    lent = campaign.must_lease("a")
    campaign.start([1])
    campaign.move(CampaignState.PAUSED)
    campaign.record([1])
    campaign.release(lent)
    campaign.finish()
    assert not campaign.is_finished()

    campaign.move(CampaignState.SENDING)
    campaign.finish()
    assert campaign.is_sent()


def test_a_reply_that_comes_after_the_pause_is_recorded(campaign: Books) -> None:
    campaign.move(PAUSED)
    campaign.record([2], code=250)

    assert campaign.status(2) is DeliveryStatus.SENT


def test_a_paused_campaign_is_not_woken_by_a_late_deferral(campaign: Books) -> None:
    campaign.must_lease("b", now=later(seconds=LEASE + 1))
    assert campaign.status(2) is UNKNOWN
    campaign.move(PAUSED)
    campaign.defer([2], later(minutes=5), now=later(minutes=2))

    assert campaign.state is PAUSED
    assert campaign.start([2], now=later(minutes=9)) == {}
    campaign.move(SENDING)
    assert campaign.start([2], now=later(minutes=9)) == {2: 2}


def test_what_a_killed_worker_had_started_is_in_doubt_though_paused(campaign: Books) -> None:
    campaign.move(PAUSED)
    assert campaign.settle() == 0  # it lives: its reply may still come
    assert campaign.status(2) is DeliveryStatus.STARTED

    campaign.settle(gone=["a"])

    assert campaign.status(2) is UNKNOWN
    assert campaign.state is PAUSED
    assert not campaign.is_unsettled()


# --- cancelled ----------------------------------------------------------------------------------


def test_from_the_instant_of_cancelling_the_sheet_counts_everybody(campaign: Books) -> None:
    campaign.move(CANCELLED)

    assert counts(campaign) == {"sent": 1, "started": 1, "cancelled": 4}
    assert campaign.start([3, 4]) == {}
    assert campaign.sheet.open == 1


def test_the_sheet_stands_still_while_rows_are_settled_one_range_after_the_other(
    campaign: Books,
) -> None:
    campaign.move(CANCELLED)
    seen = [counts(campaign)]
    while campaign.settle(most=1):
        seen.append(counts(campaign))

    assert len(seen) > 3
    assert seen == [{"sent": 1, "started": 1, "cancelled": 4}] * len(seen)
    assert len(campaign.rows) == 6
    assert {campaign.status(one) for one in (3, 4, 5, 6)} == {OFF}


def test_a_killed_settling_is_finished_by_the_next(campaign: Books) -> None:
    campaign.move(CANCELLED)
    campaign.settle(most=1)
    assert campaign.is_unsettled()

    campaign.settle(gone=["a"])

    assert counts(campaign) == {"sent": 1, "unknown": 1, "cancelled": 4}
    assert not campaign.is_unsettled()
    assert campaign.is_finished()
    assert campaign.state is CANCELLED


def test_a_message_in_flight_gets_its_outcome_and_ends_the_campaign(campaign: Books) -> None:
    campaign.move(CANCELLED)
    campaign.settle()
    assert campaign.is_unsettled()
    assert not campaign.is_finished()

    campaign.record([2])
    campaign.settle(now=later(seconds=LEASE + 1))

    assert counts(campaign) == {"sent": 2, "cancelled": 4}
    assert campaign.is_finished()


@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_deferral_that_comes_after_cancelling_is_cancelled_too(
    campaign: Books, *, in_doubt: bool
) -> None:
    campaign.move(CANCELLED)
    campaign.settle(gone=["a"] if in_doubt else [])
    campaign.defer([2], later(minutes=5), now=later(seconds=1))

    assert counts(campaign) == {"sent": 1, "cancelled": 5}
    assert campaign.sheet.next_attempt_at is None
    assert campaign.is_unsettled()
    campaign.settle(now=later(seconds=LEASE + 1))
    assert campaign.rows[2].status is OFF
    assert campaign.rows[2].next_attempt_at is None
    assert campaign.state is CANCELLED
    assert not campaign.is_unsettled()


def test_a_range_in_a_living_workers_hands_ends_when_its_last_reply_came(books: Open) -> None:
    campaign = books(3).launch()
    campaign.open_all()
    campaign.must_lease()
    campaign.start([1])
    campaign.move(CANCELLED)
    campaign.settle()
    assert [campaign.status(one) for one in (2, 3)] == [OFF, OFF]
    assert not campaign.is_finished()

    campaign.defer([1], later(minutes=5), now=later(seconds=1))
    campaign.settle(now=later(seconds=LEASE + 1))

    assert campaign.status(1) is OFF
    assert campaign.is_finished()


def test_people_not_yet_on_the_roster_get_their_row(books: Open) -> None:
    campaign = books(5).launch()
    campaign.move(CANCELLED)
    assert counts(campaign) == {"cancelled": 5}

    campaign.settle()

    assert {row.status for row in campaign.rows.values()} == {OFF}
    assert len(campaign.rows) == 5
    assert campaign.is_finished()


def test_a_cancelled_campaign_stops_no_other(campaign: Books) -> None:
    second = campaign.launch(at=later(minutes=1))
    campaign.move(CANCELLED)
    second.open_all()
    campaign.settle()

    assert second.start([1, 2]) == {1: 1, 2: 1}
    assert counts(second) == {"started": 2, "planned": 4}
