from __future__ import annotations

from collections.abc import Mapping

from pipeline.proving import Fault
from pipeline.proving.comparing import PUT_BACK, WORKER_LOST, Evidence, Row, compare, miss_kills

ADA, BEN, CLEO = (f"{name}@readers.example" for name in ("ada", "ben", "cleo"))


def faults(
    *rows: Row,
    copies: Mapping[str, int] | None = None,
    cut: tuple[str, ...] = (),
    left: Mapping[str, int] | None = None,
    expected: tuple[str, ...] = (ADA,),
    called_off: Mapping[str, int] | None = None,
    restored: tuple[str, ...] = (),
    decided: tuple[Row, ...] = (),
) -> list[Fault]:
    """What is found wrong; by default Ada alone was to get one, and nobody got any."""
    evidence = Evidence(
        expected, copies or {}, cut, left or {}, 2, called_off or {}, restored, decided
    )
    return [fault for fault, _ in compare(rows, evidence)]


def test_a_copy_with_a_row_that_says_so_is_right() -> None:
    assert faults(Row(ADA, "sent"), copies={ADA: 1}) == []


def test_a_person_without_a_row_is_lost() -> None:
    assert faults() == [Fault.LOST]


def test_a_row_that_was_left_open_or_closed_without_reason_is_a_loss() -> None:
    for status in ("planned", "started", "deferred", "refused", "expired", "skipped"):
        assert faults(Row(ADA, status)) == [Fault.LOST]


def test_whoever_left_may_be_skipped() -> None:
    assert faults(Row(ADA, "skipped", attempt=0), left={ADA: 0}) == []


def test_two_copies_are_a_double() -> None:
    assert faults(Row(ADA, "sent"), copies={ADA: 2}) == [Fault.DOUBLED]


def test_two_rows_of_one_person_are_a_double() -> None:
    rows = Row(ADA, "sent"), Row(ADA, "planned")

    assert faults(*rows, copies={ADA: 1}) == [Fault.DOUBLED]


def test_a_row_that_says_sent_without_a_copy_is_a_lie() -> None:
    assert faults(Row(ADA, "sent")) == [Fault.LIE]


def test_a_copy_whose_row_knows_nothing_of_it_is_a_lie() -> None:
    skipped = Row(ADA, "skipped", attempt=0)

    assert faults(skipped, copies={ADA: 1}, left={ADA: 0}) == [Fault.LIE]


def test_a_copy_for_somebody_else_is_a_lie() -> None:
    assert faults(Row(ADA, "sent"), copies={ADA: 1, BEN: 1}) == [Fault.LIE]


def test_a_message_that_was_started_after_its_reader_had_left_is_late() -> None:
    started_before = faults(Row(ADA, "sent", attempt=1), copies={ADA: 1}, left={ADA: 1})
    started_after = faults(Row(ADA, "sent", attempt=2), copies={ADA: 1}, left={ADA: 1})

    assert started_before == []
    assert started_after == [Fault.LATE]


def test_a_worker_leaves_no_more_in_doubt_than_it_had_connections() -> None:
    people = (ADA, BEN, CLEO)
    one_worker = [Row(one, "unknown", 1, "host:1:ab", WORKER_LOST) for one in people]
    two_workers = [*one_worker[:2], Row(CLEO, "unknown", 1, "host:2:cd", WORKER_LOST)]

    assert faults(*one_worker, expected=people) == [Fault.DOUBT]
    assert faults(*two_workers, expected=people) == []


def test_doubt_needs_a_cause() -> None:
    doubted = Row(ADA, "unknown", 1, "host:1:ab")

    assert faults(doubted, cut=(ADA,)) == []
    assert faults(doubted, copies={ADA: 1}) == [Fault.DOUBT]


def test_rows_that_were_decided_about_still_count_as_left_in_doubt() -> None:
    people = (ADA, BEN, CLEO)
    before = tuple(Row(one, "unknown", 1, "host:1:ab", WORKER_LOST) for one in people)
    after = [Row(one, "sent", 1) for one in people]

    assert faults(*after, copies=dict.fromkeys(people, 1), expected=people, decided=before) == [
        Fault.DOUBT
    ]


def test_whoever_was_not_begun_when_a_campaign_was_cancelled_counts_as_cancelled() -> None:
    cancelled = Row(ADA, "cancelled", attempt=0)

    assert faults(cancelled, called_off={ADA: 0}) == []
    assert faults(cancelled) == [Fault.LOST]
    assert faults(cancelled, called_off={ADA: 0}, copies={ADA: 1}) == [Fault.LIE]


def test_a_message_that_was_started_after_its_campaign_was_cancelled_is_late() -> None:
    sent = Row(ADA, "sent", attempt=1)

    assert faults(sent, copies={ADA: 1}, called_off={ADA: 1}) == []
    assert faults(sent, copies={ADA: 1}, called_off={ADA: 0}) == [Fault.LATE]


def test_an_arming_puts_in_doubt_only_whose_ledger_was_put_back() -> None:
    doubted = Row(ADA, "unknown", 1, "host:1:ab", PUT_BACK)

    assert faults(doubted, restored=(ADA,)) == []
    assert faults(doubted, copies={ADA: 1}, restored=(ADA,)) == []
    assert faults(doubted) == [Fault.DOUBT]


def test_fewer_kills_than_were_asked_for_fail_a_proof() -> None:
    assert list(miss_kills(100, 100)) == []
    assert [fault for fault, _ in miss_kills(99, 100)] == [Fault.SHORT]
