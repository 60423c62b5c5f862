"""Whoever left, there or here, stays away, whatever a file says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import ImportReport, Order
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from pipeline.schema import (
    SuppressionReason,
    metadata,
    receipts,
    subscribers,
    subscriptions,
    suppressions,
)
from tests.audience.conftest import NOW, Bring, WriteFile

ADA, BOB, CID = (f"{name}@larkfield.example" for name in ("ada", "bob", "cid"))
KEYS = (b"k" * 32,)
States = Callable[..., dict[str, str]]


def suppressed(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        rows = connection.execute(sa.select(suppressions))
        return {row.identity: row.reason for row in rows}


def test_an_unsubscribed_row_is_on_the_list_as_unsubscribed_with_no_more_than_the_address(
    engine: Engine, bring: Bring, states: States
) -> None:
    report = bring(f"email,name,status\n{ADA},Ada,unsubscribed\n{BOB},Bob,subscribed\n")

    assert (report.joined, report.forecast.left) == (1, 1)
    assert states() == {ADA: "unsubscribed", BOB: "confirmed"}
    with reading(engine) as connection:
        row = connection.execute(sa.select(subscribers).where(subscribers.c.email == ADA)).one()
    assert (row.name, row.attributes) == ("", {})


def test_who_is_confirmed_here_and_left_there_is_unsubscribed(bring: Bring, states: States) -> None:
    bring(f"email\n{ADA}\n")
    report = bring(f"email,status\n{ADA},unsubscribed\n")

    assert report.forecast.left == 1
    assert states() == {ADA: "unsubscribed"}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("cleaned", SuppressionReason.HARD_BOUNCE),
        ("bounced", SuppressionReason.HARD_BOUNCE),
        ("complained", SuppressionReason.COMPLAINT),
        ("blocklisted", SuppressionReason.MANUAL),
    ],
)
def test_a_dead_address_or_a_complaint_is_suppressed_and_nobody_is_stored(
    engine: Engine, bring: Bring, states: States, word: str, reason: SuppressionReason
) -> None:
    report = bring(f"email,status\n{ADA},{word}\n")

    assert report.forecast.suppressed == 1
    assert suppressed(engine) == {ADA: reason}
    assert states() == {}


@pytest.mark.parametrize("words", [("subscribed", "unsubscribed"), ("unsubscribed", "subscribed")])
def test_of_two_rows_about_one_person_the_more_restrictive_counts(
    bring: Bring, states: States, words: tuple[str, str]
) -> None:
    rows = "".join(f"{ADA},{word}\n" for word in words)
    report = bring(f"email,status\n{rows}")

    assert states() == {ADA: "unsubscribed"}
    assert report.refused_count == 1
    assert "the same address stands in line" in str(report.refused[0])


def test_a_complaint_counts_more_than_any_other_row(engine: Engine, bring: Bring) -> None:
    words = ("subscribed", "complained", "bounced", "unsubscribed")
    bring("email,status\n" + "".join(f"{ADA},{word}\n" for word in words))

    assert suppressed(engine) == {ADA: "complaint"}


def test_who_never_confirmed_there_is_refused_and_told(bring: Bring, states: States) -> None:
    report = bring(f"email,status\n{ADA},pending\n{BOB},\n")

    assert states() == {BOB: "confirmed"}
    assert "never confirmed" in str(report.refused[0])
    assert report.refused[0].line == 2


def test_who_is_suppressed_here_is_kept_away_and_counted(
    engine: Engine, bring: Bring, states: States
) -> None:
    with writing(engine) as connection:
        reasons = {ADA: SuppressionReason.COMPLAINT}
        audience.suppress_identities(connection, reasons, NOW)
    report = bring(f"email\n{ADA}\n{BOB}\n")

    assert (report.joined, report.forecast.kept_away) == (1, 1)
    assert states() == {BOB: "confirmed"}


def test_who_left_here_is_counted_and_stays_as_they_were(
    engine: Engine, bring: Bring, states: States
) -> None:
    bring(f"email,name\n{ADA},Ada\n")
    with writing(engine) as connection:
        audience.unsubscribe(connection, 1, 1, NOW)
    report = bring(f"email,name\n{ADA},Someone\n")

    assert (report.joined, report.forecast.kept_away, report.forecast.changed) == (0, 1, 0)
    assert states() == {ADA: "unsubscribed"}


@pytest.mark.parametrize("word", ["subscribed", "unsubscribed", "cleaned"])
def test_an_erased_person_is_not_stored_again(engine: Engine, bring: Bring, word: str) -> None:
    bring(f"email,name\n{ADA},Ada\n{BOB},Bob\n")
    with writing(engine) as connection:
        audience.erase_person(connection, KEYS, 1, NOW, "test")
    report = bring(f"email,status\n{ADA},{word}\n{BOB},subscribed\n", keys=KEYS)

    assert report.forecast.kept_away == 1
    with reading(engine) as connection:
        everything = [
            connection.execute(sa.select(table)).all() for table in metadata.sorted_tables
        ]
    assert ADA not in repr(everything)
    assert BOB in repr(everything)


def test_without_its_keys_a_site_that_erased_people_imports_nothing(
    engine: Engine, bring: Bring
) -> None:
    bring(f"email\n{ADA}\n")
    with writing(engine) as connection:
        audience.erase_person(connection, KEYS, 1, NOW, "test")

    with pytest.raises(AudienceError, match="nobody can tell who"):
        bring(f"email\n{ADA}\n{BOB}\n")


# --- batches ------------------------------------------------------------------------------------


def test_a_batch_keeps_what_it_did_and_one_receipt_tells_of_it(
    engine: Engine, write: WriteFile
) -> None:
    file = write(f"email,status\n{ADA},\n{BOB},unsubscribed\n{CID},cleaned\nnobody,\n")
    order = Order(list="letters", basis="a contract", source="the till", by="Desk")
    report = audience.import_file(engine, file, NOW, order)

    batch = report.batch
    assert batch is not None
    assert (batch.list, batch.basis, batch.source, batch.imported_by) == (
        *("letters", "a contract"),
        *("the till", "Desk"),
    )
    assert (batch.rows, batch.joined, batch.left, batch.suppressed, batch.refused) == (
        4,
        1,
        1,
        1,
        1,
    )
    with reading(engine) as connection:
        (receipt,) = connection.execute(sa.select(receipts)).all()
        assert audience.verify_receipts(connection).broken_at is None
        (came,) = audience.arrivals(connection, audience.read_address(ADA))
    assert (receipt.event, receipt.subscriber_id) == ("imported", None)
    assert receipt.details["basis"] == "a contract"
    assert receipt.details["sha256"] == batch.sha256
    assert (came.batch.id, came.left) == (batch.id, False)


def test_the_same_file_again_writes_neither_batch_nor_receipt(engine: Engine, bring: Bring) -> None:
    for _ in range(3):
        report = bring(f"email,name\n{ADA},Ada\n")

    assert report.batch is None
    with reading(engine) as connection:
        assert len(audience.read_batches(connection)) == 1
        assert len(connection.execute(sa.select(receipts)).all()) == 1


def test_a_standing_file_that_has_not_changed_is_not_even_read(
    engine: Engine, write: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(f"email\n{ADA}\n")
    audience.import_file(engine, file, NOW, Order(standing=True))
    monkeypatch.delattr("pipeline.audience.importer.CellReader")
    report = audience.import_file(engine, file, NOW, Order(standing=True))

    assert (report.rows, report.joined) == (1, 0)


def test_a_dry_run_foresees_and_writes_nothing(engine: Engine, write: WriteFile) -> None:
    file = write(f"email,status\n{ADA},\n{BOB},unsubscribed\n{CID},cleaned\nnobody,\n")
    report = audience.import_file(engine, file, NOW, Order(dry=True))
    told = report.forecast

    assert (report.rows, told.joined, told.left, told.suppressed) == (4, 1, 1, 1)
    assert [error.line for error in report.refused] == [5]
    with reading(engine) as connection:
        tables = (subscribers, subscriptions, suppressions, receipts)
        assert not any(connection.execute(sa.select(table)).all() for table in tables)
        assert audience.read_lists(connection) == ()
        assert audience.read_batches(connection) == ()


def test_refused_rows_are_written_mended_and_imported(
    engine: Engine, write: WriteFile, tmp_path: Path, states: States
) -> None:
    file = write(f"email,name\n{ADA},Ada\nbob at larkfield,+Bob\n{CID},Cid,x\n{ADA},Again\n")
    rejects = tmp_path / "rejects.csv"
    audience.import_file(engine, file, NOW, Order(rejects=rejects))
    written = rejects.read_text().splitlines()

    assert written[0] == "refused because,email,name"
    assert [line.rpartition("larkfield")[0] != "" for line in written[1:]] == [True] * 3
    mended = rejects.read_text().replace("bob at larkfield", BOB).replace("Cid,x", "Cid")
    rejects.write_text(mended)
    report: ImportReport = audience.import_file(engine, rejects, NOW, Order(list="readers"))
    assert report.refused_count == 0
    assert states() == dict.fromkeys((ADA, BOB, CID), "confirmed")
    with reading(engine) as connection:
        row = connection.execute(sa.select(subscribers).where(subscribers.c.email == BOB)).one()
    assert (row.name, row.attributes) == ("+Bob", {})
