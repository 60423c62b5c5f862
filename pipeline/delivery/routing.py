"""Which provider carries the next message: pure rules over those that are set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar


class Route(Protocol):
    """A provider, or what stands for one in a run."""

    @property
    def name(self) -> str: ...  # noqa: D102  # as in config.Provider, and so below
    @property
    def weight(self) -> int: ...  # noqa: D102
    @property
    def fallback(self) -> bool: ...  # noqa: D102
    def may_carry(self, list_name: str) -> bool: ...  # noqa: D102


R = TypeVar("R", bound=Route)


def order(routes: Sequence[R], list_name: str) -> tuple[R, ...]:
    """Those that may carry the list: as they were given, fallbacks behind all others."""
    able = [route for route in routes if route.may_carry(list_name)]
    return tuple(sorted(able, key=lambda route: route.fallback))


def able_to_carry(routes: Sequence[R], list_name: str) -> tuple[R, ...]:
    """Those that carry the list: fallbacks only where there is nothing else."""
    return _usual(order(routes, list_name))


def choose(candidates: Sequence[R], begun: Mapping[str, int]) -> R:
    """The candidate furthest behind its share, by messages `begun` by name; the first of equals.

    A fallback is chosen only where there is nothing else. Expects at least one candidate.
    """
    return min(_usual(candidates), key=lambda one: begun.get(one.name, 0) / one.weight)


def _usual(routes: Sequence[R]) -> tuple[R, ...]:
    return tuple(route for route in routes if not route.fallback) or tuple(routes)
