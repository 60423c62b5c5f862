"""From a row's cells to a person: which column is what, and what the cells say. Pure."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.audience.addresses import Address, read_address
from pipeline.audience.folding import composed
from pipeline.audience.formulas import unguard
from pipeline.audience.presets import (
    COLUMNS,
    COMPLAINTS,
    NO,
    PROOF,
    WORDS,
    Field,
    Preset,
    Standing,
    plain,
    recognise,
)
from pipeline.errors import AudienceError, RowError

LONGEST_VALUE = 2000  # characters
LONGEST_JSON = 50_000  # characters of a whole object of attributes
UNREADABLE = "\ufffd"  # stands for octets that are no letter in the file's encoding
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\x80-\x9f]")
_SUSPECT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
# How our export keeps spreadsheets from taking a cell for a formula (OWASP, CSV injection).
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Row:
    """One person as the file has them; `line` is where the row ends, counted from 1.

    `proof` says when, where and from which address they signed up and confirmed, as the file does.
    """

    line: int
    address: Address
    name: str
    attributes: dict[str, Any]
    standing: Standing = Standing.SUBSCRIBED
    proof: dict[str, str] = field(default_factory=dict)


_PARTS = (Field.FIRST_NAME, Field.LAST_NAME)
_MARKS = (Field.STATE, Field.LEFT, Field.BOUNCED)


class _Unusable(Exception):
    """What is wrong with a row."""


@dataclass(frozen=True)
class Reading:
    """How a file's columns are read: `fields` has for each what it is, None for an attribute."""

    file: Path
    columns: Sequence[str]
    names: Sequence[str]
    fields: Sequence[Field | None]
    preset: Preset | None

    @property
    def email(self) -> int:
        """The place of the column of addresses."""
        return self.fields.index(Field.EMAIL)

    @property
    def mapping(self) -> dict[str, str]:
        """Every named column, and what it is taken for."""
        pairs = zip(self.columns, self.names, self.fields, strict=True)
        return {
            column: name if kind is None else kind.value for column, name, kind in pairs if column
        }


def make_reading(
    file: Path, columns: Sequence[str], given: Mapping[str, str], preset: Preset | None
) -> Reading:
    """Decide what each column is: by `given` first, then the preset, then what any file means.

    Raises AudienceError for a given column that the file has not, and without one of addresses.
    """
    known = {plain(column) for column in columns}
    for column in given:
        if plain(column) not in known:
            raise AudienceError(
                f"{file}:1: has no column called {column!r}",
                hint=f"it has: {', '.join(column for column in columns if column)}",
            )
    asked = {plain(column): kind for column, kind in given.items()}
    preset = preset or recognise(columns)
    meant = {**COLUMNS, **(preset.columns if preset else {})}
    fields: list[Field | None] = []
    names = []
    for column in columns:
        key = plain(column)
        wanted = asked.get(key, "")
        kind = _field(wanted) if wanted else meant.get(key)
        if not column or (kind is Field.EMAIL and Field.EMAIL in fields and not wanted):
            kind = None if column else Field.NOTHING
        fields.append(kind)
        names.append(wanted or column)
    if Field.EMAIL not in fields:
        raise AudienceError(
            f"{file}:1: has no column called 'email'",
            hint="the first line names the columns, as in: email,name",
        )
    return Reading(file, tuple(columns), names, fields, preset)


def _field(word: str) -> Field | None:
    return next((kind for kind in Field if kind == word), None)


