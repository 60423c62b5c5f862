"""A CSV file as rows of people: what spreadsheets and other tools really write."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Self

from pipeline.audience.presets import Preset
from pipeline.audience.rows import LONGEST_VALUE, Row, RowReader, find_fault, make_reading
from pipeline.errors import AudienceError, RowError

__all__ = ["LONGEST_VALUE", "CellReader", "Row", "Sheet", "examine", "read_rows"]

_QUOTE_HINT = (
    "look for a double quote that does not belong there; if all of it is meant, write it in one"
    " line"
)
_NO_UTF8 = re.compile(r"[\udc80-\udcff]")  # an octet that UTF-8 cannot have there
_UTF8 = re.compile(r"[^\x00-\x7f\udc80-\udcff]")  # a letter beyond ASCII, whole


@dataclass(frozen=True)
class Sheet:
    """A file as it lies: how it is written, its SHA-256 and its size in octets."""

    path: Path
    encoding: str
    sha256: str
    size: int


def examine(path: Path) -> Sheet:
    """Find out how a file is written. Raises AudienceError for one that cannot be read."""
    try:
        # Read twice, as the encoding is guessed: what comes through a pipe can be read only once.
        if not S_ISREG(path.stat().st_mode):
            raise AudienceError(f"{path}: is no regular file", hint="save the list as a CSV file")
        return _examine(path)
    except OSError as error:
        raise AudienceError(
            f"{path}: cannot be read: {error.strerror}", hint="mend its permissions, or its name"
        ) from error


class CellReader:
    """The rows of a sheet as cells; streams, so memory stays flat.

    Understands UTF-8 with or without BOM, UTF-16 with BOM and Windows-1252; `,`, `;` and tab;
    LF, CRLF and CR; quoted line breaks. `columns` are there once it is open. Raises AudienceError
    for a first line that is no header.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.columns: list[str] = []

    def __enter__(self) -> Self:
        path = self._sheet.path
        self._file = path.open("rb")
        text = io.TextIOWrapper(self._file, self._sheet.encoding, errors="replace", newline="")
        first = text.readline(64 * 1024)
        text.seek(0)
        self._text = text
        self._reader = csv.reader(text, delimiter=_delimiter(first), strict=True)
        try:
            self.columns = _columns(path, self._reader)
        except AudienceError:
            text.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()

    @property
    def position(self) -> int:
        """How many octets were read."""
        return self._file.tell()

    def rows(self) -> Iterator[tuple[int, list[str]] | RowError]:
        """Each row that holds something, with the line it ends in, or why it is none."""
        return _rows(self._sheet.path, self._reader)


def read_rows(
    path: Path, *, given: Mapping[str, str] | None = None, preset: Preset | None = None
) -> Iterator[Row | RowError]:
    """Every person in `path`, or what is wrong with the row.

    Raises AudienceError when the file cannot be read or there is no column of addresses at all.
    """
    with CellReader(examine(path)) as cells:
        reader = RowReader(make_reading(path, cells.columns, given or {}, preset))
        for found in cells.rows():
            yield found if isinstance(found, RowError) else reader.read(*found)


def _columns(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        columns = [" ".join(header.split()) for header in next(reader, [])]
    except csv.Error as error:
        raise AudienceError(f"{path}:1: is no CSV: {error}") from None
    if _line(reader) > 1 and any("@" in column for column in columns):
        raise AudienceError(
            f"{path}:1: the names of the columns run down to line {_line(reader)} and hold people",
            hint=_QUOTE_HINT,
        )
    if any(map(find_fault, columns)):
        raise AudienceError(
            f"{path}:1: the names of the columns cannot be read", hint="save the file as UTF-8"
        )
    return columns


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]] | RowError]:
    ended = _line(reader)
    while True:
        begins = ended + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            ended = _line(reader)
            yield _unreadable(path, begins, ended, error)
            continue
        ended = _line(reader)
        if ended > begins and _holds_others(cells):
            yield _swallowed(path, begins, ended)
        elif any(cell.strip() for cell in cells):
            yield ended, cells


def _holds_others(cells: Sequence[str]) -> bool:
    """Whether a row of several lines has swallowed rows: a stray quote opened, another closed.

    What it swallowed would be in somebody's name, and be mailed to them. Every row of a person has
    an "@", so that two of them tell.
    """
    return sum(cell.count("@") for cell in cells) > 1


def _swallowed(path: Path, begins: int, ends: int) -> RowError:
    return RowError(
        f"the lines down to {ends} are one row with several addresses, and nobody in them is added",
        file=path,
        line=begins,
        hint=_QUOTE_HINT,
    )


def _unreadable(path: Path, begins: int, ends: int, error: csv.Error) -> RowError:
    """What is said of a row that is none: most often a double quote that was never closed."""
    lost = f"nothing down to line {ends} could be read" if ends > begins else "cannot be read"
    return RowError(
        f"{lost}: {error}", file=path, line=begins, hint="look for a double quote without its pair"
    )


def _line(reader: Iterator[list[str]]) -> int:
    return int(reader.line_num)  # type: ignore[attr-defined]  # csv.reader has it, Iterator not


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _examine(path: Path) -> Sheet:
    """Guess from the whole file: one octet at its end can decide.

    A file with letters in UTF-8 and some octets that are not is UTF-8 with broken rows, which are
    refused one by one; read as Windows-1252, every other name would be garbled in silence.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    whole = broken = False
    digest, size, mark = sha256(), 0, b""
    with path.open("rb") as handle:
        block = b"x"
        while block:
            block = handle.read(1 << 20)
            digest.update(block)
            mark, size = mark or block[:2], size + len(block)
            text = decoder.decode(block, final=not block)
            if not text.isascii():
                whole = whole or _UTF8.search(text) is not None
                broken = broken or _NO_UTF8.search(text) is not None
    if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    else:
        encoding = "cp1252" if broken and not whole else "utf-8-sig"
    return Sheet(path, encoding, digest.hexdigest(), size)
