"""Which provider carries the next message: pure rules over those that are set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.config import Provider


def order(providers: Sequence[Provider], list_name: str) -> tuple[Provider, ...]:
    """Those that may carry the list: as they were given, fallbacks behind all others."""
    able = [provider for provider in providers if provider.may_carry(list_name)]
    return tuple(sorted(able, key=lambda provider: provider.fallback))


def choose(candidates: Sequence[Provider], begun: Mapping[str, int]) -> Provider:
    """The candidate furthest behind its share, by messages `begun` by name; the first of equals.

    A fallback is chosen only where there is nothing else. Expects at least one candidate.
    """
    usual = [provider for provider in candidates if not provider.fallback]
    return min(usual or candidates, key=lambda one: begun.get(one.name, 0) / one.weight)
