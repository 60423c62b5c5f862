"""Made-up people with all that a segment looks at, and what a rule says of them in plain Python."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import sqlalchemy as sa
from sqlalchemy import Connection

from pipeline.audience.folding import folded
from pipeline.audience.rules import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Kind,
    Known,
    Not,
    Op,
    Sending,
    Sent,
    Value,
    Within,
)
from pipeline.schema import (
    campaigns,
    deliveries,
    editions,
    mailing_lists,
    newsletters,
    subscriber_tags,
    subscribers,
    subscriptions,
)

AT = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
LISTS = ("readers", "members")
NEWSLETTERS = ("digest", "weekly")


@dataclass(frozen=True)
class Campaign:
    """One that was launched `days` before AT."""

    id: int
    newsletter: str
    days: int
    rehearsal: bool = False

    @property
    def launched_at(self) -> datetime:
        return AT - timedelta(days=self.days)


CAMPAIGNS = (
    Campaign(1, "digest", 40),
    Campaign(2, "digest", 5),
    Campaign(3, "weekly", 30),
    Campaign(4, "weekly", 1, rehearsal=True),
)


@dataclass(frozen=True)
class OnList:
    """A subscription: since when, until when."""

    list: str
    confirmed_at: datetime | None = AT - timedelta(days=10)
    left_at: datetime | None = None

    def holds(self) -> bool:
        """Whether it held at AT."""
        if self.confirmed_at is None or self.confirmed_at > AT:
            return False
        return self.left_at is None or self.left_at > AT


@dataclass(frozen=True)
class MadeUp:
    """One person."""

    attributes: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    time_zone: str = ""
    joined_at: datetime = AT - timedelta(days=100)
    tags: tuple[str, ...] = ()
    lists: tuple[OnList, ...] = ()
    got: tuple[tuple[int, str], ...] = ()  # a campaign's number and the delivery's status


# --- into the database --------------------------------------------------------------------------


def add_sendings(connection: Connection) -> None:
    """The lists, newsletters and campaigns that people are given to."""
    for number, name in enumerate(LISTS, start=1):
        _insert(connection, mailing_lists, id=number, name=name, created_at=AT)
    for number, name in enumerate(NEWSLETTERS, start=1):
        _insert(connection, newsletters, id=number, name=name, settings={}, created_at=AT)
    text = dict.fromkeys(("id", "newsletter", "subject", "preheader", "html", "text"), "e")
    _insert(
        connection,
        editions,
        **text,
        language="en",
        view_url="",
        post_ids=[],
        private=False,
        issued_on=AT.date(),
    )
    for one in CAMPAIGNS:
        _insert(
            connection,
            campaigns,
            id=one.id,
            newsletter_id=NEWSLETTERS.index(one.newsletter) + 1,
            edition_id="e",
            list_id=1,
            sender={},
            rehearsal=one.rehearsal,
            state="sent",
            recipients=0,
            highest_subscriber_id=0,
            due_at=one.launched_at,
            launched_at=one.launched_at,
        )


def add_people(connection: Connection, people: Sequence[MadeUp]) -> None:
    """Ids count from 1, in the order of `people`."""
    for number, one in enumerate(people, start=1):
        address = f"person{number}@larkfield.example"
        _insert(
            connection,
            subscribers,
            id=number,
            email=address,
            identity=address,
            attributes=one.attributes,
            language=one.language,
            time_zone=one.time_zone,
            created_at=one.joined_at,
        )
        for tag in one.tags:
            _insert(connection, subscriber_tags, subscriber_id=number, tag=tag)
        for on in one.lists:
            _insert(
                connection,
                subscriptions,
                list_id=LISTS.index(on.list) + 1,
                subscriber_id=number,
                state=_state(on),
                source="test",
                confirmed_at=on.confirmed_at,
                unsubscribed_at=on.left_at,
            )
        for campaign, status in one.got:
            _insert(
                connection,
                deliveries,
                campaign_id=campaign,
                subscriber_id=number,
                status=status,
                recorded_at=CAMPAIGNS[campaign - 1].launched_at + timedelta(hours=1),
            )


def _state(on: OnList) -> str:
    if on.left_at is not None:
        return "unsubscribed"
    return "pending" if on.confirmed_at is None else "confirmed"


def _insert(connection: Connection, table: sa.Table, **values: Any) -> None:
    connection.execute(sa.insert(table).values(values))


# --- what a rule says, in plain Python ----------------------------------------------------------


def holds(condition: Condition, person: MadeUp) -> bool:  # noqa: PLR0911  # one for each kind
    """Whether a person is in a segment at AT."""
    match condition:
        case AllOf(parts):
            return all(holds(part, person) for part in parts)
        case AnyOf(parts):
            return any(holds(part, person) for part in parts)
        case Not(part):
            return not holds(part, person)
        case Known(about):
            if about.kind is Kind.TAG:
                return bool(person.tags)
            return _text_value(person, about.kind, about.name) not in (None, "")
        case Within(about, days):
            since = AT - timedelta(days=days)
            if about.kind is Kind.ATTRIBUTE:
                day = _day(person.attributes.get(about.name))
                return day is not None and since.date().isoformat() < day <= AT.date().isoformat()
            return any(since <= moment <= AT for moment in _moments(person, about.kind))
        case Sent():
            return any(_was_sent(condition, *got) for got in person.got)
        case Compare():
            return _compares(condition, person)


def _text_value(person: MadeUp, kind: Kind, name: str) -> Any:
    if kind is Kind.ATTRIBUTE:
        return person.attributes.get(name)
    return person.language if kind is Kind.LANGUAGE else person.time_zone


def _compares(condition: Compare, person: MadeUp) -> bool:
    about, op, value = condition.field, condition.op, condition.value
    match about.kind:
        case Kind.TAG:
            return value in person.tags
        case Kind.LIST:
            return any(on.list == value and on.holds() for on in person.lists)
        case Kind.JOINED | Kind.CONFIRMED:
            days = [moment.date() for moment in _moments(person, about.kind)]
            return any(_in_order(op, day, value) for day in days)
        case Kind.LANGUAGE:
            wanted, found = folded(str(value)), folded(person.language)
            return found == wanted or found.startswith(f"{wanted}-")
    return _value_compares(_text_value(person, about.kind, about.name), op, value)


def _value_compares(found: Any, op: Op, value: Value) -> bool:
    if isinstance(value, bool):
        written = str(found).lower() if isinstance(found, bool | str) else ""
        return written == str(value).lower() and written.isascii()
    if isinstance(value, str):
        return isinstance(found, str) and _reads(folded(found), op, folded(normalize("NFC", value)))
    if isinstance(value, date):
        day = _day(found)
        return day is not None and _in_order(op, day, value.isoformat())
    number = _number(found)
    return number is not None and _in_order(op, number, Decimal(str(value)))


def _reads(found: str, op: Op, wanted: str) -> bool:
    if op is Op.IS:
        return found == wanted
    return found.startswith(wanted) if op is Op.STARTS else wanted in found


def _in_order(op: Op, found: Any, value: Any) -> bool:
    return bool(
        {
            Op.IS: found == value,
            Op.BELOW: found < value,
            Op.AT_MOST: found <= value,
            Op.ABOVE: found > value,
            Op.AT_LEAST: found >= value,
        }[op]
    )


def _number(found: Any) -> Decimal | None:
    if isinstance(found, str):
        plain = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", found)
        return Decimal(found) if plain and len(found) <= 15 else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return Decimal(str(found))


def _day(found: Any) -> str | None:
    if not isinstance(found, str):
        return None
    return found if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", found) else None


def _moments(person: MadeUp, kind: Kind) -> list[datetime]:
    if kind is Kind.JOINED:
        return [person.joined_at]
    return [on.confirmed_at for on in person.lists if on.holds() and on.confirmed_at]


def _was_sent(sent: Sent, number: int, status: str) -> bool:
    campaign = CAMPAIGNS[number - 1]
    if campaign.rehearsal or status not in ("sent", "bounced", "complained"):
        return False
    if sent.days is not None and campaign.days >= sent.days:
        return False
    if sent.what is Sending.CAMPAIGN:
        return sent.number == number
    return sent.what is Sending.ANYTHING or sent.name == campaign.newsletter


# --- a rule as it is written --------------------------------------------------------------------


def written(condition: Condition) -> str:  # noqa: PLR0911  # one for each kind
    """The text of a rule."""
    match condition:
        case AllOf(parts):
            return " and ".join(f"({written(part)})" for part in parts)
        case AnyOf(parts):
            return " or ".join(f"({written(part)})" for part in parts)
        case Not(part):
            return f"not ({written(part)})"
        case Known(about):
            return f"{_name(about.kind, about.name)} is known"
        case Within(about, days):
            return f"{_name(about.kind, about.name)} within {days} days"
        case Compare(about, op, value):
            return f"{_name(about.kind, about.name)} {op.value} {_literal(value)}"
        case Sent(what, name, number, days):
            said = {Sending.NEWSLETTER: f" {_literal(name)}", Sending.CAMPAIGN: f" {number}"}
            window = "" if days is None else f" within {days} days"
            return f"was sent {what.value}{said.get(what, '')}{window}"


def _name(kind: Kind, name: str) -> str:
    return f'"{name}"' if kind is Kind.ATTRIBUTE else kind.value


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return value.isoformat() if isinstance(value, date) else format(value, ".15g")
