"""Rule 8, copies: a restored backup or a cloned site sends nothing until somebody arms it.

The database and var/ both say which generation they are of. It is raised at each start, and before
and after each round of sending; so a database from a backup is of an older generation than its var/
(or the other way round), and everything is held.

Raising: the file first says "from 7 to 8", then the database commits 8, then the file says 8. After
kill -9 at any point the two still fit, and in rest not even one generation of difference is let
pass. All of it happens in a transaction that lets others wait, so `run` and `serve` on one var/
take turns, and a thread that lags cannot write an older number.

Several machines on one database have a var/ each, and each a row of its own: they raise their own
number and cannot disarm one another. A machine whose row is older than its file has found that the
*database* went back; it marks its row, and that holds all machines, also those whose own numbers
happen to fit. Arming clears such marks, and after a restore forgets the numbers of the other
machines, so that they are taken as they come instead of holding everything again.

A whole folder copied, database and all, fits itself: there the file tells by its inode that it is a
copy. What cannot be seen from inside: a disk image started twice, and what a database loses within
one round of sending.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from pipeline.db import insert, reading, take_turns, writing
from pipeline.errors import SiteHeld
from pipeline.ledger.decisions import Decided, keep_decisions
from pipeline.ledger.installation import Mark, read_mark, write_mark
from pipeline.ledger.restoring import doubt_open_rows
from pipeline.schema import Decision, installations

MEND = (
    "was a backup restored, `pipeline arm`; did the site move, or is this a new machine and nothing"
    " was lost, `pipeline arm --new`"
)


@dataclass(frozen=True)
class Armed:
    """What arming found, and how many messages it put in doubt."""

    found: str
    in_doubt: int


def find_hold(engine: Engine, var: Path) -> SiteHeld | None:
    """Why nothing may be launched or sent; None when all is well. Raises nothing."""
    with reading(engine) as connection:
        rows = connection.execute(select(installations)).all()
        if not _judge(rows, read_mark(var)):
            return None
    # Another process may have raised the generation between the two looks: look in turn.
    with writing(engine) as connection:
        found, _, _ = _look(connection, var)
    return _held(found)


def raise_generation(engine: Engine, var: Path, now: datetime) -> SiteHeld | None:
    """Raise the generation of database and var/; a new site arms itself. The reason if held."""
    with writing(engine) as connection:
        found, rows, mark = _look(connection, var)
        if not found:
            _raise(connection, var, rows, mark or Mark(uuid.uuid4().hex, 0, 0), now)
    if not found:
        _settle(engine, var)
    return _held(found)


def arm(engine: Engine, var: Path, decision: Decision, by: str, now: datetime) -> Armed:
    """Let a held site send again, by somebody's decision: it was restored, or it is new."""
    in_doubt = 0
    with writing(engine) as connection:
        found, rows, mark = _look(connection, var)
        if not found:
            return Armed("", 0)
        forgotten = update(installations).values(generation=None, held=False)
        if decision is Decision.RESTORED:
            in_doubt = doubt_open_rows(connection, now)
            connection.execute(forgotten)
        else:
            connection.execute(forgotten.where(installations.c.held))
        # A new one begins at 1: killed before the commit, it is no first start, and stays held.
        own = mark if mark is not None and not mark.is_copy else Mark(uuid.uuid4().hex, 1, 1)
        _raise(connection, var, rows, own, now)
        keep_decisions(connection, (Decided(decision, by, now),))
    _settle(engine, var)
    return Armed(found, in_doubt)


def _look(connection: Connection, var: Path) -> tuple[str, Sequence[Row[Any]], Mark | None]:
    """What is wrong, seen in turn; a database that went back is marked, which holds all."""
    take_turns(connection, "installation")
    rows, mark = connection.execute(select(installations)).all(), read_mark(var)
    if mark is not None and not mark.is_copy and _database_is_older(rows, mark):
        theirs = installations.c.id == mark.id
        connection.execute(update(installations).where(theirs).values(held=True))
    return _judge(rows, mark), rows, mark


def _judge(rows: Sequence[Row[Any]], mark: Mark | None) -> str:
    """What is wrong with this database and this var/ together; nothing is the empty string."""
    if mark is None:
        missing = "var/installation.json is missing or broken, and the database is not new"
        return missing if rows else ""
    if not rows and mark.generation == 0:
        return ""  # killed at its very first start
    own = _own(rows, mark)
    if own is None:
        return "the database does not know this var/"
    if mark.is_copy:
        return "var/ is a copy of another one"
    older = [row.host for row in rows if row.held or _database_is_older((row,), mark)]
    if older:
        return f"the database is older than var/ on {older[0]}"
    fits = own.generation is None or mark.fits(own.generation)
    return "" if fits else "var/ is older than the database"


def _database_is_older(rows: Sequence[Row[Any]], mark: Mark) -> bool:
    own = _own(rows, mark)
    return own is not None and own.generation is not None and own.generation < mark.generation


def _own(rows: Sequence[Row[Any]], mark: Mark) -> Row[Any] | None:
    return next((row for row in rows if row.id == mark.id), None)


def _held(found: str) -> SiteHeld | None:
    return SiteHeld(f"{found}, so nothing is launched or sent", hint=MEND) if found else None


def _raise(
    connection: Connection, var: Path, rows: Sequence[Row[Any]], mark: Mark, now: datetime
) -> None:
    own = _own(rows, mark)
    # What does not fit yet must not begin to fit by a kill between this file and the commit.
    fits = own is not None and own.generation is not None and mark.fits(own.generation)
    present = own.generation if own is not None and fits else mark.generation
    raised = 1 + max([mark.generation, mark.raising, *(row.generation or 0 for row in rows)])
    write_mark(var, replace(mark, generation=present, raising=raised))
    values = {"host": socket.gethostname(), "generation": raised, "held": False, "raised_at": now}
    connection.execute(
        insert(connection, installations)
        .values(id=mark.id, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )


def _settle(engine: Engine, var: Path) -> None:
    """Let the file say that the raising is done; from now on only the new generation fits."""
    with writing(engine) as connection:
        take_turns(connection, "installation")
        mark = read_mark(var)
        rows = connection.execute(select(installations)).all()
        own = None if mark is None else _own(rows, mark)
        if mark is not None and own is not None and own.generation == mark.raising:
            write_mark(var, replace(mark, generation=mark.raising))
