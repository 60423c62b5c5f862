"""Many rows in one statement that never changes, so that it is made and planned once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Select,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    column,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Ids(TypeDecorator[Sequence[int]]):
    """Ids in one value: an array, which SQLite has as JSON alone."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(BigInteger))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return str(list(value))  # which is how JSON has them


class _IsOneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _Between(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _IsAmong(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _Elements(FunctionElement[Any]):
    inherit_cache = True


def ids_param(name: str) -> BindParameter[Any]:
    """A parameter that takes a list of ids."""
    return bindparam(name, type_=_Ids())


def is_one_of(
    found: ColumnElement[int], ids: BindParameter[Any], low: Any, high: Any
) -> ColumnElement[bool]:
    """The condition that a column has one of the ids of `ids_param`, from `low` to `high`.

    Without the bounds SQLite would look at all rows, one after the other.
    """
    return and_(_IsOneOf(found, ids), found.between(low, high))


def lies_between(found: ColumnElement[int], low: Any, high: Any) -> ColumnElement[bool]:
    """Tell PostgreSQL where to look, for a condition that has the last word.

    Of a campaign that is new its statistics know nothing: it would read all its rows to find
    twenty. SQLite looks into the index row by row, unless it is given another way in.
    """
    return _Between(found, low, high)


def is_among(found: ColumnElement[int], ids: Select[Any]) -> ColumnElement[bool]:
    """The condition that a column is among the ids of a statement that stands for itself.

    SQLite gathers the ids once, instead of looking for each person. PostgreSQL would too for IN,
    but reads them all again for each person once they outgrow its memory: so it is asked by EXISTS,
    which it makes a join of.
    """
    return _IsAmong(found, ids.correlate(None).scalar_subquery())


def rows_param(name: str) -> Any:
    """A parameter that takes rows, as a list of lists; `[i].as_integer()` is a row's column i.

    It stands in FROM, joined like a table.
    """
    rows = _Elements(bindparam(name, type_=JSON)).table_valued(column("value", JSON))
    return rows.c.value


@compiles(_IsOneOf, "postgresql")
def _is_any(element: _IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    found, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{found} = ANY({ids})"


@compiles(_IsOneOf, "sqlite")
def _is_in(element: _IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    found, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{found} IN (SELECT value FROM json_each({ids}))"  # noqa: S608  # of bound values


@compiles(_Between, "postgresql")
def _is_between(element: _Between, compiler: SQLCompiler, **options: Any) -> str:
    found, low, high = (compiler.process(one, **options) for one in element.clauses)
    return f"{found} BETWEEN {low} AND {high}"


@compiles(_Between, "sqlite")
def _is_anywhere(element: _Between, compiler: SQLCompiler, **options: Any) -> str:
    _, low, high = (compiler.process(one, **options) for one in element.clauses)
    return f"{low} <= {high}"


@compiles(_IsAmong, "postgresql")
def _exists_among(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    found, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"EXISTS (SELECT FROM {ids} AS among (id) WHERE among.id = {found})"


@compiles(_IsAmong, "sqlite")
def _is_in_ids(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    found, ids = (compiler.process(one, **options) for one in element.clauses)
    return f"{found} IN {ids}"


@compiles(_Elements, "postgresql")
def _elements(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements({compiler.process(element.clauses, **options)})"


@compiles(_Elements, "sqlite")
def _each(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"
