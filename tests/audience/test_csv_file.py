"""Whatever a spreadsheet wrote: its people are read, or what is wrong is told with its line."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience.csv_file import LONGEST_VALUE, Row, read_rows
from pipeline.audience.folding import composed
from pipeline.audience.presets import Standing
from pipeline.errors import AudienceError, RowError
from tests.audience.conftest import WriteFile

ADA, BOB = "ada@larkfield.example", "bob@larkfield.example"
TABLE = f"email,name,town\n{ADA},Ada,Lärkfield\n{BOB},Bob,Zürich\n"


def people(path: Path) -> list[Row]:
    """Everybody in the file; fails when a row was refused."""
    rows = list(read_rows(path))
    assert not [str(row) for row in rows if isinstance(row, RowError)]
    return [row for row in rows if isinstance(row, Row)]


def emails(path: Path) -> list[str]:
    return [row.address.email for row in read_rows(path) if isinstance(row, Row)]


def refused(path: Path) -> list[RowError]:
    return [row for row in read_rows(path) if isinstance(row, RowError)]


# --- shapes of a file ---------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_however_it_was_saved(
    write: WriteFile, encoding: str, ending: str, delimiter: str
) -> None:
    text = TABLE.replace(",", delimiter).replace("\n", ending)
    found = people(write(text.encode(encoding)))

    assert [row.address.email for row in found] == [ADA, BOB]
    assert [row.name for row in found] == ["Ada", "Bob"]
    assert [row.attributes for row in found] == [{"town": "Lärkfield"}, {"town": "Zürich"}]
    assert [row.line for row in found] == [2, 3]


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_both_orders_of_utf_16_are_read(write: WriteFile, order: str) -> None:
    assert emails(write(("\ufeff" + TABLE).encode(order))) == [ADA, BOB]


def test_windows_signs_are_read(write: WriteFile) -> None:
    text = f"email,name\n{ADA},“Ada” … 5 €\n"

    assert people(write(text.encode("cp1252")))[0].name == "“Ada” … 5 €"


def test_a_last_line_without_an_end_is_a_line(write: WriteFile) -> None:
    assert emails(write(f"email\n{ADA}\n{BOB}")) == [ADA, BOB]


def test_one_column_is_enough(write: WriteFile) -> None:
    assert emails(write(f"email\n{ADA}\n")) == [ADA]


@pytest.mark.parametrize(
    "header", ["email", "Email", " E-Mail ", "EMAIL ADDRESS", "e-mail address", "mail"]
)
def test_the_column_of_addresses_goes_by_many_names(write: WriteFile, header: str) -> None:
    (row,) = people(write(f"town,{header}\nParis,{ADA}\n"))

    assert row.address.email == ADA
    assert row.attributes == {"town": "Paris"}


def test_the_name_is_found_wherever_it_stands(write: WriteFile) -> None:
    assert people(write(f"Full Name,email\nAda Löwe,{ADA}\n"))[0].name == "Ada Löwe"


def test_of_two_names_the_first_that_says_something_counts(write: WriteFile) -> None:
    rows = people(write(f"name,full name,email\n,Ada Löwe,{ADA}\nBob,Robert,{BOB}\n"))

    assert [row.name for row in rows] == ["Ada Löwe", "Bob"]


def test_empty_lines_are_nobody(write: WriteFile) -> None:
    assert emails(write(f"email,name\n\n{ADA},Ada\n,\n  ,\t\n\n{BOB},Bob\n\n")) == [ADA, BOB]


def test_missing_cells_at_the_end_are_empty(write: WriteFile) -> None:
    (row,) = people(write(f"email,name,town\n{ADA}\n"))

    assert (row.name, row.attributes) == ("", {"town": ""})


def test_a_line_break_in_a_cell_is_a_space(write: WriteFile) -> None:
    rows = people(write(f'email,name,town\n{ADA},"Ada\nLöwe","Upper\r\n  Lark"\n{BOB},Bob,x\n'))

    assert rows[0].name == "Ada Löwe"
    assert rows[0].attributes == {"town": "Upper Lark"}
    assert [row.line for row in rows] == [4, 5]


def test_a_quoted_separator_belongs_to_its_cell(write: WriteFile) -> None:
    rows = people(write(f'email,name\n{ADA},"Löwe, Ada ""the"" first"\n'))

    assert rows[0].name == 'Löwe, Ada "the" first'


@pytest.mark.parametrize("name", ["=SUM(A1)", "-5", "+44 123", "@ada", "'quoted", "=cmd|'/c x'!A1"])
def test_a_name_that_looks_like_a_formula_is_a_name(write: WriteFile, name: str) -> None:
    assert people(write(f"email,name\n{ADA},{name}\n"))[0].name == name


def test_a_column_without_a_name_is_left_out(write: WriteFile) -> None:
    assert people(write(f"email,,town\n{ADA},x,Paris\n"))[0].attributes == {"town": "Paris"}


# --- rows that cannot be used -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("nobody,Bad", "is no mail address"),
        (",Bad", "is no mail address"),
        (f"{BOB},Bad,too,many", "has 4 cells, but the header names 2"),
        (f"{BOB},Bad\x00", "control character"),
        (f"{BOB},Bad\x1b[31m", "control character"),
        (f"{BOB},Bad\x85", "control character"),
        (f"{BOB},{'x' * (LONGEST_VALUE + 1)}", "is too long"),
        (f"{BOB},{'x' * 200_000}", "field larger than field limit"),
        (f'{BOB},"Bad"x', "'"),
        (f"{BOB}\x00,Bad", "control character"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_with_its_line_and_the_rest_is_read(
    write: WriteFile, row: str, words: str
) -> None:
    file = write(f"email,name\n{ADA},Ada\n{row}\ncid@larkfield.example,Cid\n")

    (error,) = refused(file)
    assert str(error).startswith(f"{file}:3: ")
    assert words in str(error)
    assert error.line == 3
    assert emails(file) == [ADA, "cid@larkfield.example"]


def test_a_cell_of_the_longest_length_is_taken(write: WriteFile) -> None:
    assert people(write(f"email,name\n{ADA},{'x' * LONGEST_VALUE}\n"))


def test_a_quote_that_is_never_closed_is_told_and_swallows_nobody_in_silence(
    write: WriteFile,
) -> None:
    file = write(f'email,name\n{ADA},Ada\n{BOB},"Bob\ncid@larkfield.example,Cid\nd@e.example,D\n')

    (error,) = refused(file)
    assert error.line == 3
    assert "nothing down to line 5 could be read" in str(error)
    assert "quote" in error.hint
    assert emails(file) == [ADA]


def test_a_quote_that_is_closed_in_a_later_row_is_told(write: WriteFile) -> None:
    file = write(f'email,name\n{ADA},"Ada\n{BOB},"Bob"\ncid@larkfield.example,Cid\n')

    (error,) = refused(file)
    assert error.line == 2
    assert emails(file) == ["cid@larkfield.example"]


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        (f'{ADA},"Ada', 'dee@larkfield.example,Dee"'),
        (f'"{ADA},Ada', 'dee@larkfield.example",Dee'),
        (f'{ADA},"Ada', 'dee@larkfield.example,Dee",too,many'),
        (f'{ADA},"Ada' + "\nx" * LONGEST_VALUE, 'dee@larkfield.example,Dee"'),
    ],
)
def test_rows_that_stray_quotes_made_one_are_told_and_in_nobodys_name(
    write: WriteFile, opened: str, closed: str
) -> None:
    file = write(f"email,name\n{opened}\n{BOB},Bob\n{closed}\n")

    (error,) = refused(file)
    last = opened.count("\n") + 4
    assert str(error).startswith(f"{file}:2: the lines down to {last} are one row with several")
    assert "double quote" in error.hint
    assert emails(file) == []


def test_who_stands_behind_such_rows_is_read(write: WriteFile) -> None:
    cid = "cid@larkfield.example"
    file = write(f'name,email\nAda,{ADA}\n"Bob,{BOB}\nDee",dee@larkfield.example\nCid,{cid}\n')

    assert [error.line for error in refused(file)] == [3]
    assert emails(file) == [ADA, cid]


def test_names_of_columns_that_swallowed_people_are_told(write: WriteFile) -> None:
    file = write(f'email,"name\n{ADA},Ada"\n{BOB},Bob\n')

    with pytest.raises(AudienceError, match="run down to line 2 and hold people") as caught:
        list(read_rows(file))
    assert "double quote" in caught.value.hint


@pytest.mark.parametrize("octet", [b"\x81", b"\x8d", b"\x9d"])
def test_an_octet_that_means_nothing_is_refused_with_its_row(
    write: WriteFile, octet: bytes
) -> None:
    file = write(
        b"email,name\n" + f"{ADA},J".encode() + octet + f"\n{BOB},Bj\xf6rn\n".encode("cp1252")
    )

    assert [error.line for error in refused(file)] == [2]
    assert [row.name for row in read_rows(file) if isinstance(row, Row)] == ["Björn"]


def test_one_broken_row_does_not_garble_the_names_of_the_others(write: WriteFile) -> None:
    file = write(
        f"email,name\n{ADA},José\n".encode()
        + f"{BOB},Bj\xf6rn\n".encode("latin-1")
        + b"c@d.example,\n"
    )

    assert [error.line for error in refused(file)] == [3]
    assert [row.name for row in read_rows(file) if isinstance(row, Row)] == ["José", ""]


def test_a_utf_16_file_that_was_cut_off_is_told(write: WriteFile) -> None:
    file = write(TABLE.encode("utf-16")[:-3])

    assert emails(file) == [ADA]
    assert len(refused(file)) == 1


@pytest.mark.parametrize(
    ("column", "cell", "standing"),
    [
        ("Status", "Unsubscribed", Standing.LEFT),
        ("status", "cleaned", Standing.BOUNCED),
        ("email status", "bounced", Standing.BOUNCED),
        ("status", "Spam complaint", Standing.COMPLAINED),
        ("status", "blocklisted", Standing.BLOCKED),
        ("subscription", "pending", Standing.UNCONFIRMED),
        ("unsubscribed", "2026-01-05", Standing.LEFT),
        ("unsubscribed", "yes", Standing.LEFT),
        ("OPT_OUT_TIME", "2025-03-03 10:00:00", Standing.LEFT),
    ],
)
def test_what_another_tool_says_of_a_person_is_read(
    write: WriteFile, column: str, cell: str, standing: Standing
) -> None:
    rows = people(write(f"email,{column}\n{ADA},{cell}\n{BOB},\n"))

    assert [row.standing for row in rows] == [standing, Standing.SUBSCRIBED]


@pytest.mark.parametrize(
    ("column", "cell"),
    [("status", "subscribed"), ("state", "NY"), ("unsubscribed", "no"), ("unsubscribed", "0")],
)
def test_other_words_in_such_columns_keep_nobody_out(
    write: WriteFile, column: str, cell: str
) -> None:
    (row,) = people(write(f"email,{column}\n{ADA},{cell}\n"))

    assert row.standing is Standing.SUBSCRIBED
    assert row.attributes == {column: cell}


# --- files that are no list ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"name,town\nAda,Paris\n",
        f"{ADA}\n{BOB}\n".encode(),
        b"\x00\x01\x02\xff" * 50,
        b'"email,name\nx',
        "\ufeff".encode(),
        b"email,na\x00me\n",
        TABLE.encode("utf-16-le"),  # without its mark
        b"x" * 200_000,
    ],
)
def test_a_file_without_a_column_of_addresses_is_told(write: WriteFile, content: bytes) -> None:
    file = write(content)

    with pytest.raises(AudienceError) as caught:
        list(read_rows(file))
    assert str(caught.value).startswith(f"{file}:1: ")


def test_a_table_with_nobody_in_it_is_a_list(write: WriteFile) -> None:
    assert people(write("email,name\n")) == []


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudienceError, match="cannot be read"):
        list(read_rows(tmp_path / "readers.csv"))


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_regular_file_is_told(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "readers.csv")

    with pytest.raises(AudienceError, match=r"readers\.csv: is no regular file") as caught:
        list(read_rows(tmp_path / "readers.csv"))
    assert "CSV file" in caught.value.hint


# --- anything -----------------------------------------------------------------------------------

CELLS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffd"), max_size=20
)


@given(
    rows=st.lists(
        st.tuples(CELLS, CELLS)
        | st.tuples(CELLS.filter(lambda cell: "@" not in cell), st.just("two\nlines")),
        max_size=8,
    ),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_as_csv_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    delimiter: str,
    encoding: str,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["email", "name", "town"])
    writer.writerows([f"a{line}@b.example", *cells] for line, cells in enumerate(rows))
    file = tmp_path_factory.getbasetemp() / "written.csv"
    file.write_bytes(text.getvalue().encode(encoding))

    assert [(row.name, row.attributes["town"]) for row in people(file)] == [
        (composed(name), composed(town)) for name, town in rows
    ]


@given(content=st.binary(max_size=200) | st.text('email,;\t"\r\n@x.é', max_size=80).map(str.encode))
def test_whatever_stands_in_a_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "anything.csv"
    file.write_bytes(content)
    try:
        found = list(read_rows(file))
    except AudienceError as error:
        assert str(file) in str(error)  # noqa: PT017  # one of two outcomes
    else:
        assert all(isinstance(row, Row | RowError) for row in found)