class RowReader:
    """Reads one file's rows; the places of its columns are looked up once."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._width = len(reading.columns)
        self._email = reading.email
        self._json = self._places(Field.JSON)
        # In a list of nobody's making, a column "state" may as well be one of addresses.
        kept = (None, *_PARTS, *(() if reading.preset else _MARKS))
        self._attributes = [
            (place, composed(name))
            for place, (name, kind) in enumerate(zip(reading.names, reading.fields, strict=True))
            if kind in kept
        ]
        self._names = self._places(Field.NAME)
        self._parts = [*self._places(Field.FIRST_NAME), *self._places(Field.LAST_NAME)]
        self._tags = self._places(Field.TAGS)
        self._proof = [(place, kind.value) for kind in PROOF for place in self._places(kind)]
        self._states = self._places(Field.STATE)
        self._dates = [
            *((place, Standing.LEFT) for place in self._places(Field.LEFT)),
            *((place, Standing.BOUNCED) for place in self._places(Field.BOUNCED)),
        ]
        self._receives = self._places(Field.RECEIVES)
        self._whys = self._places(Field.WHY)
        preset = reading.preset
        self._strict = preset is not None and bool(preset.words)
        self._words = {**WORDS, **(preset.words if preset else {})}
        self._everybody = preset.standing if preset else Standing.SUBSCRIBED
        self._plain_file = not any((self._states, self._dates, self._receives, self._whys))

    def _places(self, kind: Field) -> list[int]:
        return [place for place, found in enumerate(self.reading.fields) if found is kind]

    def read(self, line: int, cells: list[str]) -> Row | RowError:
        """The person in a row, or what is wrong with it."""
        try:
            return self._read(line, cells)
        except _Unusable as fault:
            reason, hint = fault.args
        except AudienceError as error:
            reason, hint = str(error), error.hint
        return RowError(reason, file=self.reading.file, line=line, hint=hint)

    def _read(self, line: int, cells: list[str]) -> Row:
        if len(cells) != self._width:
            self._widen(cells)
        text = "\n".join(cells)
        if len(text) > LONGEST_VALUE or _SUSPECT.search(text):
            self._check(cells)
        if "'" in text:
            cells = [unguard(cell) for cell in cells]
        address = read_address(cells[self._email])
        attributes: dict[str, Any] = {
            name: composed(cells[place]) for place, name in self._attributes
        }
        name = ""
        for place in self._names:
            name = name or composed(cells[place])
        if not name and self._parts:
            name = composed(" ".join(cells[place] for place in self._parts))
        for place in self._json:
            attributes |= self._object(self.reading.columns[place], cells[place])
        for place in self._tags:
            attributes["tags"] = _tags(cells[place])
        proof = {key: cells[place].strip() for place, key in self._proof if cells[place].strip()}
        return Row(line, address, name, attributes, self._standing(cells), proof)

    def _widen(self, cells: list[str]) -> None:
        if len(cells) > self._width:
            raise _Unusable(
                f"has {len(cells)} cells, but the header names {self._width}",
                "put cells that contain the separator in double quotes",
            )
        cells += [""] * (self._width - len(cells))

    def _check(self, cells: list[str]) -> None:
        for place, cell in enumerate(cells):
            longest = LONGEST_JSON if place in self._json else LONGEST_VALUE
            if fault := find_fault(cell, longest):
                raise _Unusable(f"the column {self.reading.columns[place]!r} {fault}", "")

    def _object(self, column: str, cell: str) -> dict[str, Any]:
        if not cell.strip():
            return {}
        try:
            found = json.loads(cell)
            written = _encode(found)
        except (ValueError, RecursionError):
            found, written = None, ""
        if not isinstance(found, dict) or re.search(r"\\u(0000|d[89a-f])", written):
            raise _Unusable(f"the column {column!r} is no JSON object", "it begins with a {")
        return flatten(found)

    def _standing(self, cells: list[str]) -> Standing:
        standing = self._everybody
        if self._plain_file:
            return standing
        for place in self._states:
            word = plain(cells[place])
            if word not in self._words and word and self._strict:
                column, said = self.reading.columns[place], cells[place].strip()[:60]
                raise _Unusable(
                    f"the column {column!r} says {said!r}, which nobody knows",
                    "it may mean that the person left; write subscribed or unsubscribed",
                )
            standing = max(standing, self._words.get(word, Standing.SUBSCRIBED))
        for place, means in self._dates:
            if cells[place].strip().casefold() not in NO:
                standing = max(standing, means)
        for place in self._receives:
            if cells[place].strip().casefold() in NO:
                standing = max(standing, Standing.LEFT)
        for place in self._whys:
            if plain(cells[place]) in COMPLAINTS:
                standing = Standing.COMPLAINED
        return standing


def find_fault(cell: str, longest: int = LONGEST_VALUE) -> str:
    """What is wrong with a cell, or nothing."""
    if len(cell) > longest:
        return "is too long"
    if _CONTROL.search(cell):
        return "holds a control character"
    return "holds a letter that cannot be read: save the file as UTF-8" * (UNREADABLE in cell)


def flatten(found: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A JSON object without objects in it: {"a": {"b": 1}} is {"a.b": 1}; null says nothing.

    The databases merge objects in objects in two ways, and rules ask for a value by one name.
    """
    flat: dict[str, Any] = {}
    for key, value in found.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{before}{key}.")
        elif value is not None:
            flat[f"{before}{key}"] = value
    return flat


def as_json(value: Mapping[str, Any]) -> str:
    """A JSON object as both databases take it; the same value is always the same text."""
    return _encode(value)


def _tags(cell: str) -> list[str]:
    """Tags between commas, in double quotes or not."""
    if not cell.strip():
        return []
    found = next(csv.reader([" ".join(cell.split())], skipinitialspace=True), [])
    return [tag.strip() for tag in found if tag.strip()]
