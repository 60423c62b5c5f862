"""Suppressions from a CSV: another tool's block list, or what was exported here."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from pipeline.audience.addresses import read_address
from pipeline.audience.exporting import unguard
from pipeline.audience.suppression_store import suppress_identities
from pipeline.db import writing
from pipeline.errors import AudienceError, RowError
from pipeline.schema import SuppressionReason

BATCH = 2_000  # rows written in one transaction
_COLUMNS = ("identity", "email", "e-mail", "mail", "email address", "e-mail address")
_HASHED = re.compile(r"hash:[0-9a-f]{32}")
_REASONS = ", ".join(reason.value for reason in SuppressionReason)


@dataclass(frozen=True)
class SuppressionReport:
    """What a file of suppressions did."""

    rows: int
    added: int
    refused: tuple[RowError, ...]


def import_suppressions(engine: Engine, file: Path, now: datetime) -> SuppressionReport:
    """Suppress every address of a CSV; an address that is suppressed keeps its reason.

    Running it again changes nothing; killed half-way, it can be run again. Raises AudienceError
    for a file that has no addresses.
    """
    refused: list[RowError] = []
    rows = added = 0
    usable = _usable(file, refused)
    while batch := dict(itertools.islice(usable, BATCH)):
        rows += len(batch)
        with writing(engine) as connection:
            added += suppress_identities(connection, batch, now)
    return SuppressionReport(rows + len(refused), added, tuple(refused))


def _usable(file: Path, refused: list[RowError]) -> Iterator[tuple[str, SuppressionReason]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            column = _column(file, reader.fieldnames or [])
            for row in reader:
                try:
                    yield _read(row[column] or "", row.get("reason") or "")
                except AudienceError as error:
                    refused.append(RowError(str(error), file=file, line=reader.line_num))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AudienceError(
            f"{file}: cannot be read: {error}", hint="save it as a CSV file in UTF-8"
        ) from error


def _column(file: Path, names: Sequence[str]) -> str:
    for name in names:
        if name.strip().casefold() in _COLUMNS:
            return name
    raise AudienceError(
        f"{file}:1: has no column called 'email' or 'identity'",
        hint="the first line names the columns, as in: email,reason",
    )


def _read(cell: str, reason: str) -> tuple[str, SuppressionReason]:
    cell = unguard(cell.strip())
    identity = cell if _HASHED.fullmatch(cell) else read_address(cell).identity
    try:
        return identity, SuppressionReason(reason.strip() or SuppressionReason.MANUAL)
    except ValueError:
        raise AudienceError(f"{reason[:60]!r} is no reason; there are {_REASONS}") from None
