"""From files into the database: one way, again and again, and never against a person's will."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import ImportReport, ListCount, Person, importer, staging_store
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from pipeline.schema import SubscriptionState, subscribers, subscriptions
from tests.audience.conftest import NOW, Bring, WriteFile

ADA, BOB, CID = (f"{name}@larkfield.example" for name in ("ada", "bob", "cid"))
BOTH = f"email,name,town\n{ADA},Ada,Paris\n{BOB},Bob,Rome\n"


def on_list(engine: Engine, name: str = "readers") -> list[Person]:
    with reading(engine) as connection:
        return list(audience.list_people(connection, audience.find_list(connection, name).id))


def everything(engine: Engine) -> list[object]:
    """Every row about people, as it stands."""
    with reading(engine) as connection:
        return [
            tuple(row)
            for table in (subscribers, subscriptions)
            for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
        ]


def counted(engine: Engine) -> tuple[ListCount, ...]:
    with reading(engine) as connection:
        return audience.read_lists(connection)


# --- joining ------------------------------------------------------------------------------------


def test_everybody_in_the_file_joins_the_list_of_its_name(engine: Engine, bring: Bring) -> None:
    report = bring(BOTH)

    assert (report.list, report.rows, report.joined, report.absent) == ("readers", 2, 2, 0)
    assert report.refused == ()
    confirmed = SubscriptionState.CONFIRMED
    assert on_list(engine) == [
        Person(1, ADA, "Ada", confirmed, {"town": "Paris"}),
        Person(2, BOB, "Bob", confirmed, {"town": "Rome"}),
    ]


def test_how_and_when_somebody_came_is_kept(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    with reading(engine) as connection:
        row = connection.execute(sa.select(subscriptions)).first()

    assert row is not None
    assert (row.source, row.confirmed_at) == ("file readers.csv", NOW)


def test_importing_again_changes_nothing(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    before = everything(engine)
    report = bring(BOTH, at=NOW + timedelta(days=1))

    assert (report.rows, report.joined, report.absent) == (2, 0, 0)
    assert everything(engine) == before


def test_a_new_row_is_a_new_person(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    report = bring(f"{BOTH}{CID},Cid,Oslo\n")

    assert report.joined == 1
    assert [person.email for person in on_list(engine)] == [ADA, BOB, CID]


def test_more_people_than_fit_into_one_transaction(
    engine: Engine, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "STAGED_AT_ONCE", 4)
    monkeypatch.setattr(importer, "PART", 3)
    rows = "".join(f"p{number}@larkfield.example\n" for number in range(10))

    assert bring(f"email\n{rows}").joined == 10
    assert len(on_list(engine)) == 10


def test_one_person_can_be_on_two_lists(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    bring(f"email\n{ADA.upper()}\n", "members.csv")

    assert [person.id for person in on_list(engine, "members")] == [1]
    assert counted(engine) == (ListCount("members", 1, 0, 0), ListCount("readers", 2, 0, 0))


def test_two_files_about_the_same_people_can_be_imported_at_once(
    engine: Engine, write: WriteFile
) -> None:
    rows = [f"p{number}@larkfield.example" for number in range(1500)]
    barrier = Barrier(2)
    files = [
        write("\n".join(["email", *rows]), "readers.csv"),
        write("\n".join(["email", *reversed(rows)]), "members.csv"),
    ]

    def import_file(file: Path) -> ImportReport:
        barrier.wait()
        return audience.import_file(engine, file, NOW)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(import_file, files))

    assert [report.joined for report in reports] == [1500, 1500]
    assert {one.confirmed for one in counted(engine)} == {1500}


def test_one_file_can_be_imported_twice_at_once(engine: Engine, write: WriteFile) -> None:
    rows = [f"p{number}@larkfield.example" for number in range(300)]
    file = write("\n".join(["email", *rows]))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: audience.import_file(engine, file, NOW), range(2)))

    assert counted(engine) == (ListCount("readers", 300, 0, 0),)


# --- what follows the file ----------------------------------------------------------------------


def test_name_and_columns_follow_the_file(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    bring(f"email,name,town\n{ADA},Ada Löwe,Nice\n{BOB},Bob,Rome\n")

    ada, bob = on_list(engine)
    assert (ada.name, ada.attributes) == ("Ada Löwe", {"town": "Nice"})
    assert (bob.name, bob.attributes) == ("Bob", {"town": "Rome"})


def test_another_lists_file_keeps_what_it_does_not_say(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    bring(f"email,plan\n{ADA},gold\n", "members.csv")

    (ada, _) = on_list(engine)
    assert ada.name == "Ada"
    assert ada.attributes == {"town": "Paris", "plan": "gold"}
    bring(BOTH)
    assert on_list(engine)[0] == ada


@pytest.mark.parametrize("name", ["readers.csv", "members.csv"])
def test_an_empty_name_changes_nothing_and_an_empty_cell_empties_its_column(
    engine: Engine, bring: Bring, name: str
) -> None:
    bring(BOTH)
    bring(f"email,name,town\n{ADA},,\n", name)

    ada = on_list(engine)[0]
    assert (ada.name, ada.attributes) == ("Ada", {"town": ""})


def test_an_address_keeps_its_first_spelling(engine: Engine, bring: Bring) -> None:
    bring("email\nAda@larkfield.example\n")
    bring("email\nADA@Larkfield.Example\n")

    assert [person.email for person in on_list(engine)] == ["Ada@larkfield.example"]


def test_who_unsubscribed_stays_away(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    with writing(engine) as connection:
        audience.unsubscribe(connection, 1, 1, NOW)
    report = bring(BOTH, at=NOW + timedelta(days=1))

    assert report.joined == 0
    assert on_list(engine)[0].state is SubscriptionState.UNSUBSCRIBED
    assert counted(engine) == (ListCount("readers", 1, 0, 1),)


def test_who_has_not_confirmed_yet_is_not_confirmed_by_a_file(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    with writing(engine) as connection:
        connection.execute(
            sa.update(subscriptions)
            .where(subscriptions.c.subscriber_id == 1)
            .values(state=SubscriptionState.PENDING, confirmed_at=None)
        )
    bring(BOTH)

    assert on_list(engine)[0].state is SubscriptionState.PENDING


def test_who_is_in_the_file_no_more_is_counted_and_stays(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    report = bring(f"email\n{BOB}\n")

    assert report.absent == 1
    assert len(on_list(engine)) == 2


def test_who_left_is_not_counted_as_absent(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    with writing(engine) as connection:
        audience.unsubscribe(connection, 1, 1, NOW)

    assert bring(f"email\n{BOB}\n").absent == 0


def test_who_came_another_way_is_not_counted_as_absent(engine: Engine, bring: Bring) -> None:
    bring(BOTH)
    with writing(engine) as connection:
        connection.execute(sa.update(subscriptions).values(source="form"))

    assert bring("email\n").absent == 0


# --- rows that cannot be used -------------------------------------------------------------------


def test_bad_rows_are_told_and_the_rest_is_imported(engine: Engine, bring: Bring) -> None:
    report = bring(f"email,name\n{ADA},Ada\nnobody,Bad\n{BOB},Bob\n")

    assert (report.rows, report.joined) == (3, 2)
    assert [error.line for error in report.refused] == [3]
    assert [person.email for person in on_list(engine)] == [ADA, BOB]


def test_a_second_row_of_one_address_names_the_first(engine: Engine, bring: Bring) -> None:
    report = bring(f"email,name\n{ADA},Ada\n{BOB},Bob\n{ADA.upper()},Someone\n")

    (error,) = report.refused
    assert "the same address stands in line 2" in str(error)
    assert error.line == 4
    assert on_list(engine)[0].name == "Ada"
    assert report.rows == 3


def test_a_list_without_people_is_a_list(engine: Engine, bring: Bring) -> None:
    assert bring("email,name\n").joined == 0
    assert counted(engine) == (ListCount("readers", 0, 0, 0),)


# --- files that are no lists --------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "name\nAda\n"])
def test_a_file_that_is_no_list_leaves_nothing_behind(
    engine: Engine, bring: Bring, content: str
) -> None:
    with pytest.raises(AudienceError, match="no column called 'email'"):
        bring(content)

    assert counted(engine) == ()


@pytest.mark.parametrize(
    "name", ["My List.csv", "Readers.csv", "lesé.csv", "-a.csv", "a" * 101 + ".csv"]
)
def test_a_file_whose_name_can_be_no_list_is_told(bring: Bring, name: str) -> None:
    with pytest.raises(AudienceError, match="the file's name is the list's") as caught:
        bring(BOTH, name)

    assert "small letters" in caught.value.hint


def test_a_file_that_grows_while_it_is_read_is_told_and_its_half_row_is_nobody(
    engine: Engine, write: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(f"email\n{ADA}\n{BOB[:-2]}")
    stage = staging_store.stage

    def grow_and_stage(*arguments: Any) -> None:
        with file.open("a") as more:
            more.write(f"{BOB[-2:]}\n{CID}\n")
        stage(*arguments)

    monkeypatch.setattr(staging_store, "stage", grow_and_stage)
    with pytest.raises(AudienceError, match="was changed while it was read") as caught:
        audience.import_file(engine, file, NOW)
    assert "when it is whole" in caught.value.hint
    assert counted(engine) == ()

    monkeypatch.setattr(staging_store, "stage", stage)
    assert audience.import_file(engine, file, NOW).joined == 3


def test_files_are_found_in_order_and_nothing_else_is(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "C.CSV", "notes.txt", "a.csv.bak"):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()

    found = audience.list_files(tmp_path)

    assert sorted(file.name for file in found) == ["C.CSV", "a.csv", "b.csv"]
    assert list(found) == sorted(found)


def test_a_site_without_lists_has_none(tmp_path: Path) -> None:
    assert audience.list_files(tmp_path / "subscribers") == ()


@pytest.mark.parametrize("kind", ["file", "link to itself", "link to nothing"])
def test_a_folder_of_lists_that_cannot_be_read_is_told(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "subscribers"
    if kind == "file":
        folder.touch()
    else:
        folder.symlink_to(folder if kind == "link to itself" else tmp_path / "nothing")

    with pytest.raises(AudienceError, match="subscribers: cannot be read") as caught:
        audience.list_files(folder)
    assert "permissions" in caught.value.hint


@pytest.mark.parametrize("call", ["iterdir", "is_file"])
def test_a_folder_of_lists_nobody_may_look_into_is_told(
    write: WriteFile, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    file = write(BOTH)
    monkeypatch.setattr(Path, call, refuse)

    with pytest.raises(AudienceError, match="cannot be read: Permission denied"):
        audience.list_files(file.parent)


def test_all_lists_are_imported(engine: Engine, write: WriteFile, tmp_path: Path) -> None:
    write(BOTH, "readers.csv")
    write(f"email\n{CID}\n", "members.csv")

    reports = audience.import_lists(engine, tmp_path, NOW)

    assert {report.list: report.joined for report in reports} == {"members": 1, "readers": 2}


def test_a_check_tells_what_an_import_would_refuse(write: WriteFile) -> None:
    refused = audience.check_file(write(f"email\n{ADA}\nnobody\n{ADA}\n"))

    assert [error.line for error in refused] == [3, 4]
    with pytest.raises(AudienceError):
        audience.check_file(write("name\n"))
    with pytest.raises(AudienceError):
        audience.check_file(write(BOTH, "No List.csv"))
