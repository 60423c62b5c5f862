"""Who wants to be forgotten is, wholly, and comes back by nobody else's doing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import Receipt, read_address
from pipeline.db import reading, writing
from pipeline.schema import ConsentEvent, SuppressionReason, metadata, subscriptions, suppressions
from tests.audience.conftest import WriteFile

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
ADA, BOB = "ada@larkfield.example", "bob@larkfield.example"
KEYS, OTHER_KEYS = (b"k" * 32,), (b"n" * 32, b"k" * 32)
ERASED, MANUAL = SuppressionReason.ERASED, SuppressionReason.MANUAL


@pytest.fixture
def readers(engine: Engine, write: WriteFile) -> Engine:
    """Ada (1) and Bob (2) on the lists readers and members, with a receipt each."""
    for name in ("readers", "members"):
        rows = f"email,name,town\n{ADA},Ada Lovelace,Ockham\n{BOB},Bob,\n"
        audience.import_file(engine, write(rows, f"{name}.csv"), NOW)
    with writing(engine) as connection:
        details = {"source": "form", "address": ADA, "network": "192.0.2.0"}
        audience.write_receipts(connection, [Receipt(ConsentEvent.ASKED, NOW, 1, 1, details)])
    return engine


def erase(engine: Engine, subscriber_id: int = 1) -> bool:
    with writing(engine) as connection:
        return audience.erase_person(connection, KEYS, subscriber_id, NOW, "page")


def suppressed(engine: Engine, *identities: str, keys: audience.Keys = KEYS) -> dict[str, str]:
    with reading(engine) as connection:
        return dict(audience.find_suppressed(connection, keys, identities))


def everything(engine: Engine) -> str:
    with reading(engine) as connection:
        tables = [connection.execute(sa.select(table)).all() for table in metadata.sorted_tables]
    return repr(tables)


def test_nothing_in_the_whole_database_says_who_it_was(readers: Engine) -> None:
    known = ("ada@", "Lovelace", "Ockham", "192.0.2.0")
    assert all(word in everything(readers) for word in known)
    assert erase(readers)

    assert not [word for word in known if word in everything(readers)]
    assert BOB in everything(readers)


def test_an_erased_person_is_off_every_list_and_the_record_still_holds(readers: Engine) -> None:
    erase(readers)
    with reading(readers) as connection:
        states = connection.execute(
            sa.select(subscriptions.c.state).where(subscriptions.c.subscriber_id == 1)
        ).scalars()
        assert set(states) == {"unsubscribed"}
        chain = audience.verify_receipts(connection)

    assert (chain.broken_at, chain.erased) == (None, 3)


def test_the_keyed_hash_is_found_by_the_address_alone(readers: Engine) -> None:
    erase(readers)

    assert suppressed(readers, ADA, BOB) == {ADA: ERASED}
    assert suppressed(readers, ADA, keys=OTHER_KEYS) == {ADA: ERASED}  # the key was changed since
    assert suppressed(readers, ADA, keys=(b"x" * 32,)) == {}


def test_an_address_that_staff_shut_out_stays_so_when_it_is_erased(readers: Engine) -> None:
    with writing(readers) as connection:
        audience.suppress(connection, [1], MANUAL, NOW)
    erase(readers)

    assert suppressed(readers, ADA) == {ADA: MANUAL}
    with reading(readers) as connection:
        assert (
            connection.execute(sa.select(sa.func.count()).select_from(suppressions)).scalar() == 1
        )


def test_who_is_erased_twice_or_was_never_there_changes_nothing(readers: Engine) -> None:
    erase(readers)
    before = everything(readers)

    assert not erase(readers)
    assert not erase(readers, 99)
    assert everything(readers) == before


def test_a_suppression_is_lifted_with_the_hash_of_every_key(readers: Engine) -> None:
    erase(readers)
    with writing(readers) as connection:
        audience.suppress_identities(connection, {BOB: MANUAL}, NOW)
        audience.lift_suppression(connection, OTHER_KEYS, ADA)

    assert suppressed(readers, ADA, BOB) == {BOB: MANUAL}


def test_many_addresses_are_looked_up_part_by_part(readers: Engine) -> None:
    erase(readers)
    many = [f"person{number}@larkfield.example" for number in range(5_000)]

    assert suppressed(readers, *many, ADA) == {ADA: ERASED}


def test_an_address_keeps_its_first_reason(readers: Engine) -> None:
    with writing(readers) as connection:
        audience.suppress_identities(connection, {ADA: SuppressionReason.COMPLAINT}, NOW)
        audience.suppress_identities(connection, {ADA: MANUAL}, NOW)

    assert suppressed(readers, ADA) == {ADA: SuppressionReason.COMPLAINT}


def test_an_erased_address_is_read_as_no_identity(readers: Engine) -> None:
    erase(readers)
    with reading(readers) as connection:
        assert audience.find_id(connection, read_address(ADA).identity) is None
