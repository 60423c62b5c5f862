"""What a throttle is for, what it keeps to, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.config import DomainLimit, Limits, Provider

SECOND, MINUTE, HOUR, DAY = 1, 60, 3_600, 86_400
LONGEST_RAMP = 40  # doublings; a million millions a day is no limit any more


@dataclass(frozen=True, order=True)
class Scope:
    """A provider as a whole, or one receiving domain (or named group of them) through it."""

    provider: str
    domain: str = ""


@dataclass(frozen=True)
class Rule:
    """Limits, and a ramp-up: `first_day` messages on the first day, then twice as many each day."""

    limits: Limits = field(default_factory=Limits)
    first_day: int = 0  # 0: no ramp-up

    @property
    def binds(self) -> bool:
        """Whether there is anything to keep to."""
        return self.first_day > 0 or self.limits != Limits()

    def limits_after(self, age: timedelta) -> dict[int, int]:
        """How many in any stretch of so many seconds, `age` after the scope's first message."""
        limits = self.limits
        each = {
            SECOND: limits.per_second,
            MINUTE: limits.per_minute,
            HOUR: limits.per_hour,
            DAY: self.daily(age // timedelta(seconds=DAY)),
        }
        return {window: limit for window, limit in each.items() if limit > 0}

    def daily(self, day: int) -> int:
        """How many in any 24 hours, on day 0 of the scope's use, day 1 and so on; 0: no limit."""
        if not self.first_day:
            return self.limits.per_day
        grown = self.first_day << min(max(day, 0), LONGEST_RAMP)
        return min(grown, self.limits.per_day or grown)


def make_rules(providers: Sequence[Provider], limits: Sequence[DomainLimit]) -> dict[Scope, Rule]:
    """What is to be kept to: each provider's own, and each named group's through each provider."""
    rules = {Scope(one.name): Rule(one.limits, one.first_day) for one in providers}
    rules |= {
        Scope(provider.name, one.name): Rule(one.limits) for provider in providers for one in limits
    }
    return {scope: rule for scope, rule in rules.items() if rule.binds}


@dataclass(frozen=True)
class Grant:
    """How many may be begun now; `again_at` when more could be had, if that is fewer than asked."""

    count: int
    again_at: datetime | None = None
