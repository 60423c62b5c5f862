"""People as CSV that survives a spreadsheet, and as JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, TextIO

from pipeline.audience.export_store import Exported
from pipeline.audience.formulas import guard

_OWN = tuple(field.name for field in fields(Exported) if field.name != "attributes")


def attribute_names(people: Iterable[Exported]) -> tuple[str, ...]:
    """Every attribute that anybody has, sorted: the columns behind our own."""
    names: set[str] = set()
    for one in people:
        names.update(one.attributes)
    return tuple(sorted(names))


def write_csv(people: Iterable[Exported], attributes: Sequence[str], file: TextIO) -> int:
    """Write people, one a row, with a column for each of `attributes`; how many.

    An attribute with the name of a column of ours stands as `attribute NAME`.
    """
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180 2
    titles = [name if name not in _OWN else f"attribute {name}" for name in attributes]
    writer.writerow([guard(title) for title in (*_OWN, *titles)])
    count = 0
    for one in people:
        own = [_cell(getattr(one, name)) for name in _OWN]
        rest = [_cell(one.attributes.get(name, "")) for name in attributes]
        writer.writerow([guard(cell) for cell in (*own, *rest)])
        count += 1
    return count


def write_json(people: Iterable[Exported], file: TextIO) -> int:
    """Write people as one JSON array, one a line; how many."""
    count = 0
    for count, one in enumerate(people, 1):  # counted for the answer
        file.write("[\n" if count == 1 else ",\n")
        json.dump(_plain(asdict(one)), file, ensure_ascii=False)
    file.write("\n]\n" if count else "[]\n")
    return count


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def rows_of(suppressed: Iterable[tuple[str, str, datetime]]) -> Iterator[list[str]]:
    """Suppressions as rows of a CSV, its header first."""
    yield ["identity", "reason", "since"]
    for identity, reason, since in suppressed:
        yield [guard(identity), reason, since.isoformat()]
