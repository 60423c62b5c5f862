"""Rules 4 and 5: nothing leaves that the ledger did not let go, and every reply finds its row."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from pipeline import ledger
from pipeline.db import writing
from pipeline.ledger import Start
from pipeline.schema import (
    CampaignState,
    DeliveryStatus,
    campaigns,
    deliveries,
)
from tests.ledger.books import LEASE, NOW, Books, later
from tests.ledger.conftest import Open

PLANNED, STARTED, SENT = DeliveryStatus.PLANNED, DeliveryStatus.STARTED, DeliveryStatus.SENT
DEFERRED, UNKNOWN = DeliveryStatus.DEFERRED, DeliveryStatus.UNKNOWN
SKIPPED, REFUSED = DeliveryStatus.SKIPPED, DeliveryStatus.REFUSED


@pytest.fixture
def campaign(books: Open) -> Books:
    """Four people, all planned."""
    made = books(4).launch()
    made.open_all()
    return made


# --- starting -----------------------------------------------------------------------------------


def test_a_planned_message_is_started_by_its_worker(campaign: Books) -> None:
    assert campaign.start([1, 3], "a") == {1: 1, 3: 1}

    assert campaign.rows[1].status is STARTED
    assert campaign.rows[1].worker == "a"
    assert campaign.status(2) is PLANNED


def test_a_message_is_started_once(campaign: Books) -> None:
    campaign.start([1], "a")

    assert campaign.start([1], "b") == {}
    assert campaign.rows[1].worker == "a"
    assert campaign.rows[1].attempt == 1


def test_the_same_wish_twice_in_one_batch_starts_one_message(campaign: Books) -> None:
    assert campaign.start([1, 1, 2]) == {1: 1, 2: 1}
    assert campaign.rows[1].attempt == 1


@pytest.mark.parametrize(
    "status",
    [status for status in DeliveryStatus if status not in (PLANNED, DEFERRED)],
)
def test_nothing_but_planned_and_deferred_is_started(
    campaign: Books, status: DeliveryStatus
) -> None:
    campaign.change(deliveries, [1], status=status, next_attempt_at=NOW)

    assert campaign.start([1]) == {}
    assert campaign.status(1) is status


def test_a_deferred_message_waits_for_its_time(campaign: Books) -> None:
    campaign.start([1])
    campaign.defer([1], later(minutes=5))

    assert campaign.start([1], now=later(minutes=5) - timedelta(microseconds=1)) == {}
    assert campaign.status(1) is DEFERRED
    assert campaign.start([1], now=later(minutes=5)) == {1: 2}
    assert campaign.rows[1].next_attempt_at is None


def test_attempts_are_counted(campaign: Books) -> None:
    for attempt in (1, 2, 3):
        assert campaign.start([1], now=later(minutes=attempt)) == {1: attempt}
        campaign.defer([1], later(minutes=attempt), attempt=attempt)


def test_nothing_starts_in_a_campaign_that_is_not_live(campaign: Books) -> None:
    with writing(campaign.engine) as connection:
        connection.execute(sa.update(campaigns).values(state=CampaignState.SENT))
    campaign.leave(2)

    assert campaign.start([1, 2]) == {}
    assert [campaign.status(1), campaign.status(2)] == [PLANNED, PLANNED]


def test_who_is_not_on_the_roster_gets_nothing(campaign: Books) -> None:
    campaign.join(1, at=later(seconds=1))

    assert campaign.start([5, 99]) == {}
    assert campaign.sheet.closes


# --- skipping -----------------------------------------------------------------------------------


def test_who_left_is_skipped_with_the_reason(campaign: Books) -> None:
    campaign.leave(2)

    assert campaign.start([1, 2]) == {1: 1}
    assert campaign.rows[2].status is SKIPPED
    assert campaign.rows[2].reason == "left"
    assert campaign.rows[2].attempt == 0
    assert campaign.sheet.closes


def test_who_left_is_skipped_though_they_are_on_another_list(campaign: Books) -> None:
    campaign.on_another_list().subscribe(2)
    campaign.leave(2)

    assert campaign.start([1, 2]) == {1: 1}
    assert campaign.rows[2].reason == "left"


def test_who_is_suppressed_is_skipped_with_the_reason(campaign: Books) -> None:
    campaign.suppress(1, 3)

    assert campaign.start([1, 2, 3, 4]) == {2: 1, 4: 1}
    assert campaign.rows[3].status is SKIPPED
    assert campaign.rows[3].reason == "suppressed"
    assert campaign.sheet.closes


@pytest.mark.parametrize("others_suppressed", [True, False])
def test_who_was_erased_is_skipped(campaign: Books, *, others_suppressed: bool) -> None:
    if others_suppressed:
        campaign.suppress(4)
    campaign.erase(2)

    assert campaign.start([1, 2]) == {1: 1}
    assert campaign.rows[2].status is SKIPPED
    assert campaign.rows[2].reason == "suppressed"


def test_who_left_while_deferred_gets_no_second_attempt(campaign: Books) -> None:
    campaign.start([1])
    campaign.defer([1], later(minutes=5))
    campaign.leave(1)

    assert campaign.start([1], now=later(minutes=5)) == {}
    assert campaign.rows[1].status is SKIPPED
    assert campaign.rows[1].next_attempt_at is None


def test_two_campaigns_in_one_batch_are_kept_apart(campaign: Books) -> None:
    second = campaign.launch(at=later(minutes=1))
    second.open_all()
    campaign.suppress(4)
    wishes = [Start(campaign.campaign_id, one) for one in (1, 2, 3)]
    wishes += [Start(second.campaign_id, one) for one in (1, 4)]
    with writing(campaign.engine) as connection:
        started = ledger.start(connection, wishes, "a", NOW)

    assert set(started) == {*wishes[:3], Start(second.campaign_id, 1)}
    assert second.status(4) is SKIPPED
    assert campaign.status(4) is PLANNED


# --- recording ----------------------------------------------------------------------------------


def test_an_accepted_message_is_sent(campaign: Books) -> None:
    campaign.start([1])
    campaign.record([1], code=250, enhanced_code="2.0.0", reply="queued as 4bX")

    assert campaign.rows[1].status is SENT
    assert campaign.rows[1].reply == "queued as 4bX"


def test_a_reply_counts_only_for_its_attempt(campaign: Books) -> None:
    campaign.start([1])
    campaign.defer([1], NOW)
    campaign.start([1])
    campaign.record([1], attempt=1)
    assert campaign.status(1) is STARTED

    campaign.record([1], attempt=2)
    assert campaign.status(1) is SENT


def test_a_reply_counts_only_in_its_campaign(campaign: Books) -> None:
    second = campaign.launch(at=later(minutes=1))
    second.open_all()
    campaign.start([1])
    second.start([1])
    campaign.record([1])

    assert second.status(1) is STARTED


@pytest.mark.parametrize(
    "status", [status for status in DeliveryStatus if status not in (STARTED, UNKNOWN)]
)
def test_a_reply_does_not_overwrite_what_is_settled(
    campaign: Books, status: DeliveryStatus
) -> None:
    campaign.start([1])
    campaign.change(deliveries, [1], status=status)
    campaign.record([1], SENT if status is not SENT else REFUSED)

    assert campaign.status(1) is status


def test_a_long_reply_is_cut_and_a_nul_in_it_does_no_harm(campaign: Books) -> None:
    campaign.start([1])
    campaign.record([1], REFUSED, code=550, reply="no\x00 " + "x" * 9000)

    reply = campaign.rows[1].reply
    assert reply is not None
    assert reply.startswith("no x")
    assert len(reply) <= 500


def test_nothing_to_record_is_fine(campaign: Books) -> None:
    campaign.record([])

    assert campaign.sheet.closes


# --- the worker that wakes up -------------------------------------------------------------------


@pytest.fixture
def woken(books: Open) -> Books:
    """Worker a started person 1 and froze; b took the range over, sent the rest, finished."""
    campaign = books(2).launch()
    campaign.open_all()
    campaign.must_lease("a")
    campaign.start([1], "a")
    now = later(seconds=LEASE + 1)
    lent = campaign.must_lease("b", now=now)
    campaign.start([2], "b", now=now)
    campaign.record([2], now=now)
    campaign.release(lent, "b", now=now)
    campaign.finish(now=now)
    assert campaign.status(1) is UNKNOWN
    assert campaign.is_sent()
    return campaign


@pytest.mark.parametrize("status", [SENT, REFUSED, DeliveryStatus.EXPIRED])
def test_an_unknown_message_learns_what_became_of_it(woken: Books, status: DeliveryStatus) -> None:
    woken.record([1], status, now=later(minutes=2))

    assert woken.rows[1].status is status
    assert woken.rows[1].reason == ""
    assert woken.is_sent()
    assert woken.sheet.closes


def test_an_unknown_message_that_turns_out_deferred_is_tried_again(woken: Books) -> None:
    woken.defer([1], later(minutes=10), now=later(minutes=2))

    assert woken.sheet.open == 1
    assert not woken.is_sent()
    lent = woken.must_lease("c", now=later(minutes=10))
    assert woken.start([1], "c", now=later(minutes=10)) == {1: 2}
    woken.record([1], attempt=2, now=later(minutes=11))
    woken.release(lent, "c", now=later(minutes=11))
    woken.finish(now=later(minutes=11))
    assert woken.is_sent()
    assert woken.count(SENT) == 2


def test_a_worker_that_wakes_starts_nothing_twice(woken: Books) -> None:
    assert woken.start([1, 2], "a", now=later(minutes=2)) == {}


def test_a_late_reply_after_a_new_attempt_is_left_alone(woken: Books) -> None:
    woken.change(deliveries, [1], status=STARTED, attempt=2)
    woken.defer([1], later(minutes=10), attempt=1)

    assert woken.status(1) is STARTED
