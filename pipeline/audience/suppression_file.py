"""Suppressions from a CSV: another tool's block list, or what was exported here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from pipeline.audience.addresses import read_address
from pipeline.audience.csv_file import CellReader, examine
from pipeline.audience.formulas import unguard
from pipeline.audience.presets import COLUMNS, Field, plain
from pipeline.audience.suppression_store import suppress_identities
from pipeline.db import writing
from pipeline.errors import AudienceError, RowError
from pipeline.schema import SuppressionReason

BATCH = 2_000  # rows written in one transaction
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
    with CellReader(examine(file)) as reader:
        names = [plain(name) for name in reader.columns]
        column = _column(file, names)
        reason = names.index("reason") if "reason" in names else None
        for found in reader.rows():
            if isinstance(found, RowError):
                refused.append(found)
                continue
            line, cells = found
            cells += [""] * (len(names) - len(cells))
            try:
                yield _read(cells[column], "" if reason is None else cells[reason])
            except AudienceError as error:
                refused.append(RowError(str(error), file=file, line=line))


def _column(file: Path, names: Sequence[str]) -> int:
    for place, name in enumerate(names):
        if name == "identity" or COLUMNS.get(name) is Field.EMAIL:
            return place
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
