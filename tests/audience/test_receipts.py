"""What people agreed to is kept, chained, and found out when somebody tampers with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from pipeline import audience
from pipeline.audience import Chain, Receipt, receipt_store
from pipeline.audience.rows import Row
from pipeline.audience.store import ensure_list
from pipeline.db import reading, writing
from pipeline.schema import ConsentEvent, receipts
from tests.support.on_lists import upsert

NOW = datetime(2026, 3, 3, 12, 0, 1, 250, tzinfo=UTC)
ADA, BOB = "ada@larkfield.example", "bob@larkfield.example"
PEOPLE = (ADA, BOB)
ASKED, ERASED = ConsentEvent.ASKED, ConsentEvent.ERASED


@pytest.fixture
def kept(engine: Engine) -> Engine:
    """Ada (1) and Bob (2), and six receipts: three of each in turn."""
    rows = [Row(2 + place, audience.read_address(one), "", {}) for place, one in enumerate(PEOPLE)]
    with writing(engine) as connection:
        upsert(connection, ensure_list(connection, "readers", NOW), rows, "by hand", NOW)
        wording = audience.keep_wording(connection, "Yes, send me letters.\nTwice.")
        for number in range(3):
            details = {"source": "form", "wording": wording, "number": str(number)}
            audience.write_receipts(
                connection, [Receipt(ASKED, NOW, 1, person, details) for person in (1, 2)]
            )
    return engine


def verify(engine: Engine) -> Chain:
    with reading(engine) as connection:
        return audience.verify_receipts(connection)


def change(engine: Engine, number: int, **values: Any) -> None:
    with writing(engine) as connection:
        connection.execute(sa.update(receipts).where(receipts.c.id == number).values(**values))


def test_a_record_that_nobody_touched_holds(kept: Engine) -> None:
    chain = verify(kept)

    assert (chain.receipts, chain.erased, chain.broken_at) == (6, 0, None)
    assert len(chain.head) == 64


def test_a_record_of_nothing_holds(engine: Engine) -> None:
    assert verify(engine) == Chain(0, 0, "0" * 64)


def test_many_receipts_are_walked_page_by_page(
    kept: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = verify(kept)
    monkeypatch.setattr(receipt_store, "_PAGE", 2)

    assert verify(kept) == whole


@pytest.mark.parametrize(
    ("number", "values"),
    [
        (1, {"details": {"source": "import"}}),
        (2, {"event": ConsentEvent.LEFT}),
        (3, {"at": NOW.replace(hour=1)}),
        (4, {"subscriber_id": 1}),
        (5, {"list_id": None}),
        (6, {"salt": "0" * 32}),
        (3, {"digest": "0" * 64}),
        (4, {"link": "0" * 64}),
    ],
)
def test_a_receipt_that_was_altered_is_found(
    kept: Engine, number: int, values: dict[str, Any]
) -> None:
    change(kept, number, **values)
    chain = verify(kept)

    assert chain.broken_at == number
    assert chain.receipts == number - 1
    assert "altered" in chain.broken


def test_a_receipt_that_was_taken_out_is_found_at_the_next(kept: Engine) -> None:
    with writing(kept) as connection:
        connection.execute(sa.delete(receipts).where(receipts.c.id == 3))

    assert verify(kept).broken_at == 4


def test_what_was_cut_off_the_end_shows_in_the_last_link(kept: Engine) -> None:
    before = verify(kept).head
    with writing(kept) as connection:
        connection.execute(sa.delete(receipts).where(receipts.c.id == 6))

    assert verify(kept).broken_at is None
    assert verify(kept).head != before


def test_a_receipt_that_was_emptied_by_hand_is_found(kept: Engine) -> None:
    change(kept, 3, details=sa.null(), salt=sa.null())
    chain = verify(kept)

    assert chain.broken_at == 3
    assert chain.broken == "its details are gone, and nobody asked for that"


def test_an_erasure_excuses_no_one_else(kept: Engine) -> None:
    with writing(kept) as connection:
        receipt_store.empty_receipts(connection, 1)
        audience.write_receipts(connection, [Receipt(ERASED, NOW, None, 1)])
    assert verify(kept).erased == 3
    assert verify(kept).broken_at is None
    change(kept, 4, details=sa.null(), salt=sa.null())  # Bob's

    assert verify(kept).broken_at == 4


def test_nothing_is_left_of_what_an_erased_person_agreed_to(kept: Engine) -> None:
    with writing(kept) as connection:
        receipt_store.empty_receipts(connection, 1)
    with reading(kept) as connection:
        rows = connection.execute(sa.select(receipts).where(receipts.c.subscriber_id == 1)).all()
        bobs = audience.consent_of(connection, audience.read_address(BOB))

    assert [(row.details, row.salt) for row in rows] == [(None, None)] * 3
    assert [proof.details["source"] for proof in bobs] == ["form"] * 3


def test_what_a_person_agreed_to_is_shown_in_the_words_of_the_form(kept: Engine) -> None:
    with reading(kept) as connection:
        proofs = audience.consent_of(connection, audience.read_address(ADA.upper()))

    assert [proof.id for proof in proofs] == [1, 3, 5]
    assert (proofs[0].event, proofs[0].at, proofs[0].list) == (ASKED, NOW, "readers")
    assert proofs[0].details["wording"] == "Yes, send me letters.\nTwice."


def test_leaving_is_on_record_once(kept: Engine) -> None:
    for _ in range(2):
        with writing(kept) as connection:
            audience.unsubscribe(connection, 1, 1, NOW, "one-click")
    with reading(kept) as connection:
        *_, last = audience.consent_of(connection, audience.read_address(ADA))

    assert (last.id, last.event, last.details) == (7, ConsentEvent.LEFT, {"source": "one-click"})
    assert verify(kept).broken_at is None


def test_a_receipt_that_was_rolled_back_leaves_no_gap(kept: Engine) -> None:
    with kept.connect() as connection:
        connection.begin()
        _ask(connection, 1)
        connection.rollback()
    with writing(kept) as connection:
        _ask(connection, 1)

    assert verify(kept).receipts == 7
    assert verify(kept).broken_at is None


def test_receipts_written_at_once_make_one_chain(kept: Engine) -> None:
    def write(person: int) -> None:
        for _ in range(5):
            with writing(kept) as connection:
                _ask(connection, person)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, (1, 2, 1, 2)))
    assert verify(kept).receipts == 26
    assert verify(kept).broken_at is None


def _ask(connection: Connection, person: int) -> None:
    audience.write_receipts(connection, [Receipt(ASKED, NOW, 1, person, {"source": "form"})])


# --- client networks ----------------------------------------------------------------------------


@pytest.fixture
def from_networks(kept: Engine) -> Engine:
    """Ada agreed once more a year ago, and now, from networks that are on record."""
    with writing(kept) as connection:
        for at, network in ((NOW - timedelta(days=400), "192.0.2.0/24"), (NOW, "198.51.100.0/24")):
            details = {"source": "form", "network": network}
            audience.write_receipts(connection, [Receipt(ASKED, at, 1, 1, details)])
    return kept


def networks(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        proofs = audience.consent_of(connection, audience.read_address(ADA))
    return [proof.details["network"] for proof in proofs if "network" in proof.details]


def forget(engine: Engine) -> None:
    with writing(engine) as connection:
        audience.forget_networks(connection, NOW - timedelta(days=365))


def test_old_networks_are_forgotten_and_the_record_holds(from_networks: Engine) -> None:
    assert networks(from_networks) == ["192.0.2.0/24", "198.51.100.0/24"]
    with reading(from_networks) as connection:
        assert audience.count_networks(connection, NOW - timedelta(days=365)) == 1
    forget(from_networks)

    assert networks(from_networks) == ["no longer kept", "198.51.100.0/24"]
    assert verify(from_networks).broken_at is None
    with reading(from_networks) as connection:
        assert "192.0.2" not in repr(connection.execute(sa.select(receipts)).all())


def test_a_network_that_was_altered_is_found(from_networks: Engine) -> None:
    change(from_networks, 8, network="203.0.113.0/24")

    assert verify(from_networks).broken_at == 8


def test_an_erased_person_leaves_no_network(from_networks: Engine) -> None:
    with writing(from_networks) as connection:
        audience.erase_person(connection, (b"k" * 32,), 1, NOW, "page")
    with reading(from_networks) as connection:
        assert "198.51.100" not in repr(connection.execute(sa.select(receipts)).all())

    assert verify(from_networks).broken_at is None
