"""The balance sheet accounts for everyone, at every instant, in one statement."""

from __future__ import annotations

from sqlalchemy import event

from pipeline import ledger
from pipeline.db import reading
from pipeline.schema import DeliveryStatus, deliveries
from tests.ledger.books import NOW, later
from tests.ledger.conftest import Open


def test_before_the_first_range_everyone_is_planned(books: Open) -> None:
    sheet = books(5).launch().sheet

    assert sheet.recipients == 5
    assert sheet.counts[DeliveryStatus.PLANNED] == 5
    assert sheet.closes


def test_every_state_has_its_column(books: Open) -> None:
    states = list(DeliveryStatus)
    campaign = books(len(states)).launch()
    campaign.open_all()
    for person, state in enumerate(states, start=1):
        campaign.change(deliveries, [person], status=state)

    assert dict(campaign.sheet.counts) == dict.fromkeys(DeliveryStatus, 1)
    assert campaign.sheet.closes


def test_planned_started_and_deferred_may_still_go_out(books: Open) -> None:
    campaign = books(5).launch()
    campaign.open_all()
    campaign.start([1, 2, 3])
    campaign.record([1])
    campaign.defer([2], later(minutes=5))

    assert campaign.sheet.open == 4


def test_the_next_attempt_is_that_of_the_first_deferred_message(books: Open) -> None:
    campaign = books(3).launch()
    campaign.open_all()
    assert campaign.sheet.next_attempt_at is None
    campaign.start([1, 2])
    campaign.defer([1], later(minutes=30))
    campaign.defer([2], later(minutes=5))

    assert campaign.sheet.next_attempt_at == later(minutes=5)


def test_a_lost_row_is_seen(books: Open) -> None:
    campaign = books(3).launch()
    campaign.open_all()
    with campaign.engine.begin() as connection:
        connection.execute(deliveries.delete().where(deliveries.c.subscriber_id == 2))

    assert not campaign.sheet.closes


def test_several_campaigns_are_read_in_one_statement(books: Open) -> None:
    first = books(3).launch()
    second = first.launch(at=later(minutes=1))
    first.open_all()
    first.start([1], now=NOW)
    statements: list[str] = []
    event.listen(
        first.engine, "before_cursor_execute", lambda *told: statements.append(str(told[2]))
    )
    with reading(first.engine) as connection:
        sheets = ledger.read_sheets(connection, (first.campaign_id, second.campaign_id))

    assert len([one for one in statements if one.startswith("SELECT")]) == 1
    assert sheets[first.campaign_id].counts[DeliveryStatus.STARTED] == 1
    assert sheets[second.campaign_id].counts[DeliveryStatus.PLANNED] == 3
