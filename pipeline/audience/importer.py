"""From CSV files into the database: one way, never back, and never against a person's will.

A file is staged first, in tables of the connection alone, then weighed against what is known, and
only then applied: opt-outs before everybody else, in parts, each a transaction. Killed half-way,
the batch stays unfinished and the same file goes on with it; a part that was applied before
changes nothing.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from pipeline.audience import batch_store, import_store, staging_store, store
from pipeline.audience.batch_store import Batch
from pipeline.audience.csv_file import CellReader, Sheet, examine, read_rows
from pipeline.audience.keys import Keys
from pipeline.audience.presets import Preset
from pipeline.audience.rejects import write_rejects
from pipeline.audience.rows import Reading, Row, RowReader, make_reading
from pipeline.audience.staging_store import Forecast
from pipeline.db import LastingConnection
from pipeline.errors import AudienceError, RowError

STAGED_AT_ONCE = 5_000  # rows
PART = 10_000  # rows applied in one transaction: others wait for a fraction of a second
TOLD = 1_000  # refused rows told one by one; the rest is counted
SITE_BASIS = "the site's own file: who stands in it asked for this mail"
_LIST_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Order:
    """How a file is to be imported; what is empty follows from the file.

    `list` and `source` default to the file's name. `given` says of columns what they are. A
    `standing` file is the site's own statement, imported in each pass: one that has not changed is
    left alone. With `dry` nothing is written but `rejects`, the file for refused rows.
    """

    list: str = ""
    basis: str = SITE_BASIS
    source: str = ""
    by: str = "the site"
    given: Mapping[str, str] = field(default_factory=dict)
    preset: Preset | None = None
    standing: bool = False
    dry: bool = False
    rejects: Path | None = None


@dataclass(frozen=True)
class ImportReport:
    """What one file did, or with a dry run would do.

    `absent` counts confirmed people who once came by this file and stand in it no more: the file is
    input only, so they stay subscribed until they or staff say so. `batch` is None when nothing was
    new; `undone` is set when the file was left alone because its batch had been undone. Of
    `refused` rows the first TOLD are here, and `refused_count` is of all.
    """

    file: Path
    list: str
    rows: int
    forecast: Forecast
    refused: tuple[RowError, ...] = ()
    refused_count: int = 0
    absent: int = 0
    batch: Batch | None = None
    undone: int | None = None
    reading: Reading | None = None

    @property
    def joined(self) -> int:
        """How many people are new on the list."""
        return self.forecast.joined

    @property
    def undone_sentence(self) -> str:
        """Why a file was left alone, and what to do."""
        return (
            f"{self.file.name} is not imported: its import batch {self.undone} was undone; change"
            f" the file, or import it by hand: pipeline subscribers import {self.file}"
        )


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


def import_lists(
    engine: Engine, folder: Path, now: datetime, keys: Keys = ()
) -> tuple[ImportReport, ...]:
    """Import every CSV file of `folder`. Raises AudienceError for a file that is no list."""
    standing = Order(standing=True)
    return tuple(import_file(engine, file, now, standing, keys) for file in list_files(folder))


def import_file(
    engine: Engine,
    file: Path,
    now: datetime,
    order: Order | None = None,
    keys: Keys = (),
    on_progress: Progress = lambda _stage, _done, _total: None,
) -> ImportReport:
    """Import one file into a list.

    Rows that cannot be used are reported and the rest goes on. Running it again changes nothing;
    killed half-way, it can be run again. Who left or is suppressed stays so. `keys` tell erased
    people; `on_progress` gets what is done, and rows done and in all. Raises AudienceError when
    the file's name or header is wrong, or the file is changed meanwhile.
    """
    order = order or Order()
    name = order.list or list_name(file)
    check_list_name(name)
    before = _stamp(file)
    sheet = examine(file)
    connection = LastingConnection(engine)
    run = _Run(connection, order, sheet, before, name, now, keys, on_progress)
    try:
        return run.known() or run.bring()
    finally:
        connection.close()


@dataclass
class _Run:
    """One import under way."""

    connection: LastingConnection
    order: Order
    sheet: Sheet
    stamp: tuple[int, int]
    list: str
    now: datetime
    keys: Keys
    on_progress: Progress

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.source = self.order.source or f"file {self.sheet.path.name}"

    def known(self) -> ImportReport | None:
        """A report without reading on, of a standing file that was imported whole as it is."""
        if not self.order.standing:
            return None
        with self.connection.reading() as connection:
            last = batch_store.last_batch(connection, self.list, self.source)
            if last is None or last.sha256 != self.sheet.sha256:
                return None
            if last.undone_at is None and not last.was_flawless:
                return None
        undone = last.id if last.undone_at else None
        return ImportReport(self.sheet.path, self.list, last.rows, Forecast(), undone=undone)

    def bring(self) -> ImportReport:
        """Stage, weigh, apply."""
        with self._staging():
            return self._bring()

    @contextmanager
    def _staging(self) -> Iterator[None]:
        with self.connection.reading() as connection:
            staging_store.open_staging(connection)
        try:
            yield
        finally:
            with self.connection.reading() as connection:
                staging_store.close_staging(connection)

    def _bring(self) -> ImportReport:
        rows, reading = self._stage()
        with self.connection.reading() as connection:
            self.on_progress("Weighing", 0, rows)
            staging_store.thin_out(connection)
            erased = staging_store.drop_erased(connection, self.keys)
            list_id = store.find_list_id(connection, self.list)
            forecast = staging_store.foresee(connection, list_id, erased)
            refused, told = self._refused(connection)
            absent = 0
            if list_id is not None:
                absent = staging_store.count_absent(connection, list_id, self.source)
            if self.order.rejects is not None:
                write_rejects(self.sheet, connection, self.order.rejects)
        if _stamp(self.sheet.path) != self.stamp:
            raise AudienceError(
                f"{self.sheet.path}: was changed while it was read",
                hint="import it again when it is whole",
            )
        report = ImportReport(
            self.sheet.path, self.list, rows, forecast, told, refused, absent, reading=reading
        )
        return report if self.order.dry else self._apply(report, reading)

    def _stage(self) -> tuple[int, Reading]:
        with self.connection.reading() as connection, CellReader(self.sheet) as cells:
            reading = make_reading(
                self.sheet.path, cells.columns, self.order.given, self.order.preset
            )
            reader = RowReader(reading)
            rows = 0
            usable: list[Row] = []
            refused: list[RowError] = []
            for found in cells.rows():
                row = found if isinstance(found, RowError) else reader.read(*found)
                if isinstance(row, RowError):
                    refused.append(row)
                else:
                    usable.append(row)
                if len(usable) + len(refused) >= STAGED_AT_ONCE:
                    rows += len(usable) + len(refused)
                    staging_store.stage(connection, usable, refused)
                    usable, refused = [], []
                    guess = rows * self.sheet.size // max(cells.position, 1)
                    self.on_progress("Reading", rows, max(rows, guess))
            staging_store.stage(connection, usable, refused)
            return rows + len(usable) + len(refused), reading

    def _refused(self, connection: Connection) -> tuple[int, tuple[RowError, ...]]:
        told = staging_store.read_refused(connection, limit=TOLD)
        return staging_store.count_refused(connection), tuple(
            RowError(reason, file=self.sheet.path, line=line, hint=hint)
            for line, reason, hint in told
        )

    def _apply(self, report: ImportReport, reading: Reading) -> ImportReport:
        with self.connection.writing() as connection:
            list_id = store.ensure_list(connection, self.list, self.now)
            last = batch_store.last_batch(connection, self.list, self.source)
            again = last is not None and last.sha256 == self.sheet.sha256 and last.finished_at
            if report.forecast.changes_nothing and again:
                return report
            batch_id = batch_store.begin_batch(connection, list_id, self._about(reading))
        done = 0
        for which in (import_store.OPT_OUTS, import_store.OPT_INS):
            place: int | None = 0
            while place is not None:
                self.on_progress("Writing", done, report.rows)
                with self.connection.writing() as connection:
                    part = import_store.Part(connection, batch_id, list_id, self.source, self.now)
                    place = part.apply(which, self.keys, place, PART)
                done = min(done + PART, report.rows)
        return self._finish(report, batch_id)

    def _about(self, reading: Reading) -> dict[str, Any]:
        return {
            "file": self.sheet.path.name,
            "sha256": self.sheet.sha256,
            "source": self.source,
            "basis": self.order.basis,
            "imported_by": self.order.by,
            "preset": reading.preset.name if reading.preset else "",
            "started_at": self.now,
        }

    def _finish(self, report: ImportReport, batch_id: int) -> ImportReport:
        read = {
            "rows": report.rows,
            "kept_away": report.forecast.kept_away,
            "refused": report.refused_count,
            "absent": report.absent,
        }
        ended = self.now + timedelta(seconds=time.monotonic() - self.began)
        with self.connection.writing() as connection:
            batch = batch_store.finish_batch(connection, batch_id, read, ended)
        did = Forecast(batch.joined, batch.changed, batch.left, batch.suppressed, batch.kept_away)
        return replace(report, forecast=did, batch=batch)


def check_file(file: Path) -> tuple[RowError, ...]:
    """The rows that an import would refuse; nothing is written. Raises AudienceError as it does."""
    list_name(file)
    lines: dict[str, int] = {}
    refused: list[RowError] = []
    for row in read_rows(file):
        if isinstance(row, RowError):
            refused.append(row)
        elif row.address.identity in lines:
            said = f"the same address stands in line {lines[row.address.identity]}"
            refused.append(RowError(said, file=file, line=row.line))
        else:
            lines[row.address.identity] = row.line
    return tuple(refused)


def list_name(file: Path) -> str:
    """The list a file stands for. Raises AudienceError for a name no list can have."""
    if len(file.stem) > 100 or not _LIST_NAME.fullmatch(file.stem):
        raise AudienceError(
            f"{file}: the file's name is the list's, and {file.stem!r} cannot be one",
            hint="use up to 100 small letters, digits, '-' and '_', as in subscribers/readers.csv",
        )
    return file.stem


def check_list_name(name: str) -> None:
    """Raise AudienceError for a name no list can have."""
    if len(name) > 100 or not _LIST_NAME.fullmatch(name):
        raise AudienceError(
            f"{name[:100]!r} cannot be the name of a list",
            hint="use up to 100 small letters, digits, '-' and '_', as in readers",
        )


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as error:
        raise AudienceError(
            f"{file}: cannot be read: {error.strerror}", hint="mend its permissions, or its name"
        ) from error
    return found.st_size, found.st_mtime_ns
