"""The SQL of an import that changes something: staged rows become people of a list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, literal, not_, select, update
from sqlalchemy.sql.elements import ColumnElement

from pipeline.audience.keys import Keys
from pipeline.audience.presets import Standing
from pipeline.audience.staging_store import (
    differs,
    drop_erased,
    new_name,
    new_name_key,
    next_place,
    staged,
)
from pipeline.audience.store import after_launches
from pipeline.db import insert, merged, seek_by_index, take_turns
from pipeline.schema import (
    Json,
    SubscriptionState,
    SuppressionReason,
    UtcDateTime,
    import_changes,
    subscribers,
    subscriptions,
    suppressions,
)

_SUPPRESSED = (Standing.BLOCKED, Standing.BOUNCED, Standing.COMPLAINED)
_REASONS = (
    (Standing.BLOCKED, SuppressionReason.MANUAL),
    (Standing.BOUNCED, SuppressionReason.HARD_BOUNCE),
    (Standing.COMPLAINED, SuppressionReason.COMPLAINT),
)
OPT_OUTS = staged.c.standing != Standing.SUBSCRIBED  # first: nobody joins before these are kept
OPT_INS = staged.c.standing == Standing.SUBSCRIBED


class Part:
    """A few thousand staged rows that are applied in one transaction."""

    def __init__(
        self, connection: Connection, batch_id: int, list_id: int, source: str, now: datetime
    ) -> None:
        self._connection = connection
        self._batch_id = batch_id
        self._list_id = list_id
        self._source = source
        self._now = now

    def apply(self, which: ColumnElement[bool], keys: Keys, after: int, size: int) -> int | None:
        """Apply the next rows behind the place `after`; their last place, None when none were left.

        Done again it changes nothing, so an import that was killed can be run again.
        """
        connection = self._connection
        take_turns(connection, "import")  # or two files with the same people may deadlock
        last = next_place(connection, which, after, size)
        if last is None:
            return None
        seek_by_index(connection)
        drop_erased(connection, keys, after, last)  # who was erased meanwhile
        part = and_(which, staged.c.place.between(after + 1, last))
        at = after_launches(connection, self._list_id, self._now)
        if which is OPT_OUTS:
            self._suppress(part)
            part = and_(part, staged.c.standing == Standing.LEFT)
            self._add_people(part, named=False)
            self._subscribe(part, SubscriptionState.UNSUBSCRIBED, at)
            self._unsubscribe(part, at)
        else:
            part = and_(part, not_(exists().where(suppressions.c.identity == staged.c.identity)))
            self._change_people(part)
            self._add_people(part, named=True)
            self._subscribe(part, SubscriptionState.CONFIRMED, at)
        return last

    def _suppress(self, part: ColumnElement[bool]) -> None:
        reason = case(*((staged.c.standing == kind, literal(why.value)) for kind, why in _REASONS))
        rows = select(
            staged.c.identity, reason, literal(self._now, UtcDateTime()), literal(self._batch_id)
        ).where(part, staged.c.standing.in_(_SUPPRESSED))
        self._insert(suppressions, ["identity", "reason", "created_at", "batch_id"], rows)

    def _change_people(self, part: ColumnElement[bool]) -> None:
        """Note what is known and what is new of people, then let them follow the file."""
        connection = self._connection
        gone = exists().where(
            subscriptions.c.list_id == self._list_id,
            subscriptions.c.subscriber_id == subscribers.c.id,
            subscriptions.c.state == SubscriptionState.UNSUBSCRIBED,
        )
        known = staged.join(subscribers, subscribers.c.identity == staged.c.identity)
        rows = (
            select(
                literal(self._batch_id),
                subscribers.c.id,
                subscribers.c.name,
                subscribers.c.name_key,
                subscribers.c.attributes,
                new_name(),
                new_name_key(),
                merged(connection, subscribers.c.attributes, staged.c.attributes),
            )
            .select_from(known)
            .where(part, differs(connection), not_(gone))
        )
        columns = [column.name for column in import_changes.columns]
        if not self._insert(import_changes, columns, rows):
            return
        ids = select(subscribers.c.id).select_from(known).where(part)
        connection.execute(
            update(subscribers)
            .where(
                subscribers.c.id == import_changes.c.subscriber_id,
                import_changes.c.batch_id == self._batch_id,
                import_changes.c.subscriber_id.in_(ids),
            )
            .values(
                name=import_changes.c.name_after,
                name_key=import_changes.c.name_key_after,
                attributes=import_changes.c.attributes_after,
            )
        )

    def _add_people(self, part: ColumnElement[bool], *, named: bool) -> None:
        """Add who is not known yet; of who left elsewhere only the address is kept."""
        known = exists().where(subscribers.c.identity == staged.c.identity)
        rows = select(
            staged.c.email,
            staged.c.identity,
            staged.c.domain,
            staged.c.name if named else literal(""),
            staged.c.name_key if named else literal(""),
            staged.c.attributes if named else literal({}, Json),
            literal(self._now, UtcDateTime()),
        ).where(part, not_(known))  # a row that is not taken would use up an id
        columns = ["email", "identity", "domain", "name", "name_key", "attributes", "created_at"]
        self._insert(subscribers, columns, rows.order_by(staged.c.place))

    def _subscribe(self, part: ColumnElement[bool], state: SubscriptionState, at: datetime) -> None:
        left = state is SubscriptionState.UNSUBSCRIBED
        rows = (
            select(
                literal(self._list_id),
                subscribers.c.id,
                literal(state.value),
                literal(self._source),
                literal(None if left else at, UtcDateTime()),
                literal(at if left else None, UtcDateTime()),
                literal(self._batch_id),
                literal(self._batch_id if left else None, subscriptions.c.batch_id.type),
                staged.c.proof,
            )
            .select_from(staged.join(subscribers, subscribers.c.identity == staged.c.identity))
            .where(part)
            .order_by(subscribers.c.id)
        )
        columns = [
            *("list_id", "subscriber_id", "state", "source", "confirmed_at", "unsubscribed_at"),
            *("batch_id", "left_batch_id", "proof"),
        ]
        self._insert(subscriptions, columns, rows)

    def _unsubscribe(self, part: ColumnElement[bool], at: datetime) -> None:
        ids = (
            select(subscribers.c.id)
            .select_from(staged.join(subscribers, subscribers.c.identity == staged.c.identity))
            .where(part)
        )
        self._connection.execute(
            update(subscriptions)
            .where(
                subscriptions.c.list_id == self._list_id,
                subscriptions.c.subscriber_id.in_(ids),
                subscriptions.c.state != SubscriptionState.UNSUBSCRIBED,
            )
            .values(
                state=SubscriptionState.UNSUBSCRIBED,
                unsubscribed_at=at,
                left_batch_id=self._batch_id,
            )
        )

    def _insert(self, table: Any, columns: list[str], rows: Select[Any]) -> int:
        statement = insert(self._connection, table).from_select(columns, rows)
        return self._connection.execute(statement.on_conflict_do_nothing()).rowcount
