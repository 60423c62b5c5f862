"""Text that is, begins with or holds a pattern, and typed values in JSON: the same on both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Dialect,
    Numeric,
    String,
    Text,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# What counts as a number where it is written as text, as everything in a CSV file is: with a
# leading zero it is a postcode or a telephone number. At most 15 characters are exact everywhere.
NUMBER_IN_TEXT = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
LONGEST_NUMBER = 15
DAY_IN_TEXT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_GLOB_DAY = "-".join("[0-9]" * digits for digits in (4, 2, 2))


@dataclass(frozen=True)
class Pattern:
    """Text letter by letter, each with all that may stand for it: ("Aa", "üÜ").

    `anything_before` and `anything_behind` say whether more text may stand there.
    """

    letters: tuple[str, ...]
    anything_before: bool = False
    anything_behind: bool = False


class _PatternType(TypeDecorator[Pattern]):
    """A pattern in the way of each database: a regular expression, or GLOB."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Pattern | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _as_regex(value) if dialect.name == "postgresql" else _as_glob(value)


class _KeyType(TypeDecorator[str]):
    """The name of a value in a JSON object; SQLite wants a path, and the name as it is stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name == "postgresql":
            return value
        return f"$.{json.dumps(value)}"


def _as_regex(pattern: Pattern) -> str:
    begins = "" if pattern.anything_before else "^"
    ends = "" if pattern.anything_behind else "$"
    inner = "".join(
        _escaped(letter) if len(letter) == 1 else f"[{''.join(map(_escaped, letter))}]"
        for letter in pattern.letters
    )
    return f"{begins}{inner}{ends}"


def _escaped(letter: str) -> str:
    return letter if letter.isalnum() else f"\\U{ord(letter):08x}"


def _as_glob(pattern: Pattern) -> str:
    inner = "".join(
        f"[{letter}]" if len(letter) > 1 or letter in "*?[" else letter
        for letter in pattern.letters
    )
    return f"{'*' * pattern.anything_before}{inner}{'*' * pattern.anything_behind}"


class _Matches(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _JsonIsText(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _JsonValue(FunctionElement[str]):
    type = String()
    inherit_cache = True


class _JsonNumber(FunctionElement[Any]):
    type = Numeric(asdecimal=False)
    inherit_cache = True


class _JsonTruth(FunctionElement[str]):
    type = String()
    inherit_cache = True


class _IsDay(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


def matches(text: ColumnElement[str], pattern: Pattern) -> ColumnElement[bool]:
    """The condition that a text matches; NULL where there is no text."""
    return _Matches(text, bindparam(None, pattern, type_=_PatternType(), unique=True))


def json_is_text(values: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The condition that a value of a JSON object is text."""
    return _JsonIsText(values, _key(name))


def json_value(values: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """A value of any type as it is written; NULL where there is none."""
    return _JsonValue(values, _key(name))


def json_number(values: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """A value where it is a number, or text that is written as one, else NULL."""
    return _JsonNumber(values, _key(name))


def json_truth(values: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """'true' or 'false' where a value is that, as JSON or as text, else NULL or another text."""
    return _JsonTruth(values, _key(name))


def is_day(text: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a text has the form of a date: 2026-01-31."""
    return _IsDay(text)


def _key(name: str) -> ColumnElement[str]:
    return bindparam(None, name, type_=_KeyType(), unique=True)


def _processed(element: FunctionElement[Any], compiler: SQLCompiler, options: Any) -> Sequence[str]:
    return [compiler.process(one, **options) for one in element.clauses]


# --- PostgreSQL ---------------------------------------------------------------------------------


@compiles(_Matches, "postgresql")
def _regex(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _processed(element, compiler, options)
    return f"({text} ~ {pattern})"


@compiles(_JsonIsText, "postgresql")
def _is_text(element: _JsonIsText, compiler: SQLCompiler, **options: Any) -> str:
    values, key = _processed(element, compiler, options)
    return f"(jsonb_typeof({values} -> {key}) = 'string')"


@compiles(_JsonValue, "postgresql")
def _value(element: _JsonValue, compiler: SQLCompiler, **options: Any) -> str:
    values, key = _processed(element, compiler, options)
    return f'(({values} ->> {key}) COLLATE "C")'


@compiles(_JsonNumber, "postgresql")
def _number(element: _JsonNumber, compiler: SQLCompiler, **options: Any) -> str:
    """CASE decides before it casts, or one reader's "many" would stop the whole statement."""
    values, key = _processed(element, compiler, options)
    text = f"({values} ->> {key})"
    return (
        f"CASE WHEN jsonb_typeof({values} -> {key}) = 'number'"
        f" OR (jsonb_typeof({values} -> {key}) = 'string' AND {text} ~ '{NUMBER_IN_TEXT}'"
        f" AND length{text} <= {LONGEST_NUMBER}) THEN {text}::numeric END"
    )


@compiles(_JsonTruth, "postgresql")
def _truth(element: _JsonTruth, compiler: SQLCompiler, **options: Any) -> str:
    values, key = _processed(element, compiler, options)
    return f'lower(({values} ->> {key}) COLLATE "C")'


@compiles(_IsDay, "postgresql")
def _day(element: _IsDay, compiler: SQLCompiler, **options: Any) -> str:
    (text,) = _processed(element, compiler, options)
    return f"({text} ~ '{DAY_IN_TEXT}')"


# --- SQLite -------------------------------------------------------------------------------------


@compiles(_Matches, "sqlite")
def _glob(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _processed(element, compiler, options)
    return f"({text} GLOB {pattern})"


@compiles(_JsonIsText, "sqlite")
def _sqlite_is_text(element: _JsonIsText, compiler: SQLCompiler, **options: Any) -> str:
    return f"(json_type({', '.join(_processed(element, compiler, options))}) = 'text')"


@compiles(_JsonValue, "sqlite")
def _sqlite_value(element: _JsonValue, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_extract({', '.join(_processed(element, compiler, options))})"


@compiles(_JsonNumber, "sqlite")
def _sqlite_number(element: _JsonNumber, compiler: SQLCompiler, **options: Any) -> str:
    """NUMBER_IN_TEXT, which SQLite can say only in parts."""
    at = ", ".join(_processed(element, compiler, options))
    text = f"json_extract({at})"
    return (
        f"CASE json_type({at}) WHEN 'integer' THEN {text} WHEN 'real' THEN {text} WHEN 'text' THEN"
        f" CASE WHEN length({text}) <= {LONGEST_NUMBER}"
        f" AND {text} NOT GLOB '*[^0-9.-]*' AND {text} GLOB '*[0-9]'"
        f" AND {text} NOT GLOB '?*-*' AND {text} NOT GLOB '*.*.*'"
        f" AND {text} NOT GLOB '.*' AND {text} NOT GLOB '-.*'"
        f" AND {text} NOT GLOB '0[0-9]*' AND {text} NOT GLOB '-0[0-9]*'"
        f" THEN CAST({text} AS REAL) END END"
    )


@compiles(_JsonTruth, "sqlite")
def _sqlite_truth(element: _JsonTruth, compiler: SQLCompiler, **options: Any) -> str:
    at = ", ".join(_processed(element, compiler, options))
    return (
        f"CASE json_type({at}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
        f" WHEN 'text' THEN lower(json_extract({at})) END"
    )


@compiles(_IsDay, "sqlite")
def _sqlite_day(element: _IsDay, compiler: SQLCompiler, **options: Any) -> str:
    (text,) = _processed(element, compiler, options)
    return f"({text} GLOB '{_GLOB_DAY}')"
