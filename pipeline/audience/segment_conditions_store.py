"""A rule as SQL: one condition over subscribers, never neither true nor false, on both databases.

No text of a rule becomes SQL: values and names are bound.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, not_, or_, select

from pipeline.audience.folding import spellings
from pipeline.audience.rules import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Field,
    Kind,
    Known,
    Not,
    Op,
    Rule,
    Sending,
    Sent,
    Within,
)
from pipeline.db import (
    Pattern,
    is_among,
    is_day,
    json_is_text,
    json_number,
    json_truth,
    json_value,
    matches,
)
from pipeline.schema import (
    DeliveryStatus,
    SubscriptionState,
    campaigns,
    deliveries,
    mailing_lists,
    newsletters,
    subscriber_tags,
    subscribers,
    subscriptions,
)

_ORDER: dict[Op, Callable[[Any, Any], Any]] = {
    Op.IS: operator.eq,
    Op.BELOW: operator.lt,
    Op.AT_MOST: operator.le,
    Op.ABOVE: operator.gt,
    Op.AT_LEAST: operator.ge,
}
# Accepted by the next server, whatever was heard of it later.
_WENT = (DeliveryStatus.SENT, DeliveryStatus.BOUNCED, DeliveryStatus.COMPLAINED)
_COLUMNS = {Kind.LANGUAGE: subscribers.c.language, Kind.TIME_ZONE: subscribers.c.time_zone}


def segment_condition(rule: Rule, at: datetime) -> ColumnElement[bool]:
    """The condition over `subscribers` that a person is in the segment at `at`."""
    return _condition(rule.condition, at)


def _condition(condition: Condition, at: datetime) -> ColumnElement[bool]:
    if isinstance(condition, AllOf | AnyOf):
        join = and_ if isinstance(condition, AllOf) else or_
        return join(*(_condition(part, at) for part in condition.parts))
    if isinstance(condition, Not):
        return not_(_condition(condition.part, at))
    return _leaf(condition, at)


def _leaf(condition: Compare | Within | Known | Sent, at: datetime) -> ColumnElement[bool]:
    match condition:
        case Known(field):
            return _known(field)
        case Within(field, days):
            return _within(field, days, at)
        case Sent():
            return _sent(condition, at)
        case Compare():
            return _compare(condition, at)


def _compare(condition: Compare, at: datetime) -> ColumnElement[bool]:
    field, op, value = condition.field, condition.op, condition.value
    match field.kind:
        case Kind.ATTRIBUTE:
            return _attribute(field.name, op, value)
        case Kind.LANGUAGE:
            language = spellings(str(value))
            narrower = Pattern((*language, "-"), anything_behind=True)  # RFC 4647 3.3.1
            column = subscribers.c.language
            return or_(matches(column, Pattern(language)), matches(column, narrower))
        case Kind.TIME_ZONE:
            return matches(subscribers.c.time_zone, _pattern(op, str(value)))
        case Kind.TAG:
            return _is_one(_TAGGED.where(subscriber_tags.c.tag == str(value)))
        case Kind.LIST:
            named = select(mailing_lists.c.id).where(mailing_lists.c.name == str(value))
            on_it = subscriptions.c.list_id == named.scalar_subquery()
            return _is_one(_subscribed(at).where(on_it))
    if not isinstance(value, date):
        raise TypeError(f"{field.kind} cannot be compared with {value!r}")
    return _at_time(field.kind, _on_day(op, value), at)


def _attribute(name: str, op: Op, value: Any) -> ColumnElement[bool]:
    """What is looked at first decides nearly always, and is the cheapest; then comes the type."""
    values = subscribers.c.attributes
    written = json_value(values, name)
    if isinstance(value, str):
        fits = matches(written, _pattern(op, value))
        return _surely(and_(fits, json_is_text(values, name)))
    if isinstance(value, bool):
        return _surely(json_truth(values, name) == ("true" if value else "false"))
    if isinstance(value, date):
        return _surely(and_(_ORDER[op](written, value.isoformat()), is_day(written)))
    return _surely(_ORDER[op](json_number(values, name), value))


def _surely(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """False, not NULL, where there is nothing to compare: so that `not` is the opposite."""
    return func.coalesce(condition, false())


def _pattern(op: Op, text: str) -> Pattern:
    return Pattern(
        spellings(text),
        anything_before=op is Op.CONTAINS,
        anything_behind=op in (Op.CONTAINS, Op.STARTS),
    )


def _known(field: Field) -> ColumnElement[bool]:
    if field.kind is Kind.TAG:
        return _is_one(_TAGGED)
    if field.kind is Kind.ATTRIBUTE:
        return _surely(json_value(subscribers.c.attributes, field.name) != "")
    return _COLUMNS[field.kind] != ""


_TAGGED = select(subscriber_tags.c.subscriber_id)


def _is_one(ids: Select[Any]) -> ColumnElement[bool]:
    return is_among(subscribers.c.id, ids)


def _subscribed(at: datetime) -> Select[Any]:
    """Who was confirmed on a list at `at`, whatever became of it later."""
    return select(subscriptions.c.subscriber_id).where(
        subscriptions.c.confirmed_at <= at,
        or_(
            subscriptions.c.state == SubscriptionState.CONFIRMED,
            and_(
                subscriptions.c.state == SubscriptionState.UNSUBSCRIBED,
                subscriptions.c.unsubscribed_at > at,
            ),
        ),
    )


Range = tuple[datetime | None, datetime | None]  # from, inclusive; until, exclusive


def _on_day(op: Op, day: date) -> Range:
    """From when until when an instant has to lie, for a comparison with a day in UTC."""
    begins = datetime.combine(day, time(), UTC)
    ends = begins + timedelta(days=1)
    return {
        Op.IS: (begins, ends),
        Op.BELOW: (None, begins),
        Op.AT_MOST: (None, ends),
        Op.ABOVE: (ends, None),
        Op.AT_LEAST: (begins, None),
    }[op]


def _within(field: Field, days: int, at: datetime) -> ColumnElement[bool]:
    since = at - timedelta(days=days)
    if field.kind is Kind.ATTRIBUTE:
        day = json_value(subscribers.c.attributes, field.name)
        first, last = (moment.astimezone(UTC).date().isoformat() for moment in (since, at))
        return _surely(and_(day > first, day <= last, is_day(day)))
    return _at_time(field.kind, (since, at + timedelta(microseconds=1)), at)


def _at_time(kind: Kind, between: Range, at: datetime) -> ColumnElement[bool]:
    if kind is Kind.JOINED:
        return _lies(subscribers.c.created_at, between)
    return _is_one(_subscribed(at).where(_lies(subscriptions.c.confirmed_at, between)))


def _lies(instant: ColumnElement[Any], between: Range) -> ColumnElement[bool]:
    begins, ends = between
    after = [] if begins is None else [instant >= begins]
    before = [] if ends is None else [instant < ends]
    return and_(*after, *before)


def _sent(condition: Sent, at: datetime) -> ColumnElement[bool]:
    """Of a campaign launched in time: its own instant, so that one campaign is in or out whole."""
    wanted = [campaigns.c.rehearsal == literal(value=False), campaigns.c.launched_at <= at]
    if condition.days is not None:
        wanted.append(campaigns.c.launched_at > at - timedelta(days=condition.days))
    if condition.what is Sending.CAMPAIGN:
        wanted.append(campaigns.c.id == condition.number)
    if condition.what is Sending.NEWSLETTER:
        named = select(newsletters.c.id).where(newsletters.c.name == condition.name)
        wanted.append(campaigns.c.newsletter_id == named.scalar_subquery())
    went = select(deliveries.c.subscriber_id).where(
        deliveries.c.campaign_id.in_(select(campaigns.c.id).where(*wanted)),
        deliveries.c.status.in_(_WENT),
        deliveries.c.recorded_at <= at,
    )
    return _is_one(went)
