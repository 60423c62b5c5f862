"""Leaving works at once and for good; a suppressed address stays suppressed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import ListCount, Subscription, read_address
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from pipeline.schema import (
    SubscriptionState,
    SuppressionReason,
    subscribers,
    subscriptions,
    suppressions,
)
from tests.audience.conftest import WriteFile

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
ADA, BOB = "ada@larkfield.example", "bob@larkfield.example"
CONFIRMED, UNSUBSCRIBED = SubscriptionState.CONFIRMED, SubscriptionState.UNSUBSCRIBED


@pytest.fixture
def readers(engine: Engine, write: WriteFile) -> Engine:
    """Ada (1) and Bob (2) on the lists readers (1) and members (2)."""
    for name in ("readers", "members"):
        audience.import_file(engine, write(f"email\n{ADA}\n{BOB}\n", f"{name}.csv"), NOW)
    return engine


def unsubscribe(engine: Engine, list_id: int, subscriber_id: int, at: datetime = NOW) -> bool:
    with writing(engine) as connection:
        return audience.unsubscribe(connection, list_id, subscriber_id, at)


def suppress(engine: Engine, *ids: int, reason: str = "hard_bounce", at: datetime = NOW) -> None:
    with writing(engine) as connection:
        audience.suppress(connection, ids, SuppressionReason(reason), at)


def suppressed(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        rows = connection.execute(sa.select(suppressions))
        return {row.identity: row.reason for row in rows}


# --- leaving ------------------------------------------------------------------------------------


def test_who_unsubscribes_is_off_that_list_alone(readers: Engine) -> None:
    assert unsubscribe(readers, 1, 1) is True

    with reading(readers) as connection:
        assert audience.find_person(connection, read_address(ADA)) == (
            Subscription(2, "members", 1, ADA, CONFIRMED, NOW),
            Subscription(1, "readers", 1, ADA, UNSUBSCRIBED, NOW, NOW),
        )
        assert audience.read_lists(connection) == (
            ListCount("members", 2, 0, 0),
            ListCount("readers", 1, 0, 1),
        )


def test_who_had_left_before_is_told_the_same_and_keeps_their_date(readers: Engine) -> None:
    unsubscribe(readers, 1, 1)

    assert unsubscribe(readers, 1, 1, NOW + timedelta(days=1)) is False
    with reading(readers) as connection:
        left_at = connection.scalar(
            sa.select(subscriptions.c.unsubscribed_at).where(
                subscriptions.c.list_id == 1, subscriptions.c.subscriber_id == 1
            )
        )
    assert left_at == NOW


@pytest.mark.parametrize(("list_id", "subscriber_id"), [(1, 99), (99, 1), (2**62, 2**62)])
def test_who_never_was_there_cannot_leave(
    readers: Engine, list_id: int, subscriber_id: int
) -> None:
    assert unsubscribe(readers, list_id, subscriber_id) is False


def test_who_has_not_confirmed_yet_can_leave(readers: Engine) -> None:
    with writing(readers) as connection:
        connection.execute(
            sa.update(subscriptions).values(state=SubscriptionState.PENDING, confirmed_at=None)
        )

    assert unsubscribe(readers, 1, 1) is True


# --- suppressing --------------------------------------------------------------------------------


def test_an_address_is_suppressed_with_its_reason(readers: Engine) -> None:
    suppress(readers, 1)

    assert suppressed(readers) == {ADA: "hard_bounce"}


def test_the_first_reason_stays(readers: Engine) -> None:
    suppress(readers, 1, reason="complaint")
    suppress(readers, 1, 2, reason="hard_bounce", at=NOW + timedelta(days=1))

    assert suppressed(readers) == {ADA: "complaint", BOB: "hard_bounce"}


def test_nobody_to_suppress_is_fine(readers: Engine) -> None:
    suppress(readers)
    suppress(readers, 99)

    assert suppressed(readers) == {}


def test_an_erased_person_has_no_address_to_suppress(readers: Engine) -> None:
    with writing(readers) as connection:
        connection.execute(
            sa.update(subscribers).where(subscribers.c.id == 1).values(email=None, identity=None)
        )
    suppress(readers, 1, 2)

    assert suppressed(readers) == {BOB: "hard_bounce"}


def test_a_suppression_outlives_the_subscriber(readers: Engine) -> None:
    suppress(readers, 1)
    with writing(readers) as connection:
        connection.execute(
            sa.update(subscribers).where(subscribers.c.id == 1).values(email=None, identity=None)
        )

    assert suppressed(readers) == {ADA: "hard_bounce"}


# --- finding ------------------------------------------------------------------------------------


def test_a_person_is_found_however_their_address_is_written(readers: Engine) -> None:
    with reading(readers) as connection:
        found = audience.find_person(connection, read_address("ADA@Larkfield.Example"))
        nobody = audience.find_person(connection, read_address("cid@larkfield.example"))

    assert [one.list for one in found] == ["members", "readers"]
    assert nobody == ()


def test_one_subscription_is_found_by_its_ids(readers: Engine) -> None:
    with reading(readers) as connection:
        found = audience.find_subscription(connection, 1, 2)
        nothing = audience.find_subscription(connection, 9, 2)

    assert found == Subscription(1, "readers", 2, BOB, CONFIRMED, NOW)
    assert nothing is None


def test_a_list_that_is_not_there_is_told_with_the_file_to_add(readers: Engine) -> None:
    with (
        reading(readers) as connection,
        pytest.raises(AudienceError, match="no list called 'weekly'") as caught,
    ):
        audience.find_list(connection, "weekly")

    assert "subscribers/weekly.csv" in caught.value.hint


def test_people_are_listed_page_by_page(readers: Engine) -> None:
    with reading(readers) as connection:
        first = audience.list_people(connection, 1, limit=1)
        second = audience.list_people(connection, 1, after_id=first[-1].id, limit=1)
        third = audience.list_people(connection, 1, after_id=second[-1].id, limit=1)

    assert [one.email for page in (first, second, third) for one in page] == [ADA, BOB]


def test_only_the_confirmed_are_counted_as_readers(readers: Engine) -> None:
    unsubscribe(readers, 1, 1)
    with reading(readers) as connection:
        assert audience.count_confirmed(connection, audience.find_list(connection, "readers")) == 1
        assert audience.count_confirmed(connection, audience.find_list(connection, "members")) == 2
