"""CSV files as people bring them: what is read, what is refused, and where."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience.csv_file import Row, read_rows
from pipeline.errors import AudienceError, RowError

TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), max_size=60
)


def read(tmp_path: Path, content: str | bytes) -> list[Row | RowError]:
    path = tmp_path / "readers.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows(path))


def addresses(rows: list[Row | RowError]) -> list[str]:
    return [row.address.email for row in rows if isinstance(row, Row)]


@pytest.mark.parametrize(
    "content",
    [
        "email,name\nada@example.com,Ada\n",
        "\ufeffemail,name\nada@example.com,Ada\n",
        "email;name\r\nada@example.com;Ada\r\n",
        "email\tname\rada@example.com\tAda\r",
        "E-Mail,Name\nADA@Example.com,Ada",
        '"email","name"\n"ada@example.com","A\nda"\n',
        "email,name\nada@example.com,Ada\n".encode("utf-16"),
    ],
)
def test_files_of_every_make_are_read(tmp_path: Path, content: str | bytes) -> None:
    (row,) = read(tmp_path, content)

    assert isinstance(row, Row)
    assert row.address.identity == "ada@example.com"
    assert row.name.replace(" ", "") == "Ada"


def test_a_file_that_is_not_utf_8_is_read_as_windows_1252(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "email,name\nada@example.com,Zoë\n".encode("cp1252"))

    assert isinstance(row, Row)
    assert row.name == "Zoë"


@given(
    st.lists(st.tuples(st.integers(0, 10**9), TEXT, TEXT), max_size=8, unique_by=lambda row: row[0])
)
def test_what_a_spreadsheet_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[int, str, str]]
) -> None:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["email", "name", "city"])
    writer.writerows((f"reader{number}@example.com", name, city) for number, name, city in people)

    rows = read(tmp_path_factory.mktemp("csv"), written.getvalue())

    assert [
        (row.address.email, row.name, row.attributes["city"])
        for row in rows
        if isinstance(row, Row)
    ] == [
        (f"reader{number}@example.com", " ".join(name.split()), " ".join(city.split()))
        for number, name, city in people
    ]


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    for row in read(tmp_path_factory.mktemp("csv"), b"email,name\n" + content):
        assert isinstance(row, RowError) or not set(row.address.email) & set("\r\n\0 ,")


@given(st.text(st.sampled_from("a@.\r\n\0<> ,;\"'é-")))
def test_no_address_can_hold_what_would_start_a_header(
    tmp_path_factory: pytest.TempPathFactory, address: str
) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([["email"], [address]])

    for row in read(tmp_path_factory.mktemp("csv"), written.getvalue()):
        if isinstance(row, Row):
            assert not set(row.address.email) & set("\r\n\0 <>")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("not an address,X", "is no mail address"),
        ("ada@example.com,X,Y,Z", "has 4 cells, but the header names 2"),
        ("ada@example.com,\x07", "holds a control character"),
        (f"ada@example.com,{'x' * 2001}", "is too long"),
        (f"{'a' * 65}@example.com,X", "longer than 64 octets"),
        (f"a@{'b' * 250}.example,X", "is no mail address"),
    ],
)
def test_a_row_that_cannot_be_used_names_its_line_and_the_rest_goes_on(
    tmp_path: Path, line: str, sentence: str
) -> None:
    rows = read(tmp_path, f"email,name\nfirst@example.com,A\n{line}\nlast@example.com,B\n")

    (refused,) = [row for row in rows if isinstance(row, RowError)]
    assert sentence in str(refused)
    assert "readers.csv:3: " in str(refused)
    assert addresses(rows) == ["first@example.com", "last@example.com"]


def test_cells_that_look_like_formulas_stay_text(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "email,name,note\nada@example.com,=SUM(A1),+44 123\n")

    assert isinstance(row, Row)
    assert (row.name, row.attributes) == ("=SUM(A1)", {"note": "+44 123"})


@pytest.mark.parametrize("content", ["", "name,city\nAda,Oslo\n"])
def test_a_file_without_addresses_is_one_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(AudienceError, match="has no column called 'email'") as caught:
        read(tmp_path, content)
    assert "email,name" in caught.value.hint


def test_empty_lines_and_short_rows_are_fine(tmp_path: Path) -> None:
    assert addresses(read(tmp_path, "email,name\n\nada@example.com\n,\n")) == ["ada@example.com"]
