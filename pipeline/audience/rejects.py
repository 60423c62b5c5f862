"""Refused rows as a CSV file that can be mended and imported again."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from pipeline.audience.csv_file import CellReader, Sheet
from pipeline.audience.presets import REFUSED_BECAUSE
from pipeline.audience.staging_store import read_refused
from pipeline.errors import AudienceError, RowError

_PAGE = 1_000


def write_rejects(sheet: Sheet, connection: Connection, to: Path) -> None:
    """Write the staged refusals with their rows as they were, the reason before them.

    Of what could not be read as a row there is the reason alone. Raises AudienceError for a file
    that cannot be written.
    """
    if to.exists() and to.samefile(sheet.path):
        raise AudienceError(f"{to}: is the file that is imported", hint="give another name")
    try:
        with to.open("w", encoding="utf-8", newline="") as handle, CellReader(sheet) as cells:
            writer = csv.writer(handle)
            writer.writerow([REFUSED_BECAUSE, *cells.columns])
            writer.writerows(_rejects(connection, cells))
    except OSError as error:
        raise AudienceError(
            f"{to}: cannot be written: {error.strerror}", hint="give another name, or make room"
        ) from error


def _rejects(connection: Connection, cells: CellReader) -> Iterator[list[str]]:
    reasons = _reasons(connection)
    line, reason = next(reasons, (0, ""))
    for found in cells.rows():
        at, row = (found.line, []) if isinstance(found, RowError) else found
        if at == line:
            yield [reason, *map(guarded, row)]
            line, reason = next(reasons, (0, ""))


def _reasons(connection: Connection) -> Iterator[tuple[int, str]]:
    after = 0
    while page := list(read_refused(connection, after, _PAGE)):
        for line, reason, _hint in page:
            yield line, reason
        after = page[-1][0]


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; reading it again takes the mark away."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
