"""Rule 7: rows in doubt are shown, and a person decides: they went, or they go again."""

from __future__ import annotations

import pytest

from pipeline.schema import Decision, DeliveryStatus
from tests.ledger.books import Books, later
from tests.ledger.conftest import Open

SENT, PLANNED, UNKNOWN = DeliveryStatus.SENT, DeliveryStatus.PLANNED, DeliveryStatus.UNKNOWN


@pytest.fixture
def doubtful(books: Open) -> Books:
    """A sent campaign to four people: two were accepted, of 2 and 3 nobody knows."""
    campaign = books(4).launch()
    campaign.open_all(2)
    for _ in range(2):
        lent = campaign.must_lease()
        people = range(lent.low, lent.high + 1)
        campaign.start(people)
        campaign.record([one for one in people if one in (1, 4)])
        campaign.record([one for one in people if one in (2, 3)], UNKNOWN, reply="no reply")
        campaign.release(lent)
    campaign.finish()
    assert campaign.is_sent()
    return campaign


def send_again(campaign: Books) -> dict[int, int]:
    """What a worker starts now, by person."""
    started: dict[int, int] = {}
    while lent := campaign.lease("b", now=later(minutes=5)):
        people = range(lent.low, lent.high + 1)
        attempts = campaign.start(people, "b", now=later(minutes=5))
        for one, attempt in attempts.items():
            campaign.record([one], attempt=attempt, now=later(minutes=5))
        campaign.release(lent, "b", now=later(minutes=5))
        started |= attempts
    campaign.finish(now=later(minutes=5))
    return started


def test_rows_in_doubt_are_listed_with_what_is_known(doubtful: Books) -> None:
    assert [(one.subscriber_id, one.attempt, one.reason) for one in doubtful.doubts] == [
        (2, 1, "no reply"),
        (3, 1, "no reply"),
    ]
    assert doubtful.doubts[0].email == "reader2@larkfield.example"
    assert doubtful.doubts[0].started_at is not None


def test_a_message_that_went_is_sent_and_stays_so(doubtful: Books) -> None:
    assert doubtful.reconcile([2], Decision.SENT) == {2}

    doubtful.record([2], DeliveryStatus.REFUSED, now=later(minutes=1))
    assert doubtful.status(2) is SENT
    assert doubtful.is_sent()
    assert send_again(doubtful) == {}
    assert doubtful.sheet.closes


def test_a_message_to_go_again_goes_once_more(doubtful: Books) -> None:
    doubtful.reconcile([2, 3], Decision.AGAIN)

    assert not doubtful.is_sent()
    assert doubtful.sheet.open == 2
    assert send_again(doubtful) == {2: 2, 3: 2}
    assert doubtful.is_sent()
    assert doubtful.count(SENT) == 4


@pytest.mark.parametrize("started", [False, True])
def test_a_late_report_of_the_old_attempt_changes_nothing(
    doubtful: Books, *, started: bool
) -> None:
    doubtful.reconcile([2], Decision.AGAIN)
    if started:
        doubtful.start([2], "b")
    before = doubtful.rows[2]

    doubtful.record([2], DeliveryStatus.REFUSED, attempt=1, now=later(minutes=1))

    assert doubtful.rows[2] == before


@pytest.mark.parametrize("decision", [Decision.SENT, Decision.AGAIN])
def test_only_rows_still_in_doubt_are_decided(doubtful: Books, decision: Decision) -> None:
    doubtful.record([3], now=later(minutes=1))  # the reply came after all
    before = doubtful.rows

    assert doubtful.reconcile([1, 3, 99], decision) == set()
    assert doubtful.rows == before
    assert doubtful.is_sent()
    assert doubtful.decided == ()


def test_a_second_decision_about_the_same_doubt_finds_none(doubtful: Books) -> None:
    doubtful.reconcile([2], Decision.SENT)

    assert doubtful.reconcile([2], Decision.AGAIN) == set()
    assert doubtful.status(2) is SENT


def test_each_decision_is_kept_with_its_name_and_attempt(doubtful: Books) -> None:
    doubtful.reconcile([2], Decision.AGAIN, by="ada", now=later(minutes=1))
    send_again(doubtful)
    doubtful.reconcile([3], Decision.SENT, by="grace", now=later(minutes=9))

    assert [(one.subscriber_id, one.attempt, one.decision, one.by) for one in doubtful.decided] == [
        (2, 1, Decision.AGAIN, "ada"),
        (3, 1, Decision.SENT, "grace"),
    ]
    assert doubtful.decided[1].at == later(minutes=9)


def test_who_left_meanwhile_is_not_written_to_again(doubtful: Books) -> None:
    doubtful.leave(2)
    doubtful.reconcile([2, 3], Decision.AGAIN)

    assert send_again(doubtful) == {3: 2}
    assert doubtful.status(2) is DeliveryStatus.SKIPPED
