"""What replies mean: the back-off, the end of trying, and which addresses are dead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Delivery
from pipeline.delivery.replies import (
    Reply,
    accepted,
    enhanced_code,
    failed,
    kills_address,
    make_reply,
    retry_at,
)
from pipeline.errors import (
    MessageRefused,
    RecipientRefused,
    ReplyLost,
    TransportError,
    TransportUnavailable,
)
from pipeline.ledger import Start
from pipeline.schema import DeliveryStatus

NOW = datetime(2026, 10, 13, 13, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
WISH = Start(7, 2)
DELIVERY = Delivery()


def wait(attempt: int, jitter: float = 0, delivery: Delivery = DELIVERY) -> timedelta:
    at = retry_at(attempt, NOW, NOW, delivery, jitter)
    assert at is not None
    return at - NOW


# --- when again ---------------------------------------------------------------------------------


def test_each_wait_is_longer_and_the_last_repeats() -> None:
    minutes = [wait(attempt) / timedelta(minutes=1) for attempt in range(1, 8)]

    assert minutes == [5, 30, 60, 120, 240, 240, 240]


@given(st.integers(1, 50), st.floats(0, 1))
def test_chance_makes_a_wait_up_to_a_fifth_longer_and_never_shorter(
    attempt: int, jitter: float
) -> None:
    plain = wait(attempt)

    assert plain <= wait(attempt, jitter) <= plain * 1.2


def test_a_crowd_does_not_come_back_in_one_second() -> None:
    instants = {wait(1, jitter / 1000).total_seconds() // 1 for jitter in range(1000)}

    assert len(instants) >= 60


@pytest.mark.parametrize(
    ("hours", "again"), [(0, True), (91.9, True), (92.1, False), (96, False), (500, False)]
)
def test_trying_ends_so_many_hours_after_launch(hours: float, again: bool) -> None:  # noqa: FBT001  # a row of the table above
    now = NOW + timedelta(hours=hours)

    assert (retry_at(9, NOW, now, DELIVERY, 0) is not None) is again


def test_the_steps_are_those_of_the_settings() -> None:
    assert wait(2, delivery=Delivery(retry_minutes=(1,))) == timedelta(minutes=1)


# --- what became of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "retry", "status"),
    [
        (RecipientRefused("no", code=550, permanent=True), LATER, DeliveryStatus.REFUSED),
        (RecipientRefused("no", code=450), LATER, DeliveryStatus.DEFERRED),
        (RecipientRefused("no", code=450), None, DeliveryStatus.EXPIRED),
        (MessageRefused("no", code=554, permanent=True), LATER, DeliveryStatus.REFUSED),
        (MessageRefused("no", code=451), LATER, DeliveryStatus.DEFERRED),
        (ReplyLost("gone"), LATER, DeliveryStatus.UNKNOWN),
        (ReplyLost("gone"), None, DeliveryStatus.UNKNOWN),
        (TransportUnavailable("no", code=451), LATER, DeliveryStatus.DEFERRED),
        (TransportUnavailable("no", code=535, permanent=True), LATER, DeliveryStatus.DEFERRED),
        (TransportUnavailable("no", code=535, permanent=True), None, DeliveryStatus.EXPIRED),
    ],
)
def test_what_a_failure_means(
    error: TransportError, retry: datetime | None, status: DeliveryStatus
) -> None:
    result = failed(WISH, 3, error, retry)

    assert (result.campaign_id, result.subscriber_id, result.attempt) == (7, 2, 3)
    assert result.status is status
    assert result.code == error.code
    assert (result.next_attempt_at == LATER) is (status is DeliveryStatus.DEFERRED)


def test_a_yes_is_kept_with_its_words() -> None:
    result = accepted(WISH, 1, 250, "2.0.0 queued as 4711")

    assert result.status is DeliveryStatus.SENT
    assert (result.code, result.enhanced_code) == (250, "2.0.0")
    assert result.reply == "2.0.0 queued as 4711"


# --- enhanced codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 no such mailbox", "5.1.1"),
        (550, "5.1.10 null MX", "5.1.10"),
        (550, "5.7.515 level", "5.7.515"),
        (250, "2.0.0", "2.0.0"),
        (550, "4.1.1 the class differs", ""),
        (450, "5.1.1 the class differs", ""),
        (550, "no code at all", ""),
        (550, "see 5.1.1 below", ""),
        (550, "5.1.1.1 an address", ""),
        (550, "5.1", ""),
        (550, "5.1.1111 too long", ""),
        (550, "", ""),
    ],
)
def test_an_enhanced_code_counts_where_it_fits_the_reply(
    code: int, text: str, expected: str
) -> None:
    assert enhanced_code(code, text) == expected


def test_the_lines_of_a_reply_become_one() -> None:
    assert make_reply(550, b"5.1.1 no such\n5.1.1 mailbox  here \xff") == Reply(
        550, "5.1.1 no such 5.1.1 mailbox here \ufffd"
    )


# --- dead addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"])
def test_an_address_that_does_not_exist_is_dead(code: str) -> None:
    error = RecipientRefused("no", code=550, enhanced_code=code, permanent=True)

    assert kills_address(failed(WISH, 1, error, None))


@pytest.mark.parametrize(
    "code",
    ["", "5.0.0", "5.1.0", "5.1.7", "5.1.8", "5.2.1", "5.2.2", "5.3.4", "5.4.4", "5.6.7", "5.7.1",
     "5.7.26", "5.7.515"],
)  # fmt: skip
def test_what_may_be_our_own_fault_or_pass_kills_no_address(code: str) -> None:
    error = RecipientRefused("no", code=550, enhanced_code=code, permanent=True)

    assert not kills_address(failed(WISH, 1, error, None))


def test_a_refusal_for_now_kills_no_address() -> None:
    error = RecipientRefused("no", code=552, enhanced_code="5.1.1")

    assert not kills_address(failed(WISH, 1, error, LATER))
    assert not kills_address(accepted(WISH, 1, 250, "5.1.1 odd"))


def test_a_reply_holds_nothing_that_a_terminal_would_obey() -> None:
    reply = make_reply(550, "5.7.1 \x1b]0;owned\x07 no\r\n\x9b2J \x7fway".encode("latin-1"))
    assert reply.text == "5.7.1 ]0;owned no \ufffd2J way"
    assert make_reply(550, "a\x9bb").text == "a b"
