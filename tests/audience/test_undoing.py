"""A batch is taken back as a whole, and no opt-out that was uttered here goes with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import Order, Undone
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from pipeline.schema import (
    SuppressionReason,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)
from tests.audience.conftest import NOW, Bring, WriteFile

ADA, BOB, CID = (f"{name}@larkfield.example" for name in ("ada", "bob", "cid"))
States = Callable[..., dict[str, str]]


@pytest.fixture
def undo(engine: Engine) -> Callable[[int], Undone]:
    def undo_it(number: int) -> Undone:
        with writing(engine) as connection:
            return audience.undo_batch(connection, number, "Desk", NOW + timedelta(days=1))

    return undo_it


Undo = Callable[[int], Undone]


def test_who_was_new_is_off_and_forgotten(
    engine: Engine, bring: Bring, undo: Undo, states: States
) -> None:
    bring(f"email,name\n{ADA},Ada\n")
    bring(f"email,name\n{ADA},Ada\n{BOB},Bob\n")
    with writing(engine) as connection:
        for address in (ADA, BOB):
            audience.add_tags(connection, audience.read_address(address), ["press"])
    undone = undo(2)

    assert (undone.off, undone.removed) == (1, 1)
    assert states() == {ADA: "confirmed"}
    with reading(engine) as connection:
        emptied = connection.execute(sa.select(subscribers).where(subscribers.c.id == 2)).one()
        assert audience.verify_receipts(connection).broken_at is None
        tagged = connection.execute(sa.select(subscriber_tags.c.subscriber_id)).scalars().all()
    assert (emptied.email, emptied.identity, emptied.name) == (None, None, "")
    assert (emptied.domain, emptied.name_key) == ("", "")
    assert tagged == [1]


def test_who_is_on_another_list_too_is_off_this_one_alone(
    bring: Bring, undo: Undo, states: States
) -> None:
    bring(f"email\n{ADA}\n", "members.csv")
    bring(f"email\n{ADA}\n")
    undone = undo(2)

    assert (undone.off, undone.removed) == (1, 0)
    assert states(1) == {ADA: "confirmed"}
    assert states(2) == {}


def test_who_came_back_by_another_import_has_a_new_number(
    engine: Engine, bring: Bring, undo: Undo
) -> None:
    bring(f"email\n{ADA}\n")
    undo(1)
    assert bring(f"email\n{ADA}\n").joined == 1

    with reading(engine) as connection:
        assert audience.find_id(connection, audience.read_address(ADA).identity) == 2


def test_names_and_columns_go_back_to_what_they_were(
    engine: Engine, bring: Bring, undo: Undo
) -> None:
    bring(f"email,name,town\n{ADA},Ada,Paris\n{BOB},Bob,Rome\n")
    bring(f"email,name,town,plan\n{ADA},Adá,Nice,gold\n{BOB},Bob,Rome,\n")
    undone = undo(2)

    assert (undone.restored, undone.off) == (2, 0)
    with reading(engine) as connection:
        ada, bob = audience.list_people(connection, 1)
    assert (ada.name, ada.attributes) == ("Ada", {"town": "Paris"})
    assert (bob.name, bob.attributes) == ("Bob", {"town": "Rome"})


def test_what_was_changed_again_since_stays(engine: Engine, bring: Bring, undo: Undo) -> None:
    for name in ("Ada", "Adá", "Adele"):
        bring(f"email,name\n{ADA},{name}\n")
    undone = undo(2)

    assert (undone.restored, undone.changed_since) == (0, 1)
    with reading(engine) as connection:
        assert audience.list_people(connection, 1)[0].name == "Adele"


def test_who_left_here_since_stays_unsubscribed(
    engine: Engine, bring: Bring, undo: Undo, states: States
) -> None:
    bring(f"email\n{ADA}\n{BOB}\n")
    with writing(engine) as connection:
        audience.unsubscribe(connection, 1, 1, NOW)
    undone = undo(1)

    assert (undone.off, undone.kept) == (1, 1)
    assert states() == {ADA: "unsubscribed"}
    assert bring(f"email\n{ADA}\n{BOB}\n").joined == 1
    assert states()[ADA] == "unsubscribed"


def test_whom_the_batch_alone_unsubscribed_is_back(
    bring: Bring, undo: Undo, states: States
) -> None:
    bring(f"email\n{ADA}\n")
    bring(f"email,status\n{ADA},unsubscribed\n{BOB},unsubscribed\n")
    undone = undo(2)

    assert (undone.back, undone.off) == (1, 1)
    assert states() == {ADA: "confirmed"}


def test_who_said_so_themselves_after_the_batch_had_is_not(
    engine: Engine, bring: Bring, undo: Undo, states: States
) -> None:
    bring(f"email\n{ADA}\n")
    bring(f"email,status\n{ADA},unsubscribed\n{BOB},unsubscribed\n")
    with writing(engine) as connection:
        for person in (1, 2):
            audience.unsubscribe(connection, 1, person, NOW)
    undone = undo(2)

    assert (undone.back, undone.kept) == (0, 1)
    assert states() == {ADA: "unsubscribed", BOB: "unsubscribed"}


def test_suppressions_go_where_the_batch_made_them_and_nobody_has_since(
    engine: Engine, bring: Bring, undo: Undo
) -> None:
    with writing(engine) as connection:
        audience.suppress_identities(connection, {ADA: SuppressionReason.MANUAL}, NOW)
    bring("email,status\n" + "".join(f"{one},cleaned\n" for one in (ADA, BOB, CID)))
    with writing(engine) as connection:
        audience.suppress_identities(connection, {BOB: SuppressionReason.COMPLAINT}, NOW)

    assert undo(1).lifted == 1
    with reading(engine) as connection:
        left = connection.execute(sa.select(suppressions.c.identity)).scalars().all()
    assert sorted(left) == [ADA, BOB]


def test_undoing_twice_says_so(bring: Bring, undo: Undo) -> None:
    bring(f"email\n{ADA}\n")
    undo(1)

    with pytest.raises(AudienceError, match="import batch 1 was undone before, on 2026-03-04"):
        undo(1)


def test_a_batch_that_is_not_there_is_told(undo: Undo) -> None:
    with pytest.raises(AudienceError, match="there is no import batch 7"):
        undo(7)


def test_a_standing_file_whose_batch_was_undone_is_left_alone_until_it_changes(
    engine: Engine, write: WriteFile, undo: Undo, states: States
) -> None:
    file = write(f"email\n{ADA}\n")
    standing = Order(standing=True)
    audience.import_file(engine, file, NOW, standing)
    undo(1)
    report = audience.import_file(engine, file, NOW, standing)

    assert (report.undone, states()) == (1, {})
    assert "was undone" in report.undone_sentence
    file = write(f"email\n{ADA}\n{BOB}\n")
    audience.import_file(engine, file, NOW, standing)
    assert states() == dict.fromkeys((ADA, BOB), "confirmed")


def test_a_second_batch_s_opt_out_of_an_undone_one_goes_with_it(
    engine: Engine, bring: Bring, undo: Undo
) -> None:
    bring(f"email\n{ADA}\n")
    bring(f"email,status\n{ADA},unsubscribed\n")
    undo(1)
    undo(2)

    with reading(engine) as connection:
        assert connection.execute(sa.select(subscriptions)).all() == []


def test_who_got_mail_by_an_undone_batch_can_still_leave_for_good(
    engine: Engine, bring: Bring, undo: Undo, states: States
) -> None:
    bring(f"email\n{ADA}\n", "members.csv")  # so that undoing leaves the person known
    bring(f"email\n{ADA}\n")
    undo(2)
    with writing(engine) as connection:
        audience.unsubscribe(connection, 2, 1, NOW)

    assert bring(f"email\n{ADA}\n").forecast.kept_away == 1
    assert states(2) == {ADA: "unsubscribed"}
