"""A throttle to ask, on a real database, with the clock in the test's hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from pipeline import throttle
from pipeline.config import Limits
from pipeline.db import reading, writing
from pipeline.throttle import Grant, Pace, Rule, Scope

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
PROVIDER = Scope("relay")
DOMAIN = Scope("relay", "larkfield.example")


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def limits(**named: int) -> Rule:
    return Rule(Limits(**named))


@dataclass
class Gate:
    """One scope and its rule."""

    engine: Engine
    rule: Rule = field(default_factory=Rule)
    scope: Scope = PROVIDER

    def ask(self, count: int, at: float = 0) -> Grant:
        with writing(self.engine) as connection:
            wanted = {self.scope: count}
            given = throttle.take(connection, wanted, {self.scope: self.rule}, later(at))
        return given[self.scope]

    def take(self, count: int, at: float = 0) -> int:
        return self.ask(count, at).count

    def give_back(self, count: int, taken_at: float = 0) -> None:
        with writing(self.engine) as connection:
            throttle.give_back(connection, {self.scope: count}, later(taken_at))

    def trouble(self, at: float = 0) -> None:
        with writing(self.engine) as connection:
            throttle.learn(connection, [self.scope], {}, later(at))

    def accept(self, count: int, at: float = 0) -> None:
        with writing(self.engine) as connection:
            throttle.learn(connection, [], {self.scope: count}, later(at))

    @property
    def pace(self) -> Pace | None:
        with reading(self.engine) as connection:
            return throttle.read_learned(connection).get(self.scope)

    def finish_at(self, count: int, at: float = 0) -> datetime | None:
        with reading(self.engine) as connection:
            return throttle.finish_at(
                connection, {self.scope: count}, {self.scope: self.rule}, later(at)
            )


def most_in_a_window(taken: Sequence[tuple[float, int]], seconds: int) -> int:
    """The most messages that any stretch of so many seconds holds."""
    # In whole microseconds, as the database has them: 256.75852 - 196.75852 is less than 60.
    begun = [(round(at * 1_000_000), count) for at, count in taken]
    window = seconds * 1_000_000
    return max(sum(count for at, count in begun if 0 <= end - at < window) for end, _ in begun)
