"""The SQL of an import before it changes anything: rows are staged, weighed and thinned out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.schema import CreateIndex

from pipeline.audience.keys import Keys
from pipeline.audience.presets import Standing
from pipeline.audience.rows import Row, as_json
from pipeline.audience.suppression_store import are_erased, find_suppressed
from pipeline.db import (
    comparable,
    drop_staging,
    fill_staging,
    make_staging,
    measure_staging,
    merged,
)
from pipeline.errors import AudienceError, RowError
from pipeline.schema import (
    LONGEST_NAME_KEY,
    Json,
    SubscriptionState,
    domain_of,
    name_key,
    octets,
    subscribers,
    subscriptions,
    suppressions,
)

_PAGE = 5_000  # identities looked at in one go
_own = MetaData()


def _people(name: str, number: str) -> Table:
    return Table(
        name,
        _own,
        Column(number, Integer, primary_key=True),
        Column("identity", octets(320), nullable=False),
        Column("email", String(320), nullable=False),
        Column("domain", octets(255), nullable=False),
        Column("name", Text, nullable=False),
        Column("name_key", octets(LONGEST_NAME_KEY), nullable=False),
        Column("attributes", Json, nullable=False),
        Column("standing", SmallInteger, nullable=False),
        Column("proof", Json),
        prefixes=["TEMPORARY"],
    )


# The rows of one file as they come, of one connection.
_read = _people("staged_rows", "line")
# One row for each address, in the order of their identities: an index is then written from one end
# to the other, which at a million rows takes a sixth of the time.
staged = _people("staged_people", "place")
# The rows that cannot be used.
refusals = Table(
    "staged_refusals",
    _own,
    Column("line", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("hint", Text, nullable=False),
    prefixes=["TEMPORARY"],
)


_BY_IDENTITY = Index("ix_staged_identity", staged.c.identity)
staged.indexes.clear()  # it is made when the rows are there, which is quicker


@dataclass(frozen=True)
class Forecast:
    """What an import of the staged rows would do; people of whom nothing changes are in none.

    `kept_away` left this list here, or are suppressed, or were erased.
    """

    joined: int = 0
    changed: int = 0
    left: int = 0
    suppressed: int = 0
    kept_away: int = 0

    @property
    def changes_nothing(self) -> bool:
        """Whether everything stands as the file says already."""
        return not (self.joined or self.changed or self.left or self.suppressed)


def open_staging(connection: Connection) -> None:
    """Make the staging tables, of this connection alone."""
    make_staging(connection, _read, staged, refusals)


def close_staging(connection: Connection) -> None:
    """Let go of what was staged."""
    drop_staging(connection, _read, staged, refusals)


def stage(connection: Connection, rows: Sequence[Row], refused: Sequence[RowError]) -> None:
    """Add what was read of a file."""
    if rows:
        fill_staging(connection, _read, [_staged(row) for row in rows])
    if refused:
        fill_staging(connection, refusals, [(one.line, one.reason, one.hint) for one in refused])


def _staged(row: Row) -> tuple[Any, ...]:
    return (
        row.line,
        row.address.identity,
        row.address.email,
        domain_of(row.address.identity),
        row.name,
        name_key(row.name),
        as_json(row.attributes),
        int(row.standing),
        as_json(row.proof) if row.proof else None,
    )


def thin_out(connection: Connection) -> None:
    """Keep one row for each address, the most restrictive and of these the first; refuse others.

    Nobody is added who never confirmed.
    """
    kept = func.first_value(_read.c.line).over(
        partition_by=_read.c.identity, order_by=(_read.c.standing.desc(), _read.c.line)
    )
    rows = select(_read.c.line, kept.label("kept")).subquery()
    said = literal("the same address stands in line ").concat(cast(rows.c.kept, Text))
    _refuse(connection, select(rows.c.line, said, literal("")).where(rows.c.line != rows.c.kept))
    _refuse(
        connection,
        select(
            _read.c.line,
            literal("is marked as never confirmed, so nobody is added"),
            literal("who did not say yes elsewhere has to say it here"),
        ).where(_read.c.standing == Standing.UNCONFIRMED),
    )
    columns = [column.name for column in staged.columns]
    place = func.row_number().over(order_by=_read.c.identity)
    ordered = select(place, *(_read.c[name] for name in columns[1:])).order_by(_read.c.identity)
    connection.execute(insert(staged).from_select(columns, ordered))
    drop_staging(connection, _read)
    connection.execute(CreateIndex(_BY_IDENTITY))
    measure_staging(connection, staged)


def _refuse(connection: Connection, which: Any) -> None:
    connection.execute(insert(refusals).from_select(["line", "reason", "hint"], which))
    refused = select(refusals.c.line)
    connection.execute(delete(_read).where(_read.c.line.in_(refused)))


def drop_erased(connection: Connection, keys: Keys, low: int = 0, high: int | None = None) -> int:
    """Take out whoever was erased here, so that they are not stored again; how many."""
    if not are_erased(connection):
        return 0
    if not keys:
        raise AudienceError(
            "people were erased here, and without the site's keys nobody can tell who",
            hint="see that var/secret.key is there",
        )
    dropped = 0
    while True:
        page = select(staged.c.place, staged.c.identity).where(staged.c.place > low)
        if high is not None:
            page = page.where(staged.c.place <= high)
        rows = connection.execute(page.order_by(staged.c.place).limit(_PAGE)).all()
        if not rows:
            return dropped
        gone = find_suppressed(connection, keys, [row.identity for row in rows], erased_alone=True)
        if gone:
            connection.execute(delete(staged).where(staged.c.identity.in_(list(gone))))
        dropped, low = dropped + len(gone), rows[-1].place


def foresee(connection: Connection, list_id: int | None, erased: int) -> Forecast:
    """Count what an import would do to a list; None is a new one. `erased` were taken out."""
    wanted = staged.c.standing == Standing.SUBSCRIBED
    barred = suppressions.c.identity.is_not(None)
    gone = subscriptions.c.state == SubscriptionState.UNSUBSCRIBED
    welcome = and_(wanted, not_(barred), or_(subscriptions.c.state.is_(None), not_(gone)))
    counted = select(
        _count(and_(welcome, subscriptions.c.state.is_(None))),
        _count(and_(welcome, differs(connection))),
        _count(
            and_(
                staged.c.standing == Standing.LEFT,
                or_(subscriptions.c.state.is_(None), not_(gone)),
            )
        ),
        _count(and_(staged.c.standing > Standing.LEFT, not_(barred))),
        _count(and_(wanted, or_(barred, and_(subscriptions.c.state.is_not(None), gone)))),
    ).select_from(
        staged.outerjoin(subscribers, subscribers.c.identity == staged.c.identity)
        .outerjoin(
            subscriptions,
            and_(
                subscriptions.c.list_id == list_id,
                subscriptions.c.subscriber_id == subscribers.c.id,
            ),
        )
        .outerjoin(suppressions, suppressions.c.identity == staged.c.identity)
    )
    joined, changed, left, suppressed, away = connection.execute(counted).one()
    return Forecast(joined, changed, left, suppressed, away + erased)


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def differs(connection: Connection) -> Any:
    """The condition that a staged row says something new of a known subscriber."""
    return and_(
        subscribers.c.id.is_not(None),
        or_(
            new_name() != subscribers.c.name,
            merged(connection, subscribers.c.attributes, staged.c.attributes)
            != comparable(connection, subscribers.c.attributes),
        ),
    )


def new_name() -> Any:
    """What a known subscriber is called from now on: an empty name changes nothing."""
    return func.coalesce(func.nullif(staged.c.name, ""), subscribers.c.name)


def new_name_key() -> Any:
    """What they are found by from now on."""
    return func.coalesce(func.nullif(staged.c.name_key, ""), subscribers.c.name_key)


def next_place(connection: Connection, which: Any, after: int, size: int) -> int | None:
    """The last place of the next `size` staged rows; None when there are no more."""
    page = (
        select(staged.c.place)
        .where(which, staged.c.place > after)
        .order_by(staged.c.place)
        .limit(size)
        .subquery()
    )
    return connection.execute(select(func.max(page.c.place))).scalar()


def count_refused(connection: Connection) -> int:
    """How many rows cannot be used."""
    return connection.execute(select(func.count()).select_from(refusals)).scalar_one()


def read_refused(
    connection: Connection, after: int = 0, limit: int = 1_000
) -> Iterator[tuple[int, str, str]]:
    """Line, reason and hint of refused rows behind a line, in order."""
    rows = connection.execute(
        select(refusals).where(refusals.c.line > after).order_by(refusals.c.line).limit(limit)
    )
    return ((row.line, row.reason, row.hint) for row in rows)


def count_absent(connection: Connection, list_id: int, source: str) -> int:
    """How many confirmed people came by `source` and are not among the staged."""
    present = exists().where(staged.c.identity == subscribers.c.identity)
    return connection.execute(
        select(func.count())
        .select_from(subscriptions.join(subscribers))
        .where(
            subscriptions.c.list_id == list_id,
            subscriptions.c.source == source,
            subscriptions.c.state == SubscriptionState.CONFIRMED,
            not_(present),
        )
    ).scalar_one()
