"""A CSV file as rows of people: what spreadsheets and other tools really write."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from pipeline.audience.addresses import Address, read_address
from pipeline.audience.folding import composed
from pipeline.errors import AudienceError, RowError

EMAIL_HEADERS = ("email", "e-mail", "mail", "email address", "e-mail address")
NAME_HEADERS = ("name", "full name")
# How other tools mark who gets no mail. A person who left there must not be mailed from here.
STATE_HEADERS = ("status", "state", "subscription", "subscription status", "email status")
STATES_WITHOUT_MAIL = frozenset(
    [
        "unsubscribed",
        "unconfirmed",
        "cleaned",
        "bounced",
        "complained",
        "blocked",
        "blocklisted",
        "blacklisted",
        "disabled",
        "inactive",
        "suppressed",
        "pending",
        "opted-out",
        "opt-out",
        "opted_out",
        "non-subscribed",
    ]
)
LEAVING_HEADERS = (
    "unsubscribed",
    "unsubscribed_at",
    "unsubscribed at",
    "unsub_time",
    "unsubscribe_time",
    "unsubscribe time",
    "opt_out_time",
    "opted_out_at",
)
LONGEST_VALUE = 2000  # characters
_QUOTE_HINT = (
    "look for a double quote that does not belong there; if all of it is meant, write it in one"
    " line"
)
_UNREADABLE = "\ufffd"  # stands for octets that are no letter in the file's encoding
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\x80-\x9f]")
_NO_UTF8 = re.compile(r"[\udc80-\udcff]")  # an octet that UTF-8 cannot have there
_UTF8 = re.compile(r"[^\x00-\x7f\udc80-\udcff]")  # a letter beyond ASCII, whole


@dataclass(frozen=True)
class Row:
    """One person as the file has them; `line` is where the row ends, counted from 1."""

    line: int
    address: Address
    name: str
    attributes: dict[str, str]


def read_rows(path: Path) -> Iterator[Row | RowError]:
    """Every row of `path`, or what is wrong with it; streams, so memory stays flat.

    Understands UTF-8 with or without BOM, UTF-16 with BOM and Windows-1252; `,`, `;` and tab;
    LF, CRLF and CR; quoted line breaks. Raises AudienceError when the file cannot be read or
    there is no column of addresses at all.
    """
    try:
        # Read twice, as the encoding is guessed: what comes through a pipe can be read only once.
        if not S_ISREG(path.stat().st_mode):
            raise AudienceError(f"{path}: is no regular file", hint="save the list as a CSV file")
        encoding = _encoding(path)
    except OSError as error:
        raise AudienceError(
            f"{path}: cannot be read: {error.strerror}", hint="mend its permissions, or its name"
        ) from error
    with path.open(encoding=encoding, errors="replace", newline="") as handle:
        first = handle.readline(64 * 1024)
        handle.seek(0)
        reader = csv.reader(handle, delimiter=_delimiter(first), strict=True)
        columns = _columns(path, reader)
        yield from _rows(path, reader, columns, _email_column(path, columns))


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
    if any(map(_fault, columns)):
        raise AudienceError(
            f"{path}:1: the names of the columns cannot be read", hint="save the file as UTF-8"
        )
    return columns


def _rows(
    path: Path, reader: Iterator[list[str]], columns: list[str], email_column: int
) -> Iterator[Row | RowError]:
    while True:
        begins = _line(reader) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _unreadable(path, begins, _line(reader), error)
            continue
        if _line(reader) > begins and _holds_others(cells):
            yield _swallowed(path, begins, _line(reader))
        elif any(cell.strip() for cell in cells):
            yield _row(path, _line(reader), columns, cells, email_column)


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


def _row(
    path: Path, line: int, columns: Sequence[str], cells: list[str], email_column: int
) -> Row | RowError:
    if len(cells) > len(columns):
        return RowError(
            f"has {len(cells)} cells, but the header names {len(columns)}",
            file=path,
            line=line,
            hint="put cells that contain the separator in double quotes",
        )
    cells += [""] * (len(columns) - len(cells))
    for column, cell in zip(columns, cells, strict=True):
        if fault := _fault(cell):
            return RowError(f"the column {column!r} {fault}", file=path, line=line)
    try:
        address = read_address(cells[email_column])
    except AudienceError as error:
        return RowError(str(error), file=path, line=line)
    for column, cell in zip(columns, cells, strict=True):
        if _says_left(column.casefold(), cell.strip().casefold()):
            return RowError(
                f"the column {column!r} says {cell.strip()[:60]!r}, so nobody is added",
                file=path,
                line=line,
                hint="who left elsewhere stays away here; take the column out if it means more",
            )
    return _person(line, address, columns, cells, email_column)


def _fault(cell: str) -> str:
    """What is wrong with a cell, or nothing."""
    if len(cell) > LONGEST_VALUE:
        return "is too long"
    if _CONTROL.search(cell):
        return "holds a control character"
    return "holds a letter that cannot be read: save the file as UTF-8" * (_UNREADABLE in cell)


def _says_left(column: str, cell: str) -> bool:
    """Whether another tool's export marks a person as one who gets no mail."""
    if column in STATE_HEADERS:
        return cell in STATES_WITHOUT_MAIL
    return column in LEAVING_HEADERS and cell not in ("", "0", "no", "false", "null")


def _person(
    line: int, address: Address, columns: Sequence[str], cells: list[str], email_column: int
) -> Row:
    attributes: dict[str, str] = {}
    name = ""
    for index, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        value = composed(cell)  # a line break inside a cell is a space
        if column.casefold() in NAME_HEADERS:
            name = name or value
        elif index != email_column and column:
            attributes[composed(column)] = value
    return Row(line, address, name, attributes)


def _email_column(path: Path, columns: Sequence[str]) -> int:
    for index, column in enumerate(columns):
        if column.casefold() in EMAIL_HEADERS:
            return index
    raise AudienceError(
        f"{path}:1: has no column called 'email'",
        hint="the first line names the columns, as in: email,name",
    )


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _encoding(path: Path) -> str:
    """Guess from the whole file: one octet at its end can decide.

    A file with letters in UTF-8 and some octets that are not is UTF-8 with broken rows, which are
    refused one by one; read as Windows-1252, every other name would be garbled in silence.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    whole = broken = False
    with path.open("rb") as handle:
        if handle.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        handle.seek(0)
        block = b"x"
        while block:
            block = handle.read(1 << 20)
            text = decoder.decode(block, final=not block)
            if not text.isascii():
                whole = whole or _UTF8.search(text) is not None
                broken = broken or _NO_UTF8.search(text) is not None
    return "cp1252" if broken and not whole else "utf-8-sig"
