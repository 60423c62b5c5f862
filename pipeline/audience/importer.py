"""From the CSV files in subscribers/ into the database: one way, never back."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from pipeline.audience import store
from pipeline.audience.csv_file import Row, read_rows
from pipeline.db import writing
from pipeline.errors import AudienceError, RowError

BATCH = 2000  # rows written in one transaction
_LIST_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


@dataclass(frozen=True)
class ImportReport:
    """What one file did.

    `absent` counts confirmed people who once came by this file and stand in it no more: the
    file is input only, so they stay subscribed until they or staff say so.
    """

    file: Path
    list: str
    rows: int
    joined: int
    absent: int
    refused: tuple[RowError, ...]


def list_files(folder: Path) -> tuple[Path, ...]:
    """The CSV files of a site, one a list, in order of their names; none without a folder.

    Raises AudienceError for a folder that cannot be read.
    """
    if not os.path.lexists(folder):
        return ()
    try:
        files = [file for file in folder.iterdir() if file.is_file()]
    except OSError as error:
        raise AudienceError(
            f"{folder}: cannot be read: {error.strerror}",
            hint="it has to be a folder that this user may list and enter: mend its permissions",
        ) from error
    return tuple(sorted(file for file in files if file.suffix.lower() == ".csv"))


def import_lists(engine: Engine, folder: Path, now: datetime) -> tuple[ImportReport, ...]:
    """Import every CSV file of `folder`. Raises AudienceError for a file that is no list."""
    return tuple(import_file(engine, file, now) for file in list_files(folder))


def import_file(engine: Engine, file: Path, now: datetime) -> ImportReport:
    """Import one file into the list of its name.

    Rows that cannot be used are reported and the rest goes on. Running it again changes nothing;
    killed half-way, it can be run again. Who unsubscribed stays so. Raises AudienceError when
    the file's name or header is wrong, or the file is changed meanwhile.
    """
    name = list_name(file)
    refused: list[RowError] = []
    lines: dict[str, int] = {}
    batches = _while_still(file, _batches(_usable(file, lines, refused)))
    first = next(batches, [])  # a file that is no list of people leaves no empty list behind
    source = f"file {file.name}"
    with writing(engine) as connection:
        list_id = store.ensure_list(connection, name, now)
        before = store.count_subscriptions(connection, list_id)
    for batch in itertools.chain([first] if first else [], batches):
        with writing(engine) as connection:
            store.upsert(connection, list_id, batch, source, now)
    with writing(engine) as connection:
        joined = store.count_subscriptions(connection, list_id) - before
        absent = store.count_absent(connection, list_id, source, lines.keys())
    return ImportReport(file, name, len(lines) + len(refused), joined, absent, tuple(refused))


def check_file(file: Path) -> tuple[RowError, ...]:
    """The rows that an import would refuse; nothing is written. Raises AudienceError as it does."""
    list_name(file)
    refused: list[RowError] = []
    for _ in _usable(file, {}, refused):
        pass
    return tuple(refused)


def list_name(file: Path) -> str:
    """The list a file stands for. Raises AudienceError for a name no list can have."""
    if len(file.stem) > 100 or not _LIST_NAME.fullmatch(file.stem):
        raise AudienceError(
            f"{file}: the file's name is the list's, and {file.stem!r} cannot be one",
            hint="use up to 100 small letters, digits, '-' and '_', as in subscribers/readers.csv",
        )
    return file.stem


def _usable(file: Path, lines: dict[str, int], refused: list[RowError]) -> Iterator[Row]:
    """The rows that can be used; faults go to `refused`, and each identity's line to `lines`."""
    for row in read_rows(file):
        if isinstance(row, RowError):
            refused.append(row)
        elif row.address.identity in lines:
            first = lines[row.address.identity]
            refused.append(
                RowError(f"the same address stands in line {first}", file=file, line=row.line)
            )
        else:
            lines[row.address.identity] = row.line
            yield row


def _while_still(file: Path, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """The batches, until somebody changes the file: its last row may be half an address."""
    before = _stamp(file)
    for batch in batches:
        if _stamp(file) != before:
            raise AudienceError(
                f"{file}: was changed while it was read", hint="import it again when it is whole"
            )
        yield batch


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as error:
        raise AudienceError(f"{file}: cannot be read: {error.strerror}") from error
    return found.st_size, found.st_mtime_ns


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
