"""What leaves as a file is whole, does nothing in a spreadsheet, and comes back as it was."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import export_store
from pipeline.audience.formulas import guard, unguard
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from pipeline.schema import SuppressionReason, subscribers
from tests.audience.conftest import WriteFile

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
ADA, BOB = "ada@larkfield.example", "bob@larkfield.example"
COMPLAINT, MANUAL = SuppressionReason.COMPLAINT, SuppressionReason.MANUAL
FORMULAS = [
    "=1+1",
    "+44 123",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'=1",
    "''x",
    "'tis",
    "=HYPERLINK()",
]


@pytest.fixture
def people(engine: Engine, write: WriteFile) -> Engine:
    """Ada and Bob on two lists; Bob left one and complained."""
    for name in ("readers", "members"):
        rows = f'email,name,town\n{ADA},"Ada, Countess",=1+1\n{BOB},Bob,\n'
        audience.import_file(engine, write(rows, f"{name}.csv"), NOW)
    with writing(engine) as connection:
        audience.unsubscribe(connection, 1, 2, NOW)
        audience.suppress(connection, [2], COMPLAINT, NOW)
        more = {"email": ADA, "visits": 3, "tags": ["a", "b"], "town": "=1+1"}
        connection.execute(
            sa.update(subscribers).where(subscribers.c.id == 1).values(attributes=more)
        )
    return engine


def as_csv(engine: Engine, list_id: int | None = None) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    with reading(engine) as connection:
        columns = audience.attribute_names(audience.export_people(connection, list_id))
        audience.write_csv(audience.export_people(connection, list_id), columns, file)
    return list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))


def test_everybody_is_in_the_csv_with_where_they_stand(people: Engine) -> None:
    rows = as_csv(people)

    assert [(row["list"], row["email"]) for row in rows] == [
        ("readers", ADA), ("readers", BOB), ("members", ADA), ("members", BOB)
    ]  # fmt: skip
    assert [row["state"] for row in rows] == ["confirmed", "unsubscribed", "confirmed", "confirmed"]
    assert [row["suppressed"] for row in rows] == ["", "complaint", "", "complaint"]
    assert rows[0]["name"] == "Ada, Countess"
    assert rows[0]["confirmed_at"] == NOW.isoformat()
    assert (rows[0]["visits"], rows[0]["tags"]) == ("3", '["a", "b"]')


def test_an_attribute_called_like_a_column_of_ours_stands_beside_it(people: Engine) -> None:
    row = as_csv(people)[0]

    assert (row["email"], row["attribute email"]) == (ADA, ADA)


def test_one_list_alone_can_be_exported(people: Engine) -> None:
    assert {row["list"] for row in as_csv(people, 2)} == {"members"}


def test_the_json_has_the_same_people_with_their_types(people: Engine) -> None:
    file = io.StringIO()
    with reading(people) as connection:
        count = audience.write_json(audience.export_people(connection), file)
    read = json.loads(file.getvalue())

    assert count == len(read) == 4
    assert read[0]["attributes"]["visits"] == 3
    assert read[0]["confirmed_at"] == NOW.isoformat()
    assert read[1]["unsubscribed_at"] == NOW.isoformat()


def test_nobody_gives_an_empty_array_and_a_header_alone(engine: Engine) -> None:
    file = io.StringIO()
    with reading(engine) as connection:
        audience.write_json(audience.export_people(connection), file)

    assert json.loads(file.getvalue()) == []
    assert as_csv(engine) == []


def test_many_people_are_read_page_by_page(people: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = as_csv(people)
    monkeypatch.setattr(export_store, "_PAGE", 1)

    assert as_csv(people) == whole


def test_an_erased_person_is_in_no_export(people: Engine) -> None:
    with writing(people) as connection:
        audience.erase_person(connection, (b"k" * 32,), 1, NOW, "page")

    assert {row["email"] for row in as_csv(people)} == {BOB}


def test_no_cell_is_a_formula(people: Engine) -> None:
    for row in as_csv(people):
        assert not [cell for cell in row.values() if cell.startswith(tuple("=+-@\t\r"))]


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_cell_that_looks_like_a_formula_is_guarded_and_comes_back(cell: str) -> None:
    assert guard(cell).startswith("'")
    assert unguard(guard(cell)) == cell


@given(st.text(st.sampled_from("=+-@\t\r'a 1"), max_size=6))
def test_whatever_is_guarded_comes_back(cell: str) -> None:
    assert unguard(guard(cell)) == cell
    assert not guard(cell).startswith(tuple("=+-@\t\r"))


# --- suppressions -------------------------------------------------------------------------------


def suppressed(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        return {
            identity: reason for identity, reason, _ in audience.export_suppressions(connection)
        }


def export(engine: Engine, file: Path) -> Path:
    with file.open("w", newline="") as handle, reading(engine) as connection:
        rows = audience.rows_of(audience.export_suppressions(connection))
        csv.writer(handle).writerows(rows)
    return file


def test_suppressions_come_back_as_they_were(people: Engine, tmp_path: Path) -> None:
    with writing(people) as connection:
        audience.erase_person(connection, (b"k" * 32,), 1, NOW, "page")
        audience.suppress_identities(connection, {"=x@larkfield.example": MANUAL}, NOW)
    before = suppressed(people)
    file = export(people, tmp_path / "out.csv")
    with writing(people) as connection:
        connection.execute(sa.text("delete from suppressions"))
    report = audience.import_suppressions(people, file, NOW)

    assert (report.rows, report.added, report.refused) == (3, 3, ())
    assert suppressed(people) == before
    assert audience.import_suppressions(people, file, NOW).added == 0


def test_another_tool_s_block_list_is_read_and_its_bad_rows_are_told(
    engine: Engine, write: WriteFile
) -> None:
    rows = f"E-Mail,reason\n{ADA.upper()},complaint\nnobody,\n{BOB},bored\nc@d.example,\n"
    report = audience.import_suppressions(engine, write("\ufeff" + rows), NOW)

    assert suppressed(engine) == {ADA: COMPLAINT, "c@d.example": MANUAL}
    assert (report.rows, report.added) == (4, 2)
    assert [error.line for error in report.refused] == [3, 4]
    assert "'bored' is no reason; there are hard_bounce" in str(report.refused[1])


@pytest.mark.parametrize("content", ["name\nAda\n", "", b"\xff\xfe\x00"])
def test_a_file_without_addresses_is_told(
    engine: Engine, write: WriteFile, content: str | bytes
) -> None:
    with pytest.raises(AudienceError):
        audience.import_suppressions(engine, write(content), NOW)


def test_many_suppressions_are_written_part_by_part(engine: Engine, write: WriteFile) -> None:
    rows = "".join(f"p{number}@larkfield.example\n" for number in range(4_500))
    report = audience.import_suppressions(engine, write("email\n" + rows), NOW)

    assert (report.rows, report.added) == (4_500, 4_500)
    with reading(engine) as connection:
        assert audience.count_suppressions(connection) == {"manual": 4_500}
