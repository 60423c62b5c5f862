"""Rules 3, 6 and 9: ranges are shared out, taken over, given back and finished."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline import ledger
from pipeline.db import reading
from pipeline.schema import CampaignState, DeliveryStatus, campaigns, ranges, subscribers
from tests.ledger.books import LEASE, NOW, Books, later
from tests.ledger.conftest import Open

PLANNED, STARTED, SENT = DeliveryStatus.PLANNED, DeliveryStatus.STARTED, DeliveryStatus.SENT
DEFERRED, UNKNOWN = DeliveryStatus.DEFERRED, DeliveryStatus.UNKNOWN


def finished_at(campaign: Books) -> datetime | None:
    with reading(campaign.engine) as connection:
        return connection.scalar(
            sa.select(campaigns.c.finished_at).where(campaigns.c.id == campaign.campaign_id)
        )


@pytest.fixture
def campaign(books: Open) -> Books:
    """Four people in two ranges, all planned."""
    made = books(4).launch()
    made.open_all(2)
    return made


# --- lending ------------------------------------------------------------------------------------


def test_two_workers_get_different_ranges(campaign: Books) -> None:
    first, second = campaign.must_lease("a"), campaign.must_lease("b")

    assert (first.low, first.high) == (1, 2)
    assert (second.low, second.high) == (3, 4)
    assert campaign.lease("c") is None


def test_one_worker_can_hold_several_ranges(campaign: Books) -> None:
    assert campaign.must_lease("a") != campaign.must_lease("a")


def test_a_range_is_not_lent_twice_while_its_lease_runs(campaign: Books) -> None:
    held = [campaign.must_lease("a"), campaign.must_lease("a")]

    assert len(held) == 2
    assert campaign.lease("b", now=later(seconds=LEASE)) is None


def test_a_range_whose_lease_ran_out_is_lent_to_another(campaign: Books) -> None:
    held = campaign.must_lease("a")

    assert campaign.must_lease("b", now=later(seconds=LEASE + 1)) == held


def test_a_range_of_a_worker_that_is_gone_is_lent_at_once(campaign: Books) -> None:
    held = campaign.must_lease("a")

    assert campaign.lease("b", gone=["a"]) == held


def test_the_workers_that_hold_ranges_are_known(campaign: Books) -> None:
    lent = campaign.must_lease("a")
    campaign.must_lease("b")
    campaign.start([1, 2])
    campaign.record([1, 2])
    campaign.release(lent, "a")

    with reading(campaign.engine) as connection:
        assert ledger.read_workers(connection) == {"b"}


def test_a_range_is_lent_only_for_what_it_is(campaign: Books) -> None:
    rehearsal = campaign.launch(at=later(minutes=1), rehearsal=True)
    rehearsal.open_all()

    lent = rehearsal.must_lease()

    assert lent.campaign_id == rehearsal.campaign_id
    assert rehearsal.lease() is None
    assert campaign.must_lease().campaign_id == campaign.campaign_id


def test_only_a_live_campaign_has_ranges_to_lend(campaign: Books) -> None:
    with campaign.engine.begin() as connection:
        connection.execute(sa.update(campaigns).values(state=CampaignState.SENT))

    assert campaign.lease() is None


# --- taking over --------------------------------------------------------------------------------


def test_what_the_lost_worker_had_started_becomes_unknown(campaign: Books) -> None:
    campaign.must_lease("a")
    campaign.start([1], "a")
    campaign.must_lease("b", now=later(seconds=LEASE + 1))

    assert campaign.status(1) is UNKNOWN
    assert campaign.rows[1].reason == "worker lost"
    assert campaign.status(2) is PLANNED
    assert campaign.sheet.closes


def test_who_takes_over_sends_to_the_planned_and_to_nobody_else(campaign: Books) -> None:
    campaign.must_lease("a")
    campaign.start([1], "a")
    now = later(seconds=LEASE + 1)
    lent = campaign.must_lease("b", now=now)

    with reading(campaign.engine) as connection:
        people = ledger.read_recipients(connection, lent, now)

    assert [one.subscriber_id for one in people] == [2]
    assert campaign.start([1, 2], "b", now=now) == {2: 1}


def test_taking_over_leaves_other_ranges_alone(campaign: Books) -> None:
    campaign.must_lease("a")
    campaign.must_lease("b")
    campaign.start([3], "b")
    campaign.lease("c", gone=["a"])

    assert campaign.status(3) is STARTED


def test_taking_over_leaves_other_campaigns_alone(campaign: Books) -> None:
    other = campaign.launch(at=later(minutes=1))
    other.open_all(2)
    other.start([1], "b")
    campaign.must_lease("a")
    campaign.lease("c", gone=["a"])

    assert other.status(1) is STARTED


# --- renewing -----------------------------------------------------------------------------------


def test_a_renewed_lease_keeps_the_range(campaign: Books) -> None:
    lent = campaign.must_lease("a")
    campaign.must_lease("a")
    campaign.renew(lent, until=later(seconds=2 * LEASE))
    late = later(seconds=LEASE + 1)

    assert campaign.must_lease("b", now=late).low == 3
    assert campaign.lease("b", now=late) is None


def test_a_range_that_was_taken_over_is_not_renewed(campaign: Books) -> None:
    lent = campaign.must_lease("a")
    campaign.must_lease("b", now=later(seconds=LEASE + 1))
    campaign.renew(lent, worker="a", until=later(days=1))

    assert campaign.lease("c", now=later(seconds=3 * LEASE)) == lent


# --- reading people -----------------------------------------------------------------------------


def test_people_are_read_with_address_and_name(campaign: Books) -> None:
    campaign.change(subscribers, [1], name="Ada Löwe")
    with reading(campaign.engine) as connection:
        people = ledger.read_recipients(connection, campaign.must_lease(), NOW)

    assert [(one.subscriber_id, one.email, one.name) for one in people] == [
        (1, "reader1@larkfield.example", "Ada Löwe"),
        (2, "reader2@larkfield.example", ""),
    ]


def test_deferred_people_are_read_when_they_are_due(campaign: Books) -> None:
    lent = campaign.must_lease()
    campaign.start([1, 2])
    campaign.defer([1], later(minutes=5))
    campaign.defer([2], later(minutes=30))

    with reading(campaign.engine) as connection:
        soon = ledger.read_recipients(connection, lent, later(minutes=4))
        at_five = ledger.read_recipients(connection, lent, later(minutes=5))

    assert soon == ()
    assert [one.subscriber_id for one in at_five] == [1]


# --- giving back --------------------------------------------------------------------------------


def test_a_range_with_nothing_left_is_finished(campaign: Books) -> None:
    lent = campaign.must_lease()
    campaign.start([1, 2])
    campaign.record([1])
    campaign.record([2], DeliveryStatus.REFUSED)
    campaign.release(lent)

    assert campaign.must_lease("b", now=later(days=9)).low == 3
    assert campaign.lease("b", now=later(days=9)) is None


def test_a_range_given_back_unfinished_is_lent_again_at_once(campaign: Books) -> None:
    lent = campaign.must_lease()
    campaign.start([1])
    campaign.record([1])
    campaign.release(lent)

    assert campaign.must_lease("b") == lent


def test_a_range_is_due_again_when_its_first_deferred_message_is(campaign: Books) -> None:
    lent = campaign.must_lease()
    campaign.must_lease("x")
    campaign.start([1, 2])
    campaign.defer([1], later(minutes=30))
    campaign.defer([2], later(minutes=5))
    campaign.release(lent)
    campaign.renew(lent, worker="x", until=later(days=1))

    assert campaign.lease("b", now=later(minutes=5) - timedelta(microseconds=1), gone=["a"]) != lent
    assert campaign.lease("b", now=later(minutes=5)) == lent


def test_a_range_with_planned_and_deferred_messages_is_due_at_once(campaign: Books) -> None:
    lent = campaign.must_lease()
    campaign.start([1])
    campaign.defer([1], later(minutes=30))
    campaign.release(lent)

    assert campaign.must_lease("b") == lent


def test_a_range_of_people_kept_back_by_a_limit_is_not_due_before_it_opens(
    campaign: Books,
) -> None:
    lent = campaign.must_lease()
    campaign.start([1])
    campaign.record([1])
    campaign.must_lease("x")
    campaign.release(lent, not_before=later(seconds=40))

    assert campaign.lease("b", now=later(seconds=39)) is None
    assert campaign.lease("b", now=later(seconds=40)) == lent


def test_a_deferred_message_that_is_due_waits_for_the_limit_too(campaign: Books) -> None:
    lent = campaign.must_lease()
    campaign.start([1, 2])
    campaign.record([2])
    campaign.defer([1], later(minutes=5))
    campaign.renew(campaign.must_lease("x"), worker="x", until=later(hours=2))
    campaign.release(lent, now=later(minutes=6), not_before=later(minutes=21))

    assert campaign.lease("b", now=later(minutes=20)) is None
    assert campaign.lease("b", now=later(minutes=21)) == lent


def test_a_deferred_message_that_is_due_before_the_limit_opens_does_not_wait_for_it(
    campaign: Books,
) -> None:
    lent = campaign.must_lease()
    campaign.must_lease("x")
    campaign.start([1])
    campaign.defer([1], later(seconds=20))
    campaign.release(lent, not_before=later(seconds=40))

    assert campaign.lease("b", now=later(seconds=19)) is None
    assert campaign.lease("b", now=later(seconds=20)) == lent


def test_only_ranges_of_the_lists_that_are_asked_for_are_lent_and_opened(books: Open) -> None:
    readers = books(2)
    members = readers.on_another_list()
    members.subscribe(1)
    first, second = readers.launch(), members.launch()

    assert first.open_range(lists=["members"])
    assert not first.open_range(lists=["members"])
    assert first.lease(lists=["readers"]) is None
    lent = first.lease(lists=["members"])
    assert lent is not None
    assert (lent.campaign_id, lent.list_name) == (second.campaign_id, "members")


def test_a_worker_cannot_give_back_a_range_it_has_lost(campaign: Books) -> None:
    lent = campaign.must_lease("a")
    campaign.start([1, 2], "a")
    campaign.record([1, 2])
    campaign.must_lease("b", now=later(seconds=LEASE + 1))
    campaign.release(lent, "a", now=later(seconds=LEASE + 2))

    with reading(campaign.engine) as connection:
        assert ledger.read_workers(connection) == {"b"}
        assert (
            connection.scalar(sa.select(ranges.c.finished_at).where(ranges.c.id == lent.id)) is None
        )


# --- finishing ----------------------------------------------------------------------------------


def carry(campaign: Books, *, now: datetime = NOW) -> None:
    """Send everything that is due."""
    while lent := campaign.lease(now=now):
        with reading(campaign.engine) as connection:
            people = ledger.read_recipients(connection, lent, now)
        started = campaign.start([one.subscriber_id for one in people], now=now)
        for person, attempt in started.items():
            campaign.record([person], attempt=attempt, now=now)
        campaign.release(lent, now=now)


def test_a_campaign_is_sent_when_every_message_is_settled(campaign: Books) -> None:
    carry(campaign)
    campaign.finish(now=later(minutes=1))

    assert campaign.is_sent()
    assert finished_at(campaign) == later(minutes=1)
    assert campaign.count(SENT) == 4


def test_a_campaign_with_a_deferred_message_is_not_sent(campaign: Books) -> None:
    lent = campaign.must_lease()
    campaign.start([1, 2])
    campaign.record([1])
    campaign.defer([2], later(minutes=5))
    campaign.release(lent)
    carry(campaign)
    campaign.finish()
    assert not campaign.is_sent()

    carry(campaign, now=later(minutes=5))
    campaign.finish()
    assert campaign.is_sent()
    assert campaign.rows[2].attempt == 2


def test_a_campaign_whose_roster_is_incomplete_is_not_sent(books: Open) -> None:
    campaign = books(4).launch()
    campaign.open_range(2)
    carry(campaign)
    campaign.finish()

    assert not campaign.is_sent()
    assert campaign.lease() is None


def test_a_campaign_with_unknown_messages_is_sent_and_shows_them(campaign: Books) -> None:
    campaign.must_lease("a")
    campaign.start([1], "a")
    carry(campaign, now=later(seconds=LEASE + 1))
    campaign.finish()

    assert campaign.is_sent()
    assert campaign.count(UNKNOWN) == 1
    assert campaign.sheet.open == 0
    assert campaign.sheet.closes
