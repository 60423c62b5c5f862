"""A segment's rule as a tree of conditions; each is true or false of a person, never neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What a condition looks at."""

    ATTRIBUTE = "attribute"  # a column of the CSV file, or what staff or the person set
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    TAG = "tag"
    LIST = "list"  # a list the person is confirmed on
    JOINED = "joined"  # when the person became known
    CONFIRMED = "confirmed"  # when the person confirmed a list they are still on


class Op(StrEnum):
    """How a condition compares."""

    IS = "="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    STARTS = "starts with"
    CONTAINS = "contains"


class Sending(StrEnum):
    """What a person was sent."""

    NEWSLETTER = "newsletter"
    CAMPAIGN = "campaign"
    ANYTHING = "anything"


Value = str | float | bool | date


@dataclass(frozen=True)
class Field:
    """What a condition looks at; `name` is an attribute's."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True)
class Compare:
    """A field has a value that compares so: false where it has none, or one of another type."""

    field: Field
    op: Op
    value: Value


@dataclass(frozen=True)
class Within:
    """A date or an instant lies in the last so many days."""

    field: Field
    days: int


@dataclass(frozen=True)
class Known:
    """A field has any value but the empty one."""

    field: Field


@dataclass(frozen=True)
class Sent:
    """A server accepted such a message to the person, if `days` is given in the last so many."""

    what: Sending
    name: str = ""
    number: int = 0
    days: int | None = None


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: Condition


@dataclass(frozen=True)
class AllOf:
    """Every part is true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one part is true."""

    parts: tuple[Condition, ...]


Condition = Compare | Within | Known | Sent | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Rule:
    """A rule: its text as it was written, and what it says."""

    text: str
    condition: Condition


def leaves(condition: Condition) -> Iterator[Compare | Within | Known | Sent]:
    """The single conditions of a rule, in their order."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition
