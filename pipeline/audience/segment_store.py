"""The SQL of segments: saving them, counting whom they hold, and showing some of those."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, select

from pipeline.audience.rules import Compare, Kind, Rule, Sending, Sent, leaves
from pipeline.audience.segment_conditions_store import segment_condition
from pipeline.audience.store import MailingList, Person, find_list
from pipeline.db import insert
from pipeline.errors import AudienceError
from pipeline.schema import (
    SubscriptionState,
    campaigns,
    newsletters,
    segments,
    subscribers,
    subscriptions,
    suppressions,
)

_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


@dataclass(frozen=True)
class Segment:
    """A saved rule."""

    name: str
    rule: str
    created_at: datetime
    changed_at: datetime


def save_segment(connection: Connection, name: str, rule: Rule, now: datetime) -> None:
    """Keep a rule under a name, whether it is new or not.

    Raises AudienceError for a name that cannot be one, and for what the rule names and is not.
    """
    if len(name) > 100 or not _NAME.fullmatch(name):
        raise AudienceError(
            f"{name[:100]!r} cannot be the name of a segment",
            hint="use up to 100 small letters, digits, '-' and '_'",
        )
    check_names(connection, rule)
    statement = insert(connection, segments).values(
        name=name, rule=rule.text, created_at=now, changed_at=now
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"rule": statement.excluded.rule, "changed_at": statement.excluded.changed_at},
        )
    )


def read_segments(connection: Connection) -> tuple[Segment, ...]:
    """All segments, by name."""
    rows = connection.execute(select(segments).order_by(segments.c.name))
    return tuple(Segment(*row) for row in rows)


def find_segment(connection: Connection, name: str) -> Segment:
    """The segment called `name`. Raises AudienceError when there is none."""
    row = connection.execute(select(segments).where(segments.c.name == name)).one_or_none()
    if row is None:
        raise AudienceError(
            f"there is no segment called {name!r}", hint="`pipeline segments` lists them"
        )
    return Segment(*row)


def remove_segment(connection: Connection, name: str) -> None:
    """Forget a segment. Raises AudienceError when there is none."""
    find_segment(connection, name)
    connection.execute(delete(segments).where(segments.c.name == name))


def check_names(connection: Connection, rule: Rule) -> None:
    """Raise AudienceError for a list, newsletter or campaign that a rule names and is not there.

    Saved so, the rule would hold nobody, or everybody, in silence.
    """
    for one in leaves(rule.condition):
        if isinstance(one, Compare) and one.field.kind is Kind.LIST:
            find_list(connection, str(one.value))
        if isinstance(one, Sent):
            _check_sending(connection, one)


def _check_sending(connection: Connection, sent: Sent) -> None:
    if sent.what is Sending.NEWSLETTER:
        found = select(newsletters.c.id).where(newsletters.c.name == sent.name)
        named, where = f"newsletter called {sent.name!r}", "newsletters"
    elif sent.what is Sending.CAMPAIGN:
        found = select(campaigns.c.id).where(campaigns.c.id == sent.number)
        named, where = f"campaign {sent.number}", "campaigns"
    else:
        return
    if connection.execute(found).first() is None:
        raise AudienceError(f"there is no {named}", hint=f"see: pipeline {where}")


def count_segment(
    connection: Connection, rule: Rule, at: datetime, mailing_list: MailingList | None = None
) -> int:
    """How many people a rule holds at `at`, of one list or of all that are known.

    Without those that are never to be mailed.
    """
    people = _people(rule, at, mailing_list).with_only_columns(func.count())
    return connection.execute(people).scalar_one()


def sample_segment(
    connection: Connection,
    rule: Rule,
    at: datetime,
    mailing_list: MailingList | None = None,
    limit: int = 5,
) -> tuple[Person, ...]:
    """Some of those people, by ascending id."""
    rows = connection.execute(
        _people(rule, at, mailing_list).order_by(subscribers.c.id).limit(limit)
    )
    return tuple(
        Person(row.id, row.email, row.name, SubscriptionState.CONFIRMED, row.attributes)
        for row in rows
    )


def _people(rule: Rule, at: datetime, mailing_list: MailingList | None) -> Select[Any]:
    people = select(subscribers).where(
        subscribers.c.identity.is_not(None),
        ~exists().where(suppressions.c.identity == subscribers.c.identity),
        segment_condition(rule, at),
    )
    if mailing_list is None:
        return people
    return people.join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id).where(
        subscriptions.c.list_id == mailing_list.id,
        subscriptions.c.state == SubscriptionState.CONFIRMED,
    )
