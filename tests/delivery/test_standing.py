"""Which refusals are believed, and when a provider is not to be used any further: pure rules."""

from __future__ import annotations

import itertools

import pytest

from pipeline.delivery.standing import Standing
from pipeline.errors import (
    MessageRefused,
    RecipientRefused,
    ReplyLost,
    TransportError,
    TransportUnavailable,
)

DEAD = RecipientRefused("no", code=550, enhanced_code="5.1.1", permanent=True)
POLICY = MessageRefused("no", code=550, enhanced_code="5.7.515", permanent=True)
LATER = RecipientRefused("later", code=451, enhanced_code="4.3.0")
LOST = ReplyLost("gone")


def standing(*, accepted: int = 0, earlier: bool = False) -> Standing:
    """How a provider stands that accepted so many of campaign 1, or some in an earlier run."""
    made = Standing(lambda _: earlier)
    for _ in range(accepted):
        made.accept(1)
    return made


def believed_and_stopped(made: Standing, error: TransportError) -> tuple[int, int]:
    """After how many in a row the error is doubted, and after how many sending stops."""
    judged = list(itertools.islice((made.judge(1, error) for _ in itertools.count()), 1000))
    believed = next(n for n, one in enumerate(judged) if not one.error.permanent)
    return believed, next(n for n, one in enumerate(judged, 1) if one.stop)


@pytest.mark.parametrize(
    ("accepted", "earlier", "error", "expected"),
    [
        (0, False, POLICY, (0, 1)),
        (0, False, DEAD, (0, 20)),
        (0, True, DEAD, (10, 20)),
        (1, False, POLICY, (10, 20)),
        (1, False, DEAD, (10, 20)),
        (2000, False, DEAD, (210, 420)),
    ],
)
def test_refusals_are_believed_as_far_as_the_provider_has_accepted(
    accepted: int, *, earlier: bool, error: TransportError, expected: tuple[int, int]
) -> None:
    made = standing(accepted=accepted, earlier=earlier)
    assert believed_and_stopped(made, error) == expected


def test_a_doubted_refusal_keeps_its_words_and_suppresses_nobody() -> None:
    judged = standing().judge(1, DEAD)

    assert (str(judged.error), judged.error.code) == (str(DEAD), 550)
    assert not judged.error.permanent
    assert judged.stop is None


def test_an_acceptance_ends_a_row_of_refusals() -> None:
    made = standing(accepted=1)
    for _ in range(50):
        assert made.judge(1, DEAD).error.permanent
        made.accept(1)


def test_each_campaign_is_proven_by_itself() -> None:
    made = standing(accepted=5)
    assert made.judge(2, POLICY).stop is not None


def test_a_no_for_now_is_nobodys_fault() -> None:
    made = standing()
    assert all(made.judge(1, LATER).stop is None for _ in range(100))


def test_an_unavailable_provider_is_told_as_it_is() -> None:
    error = TransportUnavailable("away")
    assert standing().judge(1, error).error is error


@pytest.mark.parametrize(("accepted", "borne"), [(0, 0), (1, 3), (99, 3), (1000, 13)])
def test_lost_replies_are_borne_in_proportion(accepted: int, borne: int) -> None:
    made = standing(accepted=accepted)
    stops = [made.judge(1, LOST).stop is not None for _ in range(borne + 1)]

    assert stops == [False] * borne + [True]
