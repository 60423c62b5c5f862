"""Routing: which provider carries the next message."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Provider
from pipeline.delivery.routing import choose, order

SMALL, LARGE = Provider(name="small"), Provider(name="large", weight=3)
SPARE = Provider(name="spare", weight=100, fallback=True)
MEMBERS = Provider(name="members", lists=("members",))


def share(candidates: tuple[Provider, ...], messages: int) -> Counter[str]:
    begun: Counter[str] = Counter()
    for _ in range(messages):
        begun[choose(candidates, begun).name] += 1
    return begun


def test_a_list_goes_only_by_those_that_may_carry_it() -> None:
    providers = (MEMBERS, SMALL)

    assert order(providers, "readers") == (SMALL,)
    assert order(providers, "members") == (MEMBERS, SMALL)


def test_fallbacks_stand_behind_the_others_which_keep_their_order() -> None:
    assert order((SPARE, LARGE, SMALL), "readers") == (LARGE, SMALL, SPARE)


def test_a_list_that_nobody_may_carry_has_no_candidates() -> None:
    assert order((MEMBERS,), "readers") == ()


def test_mail_is_shared_by_weight() -> None:
    assert share((SMALL, LARGE), 400) == {"small": 100, "large": 300}


def test_a_fallback_gets_nothing_while_another_is_a_candidate() -> None:
    assert share((SPARE, SMALL), 10) == {"small": 10}


def test_a_fallback_carries_what_nobody_else_can() -> None:
    assert choose((SPARE,), {"small": 0}) == SPARE


def test_who_was_away_is_given_mail_until_its_share_is_right() -> None:
    assert choose((SMALL, LARGE), {"small": 10, "large": 3}) == LARGE


@given(st.lists(st.integers(1, 100), min_size=1, max_size=5), st.integers(0, 500))
def test_nobody_is_ever_more_than_a_message_ahead_of_its_share(
    weights: list[int], messages: int
) -> None:
    providers = tuple(
        Provider(name=str(number), weight=weight) for number, weight in enumerate(weights)
    )
    begun = share(providers, messages)

    for provider in providers:
        due = messages * provider.weight / sum(weights)
        assert begun[provider.name] < due + 1.000001
