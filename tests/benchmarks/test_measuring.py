"""A figure is held to what it must be, and marked where it falls short of its goal."""

from __future__ import annotations

import pytest

from tests.benchmarks.__main__ import limits, verdict
from tests.benchmarks.measuring import Bound, Row, at_least, at_most, in_turn


def row(value: float, bound: Bound) -> Row:
    return Row("a figure", value, "s", bound=bound)


@pytest.mark.parametrize(
    ("value", "bound", "said"),
    [
        (0.3, at_most(2, goal=0.5), "kept"),
        (1, at_most(2, goal=0.5), "kept, goal missed"),
        (3, at_most(2, goal=0.5), "MISSED"),
        (3, at_least(2), "kept"),
        (1, at_least(2, goal=4), "MISSED"),
        (3, at_least(goal=4), "goal missed"),
        (3, Bound(), ""),
    ],
)
def test_a_figure_is_held_to_its_bound(value: float, bound: Bound, said: str) -> None:
    assert verdict(row(value, bound)) == said
    assert row(value, bound).holds is (said != "MISSED")


def test_a_ratio_is_held_to_a_bound_of_its_own() -> None:
    slow = Row("a figure", 10, "s", yardstick=2, ratio_bound=at_most(4, goal=3))

    assert verdict(slow) == "MISSED"
    assert limits(slow, "must") == "ratio ≤ 4"


def test_what_is_compared_is_measured_in_turn() -> None:
    order: list[str] = []

    given = in_turn([lambda: order.append("a"), lambda: order.append("b")], 2)

    assert order == ["a", "b", "a", "b"]
    assert given == [[None, None], [None, None]]
