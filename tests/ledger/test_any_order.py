"""Whatever happens in whatever order: nobody is lost, nobody is doubled, the sheet closes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from pipeline import ledger
from pipeline.db import make_engine, reading, writing
from pipeline.ledger import Range
from pipeline.schema import CampaignState, Decision, DeliveryStatus, metadata, subscribers
from tests.ledger.books import LEASE, NOW, Books
from tests.support import databases

WORKERS = st.sampled_from(["a", "b", "c"])
OUTCOMES = st.sampled_from(
    [
        DeliveryStatus.SENT,
        DeliveryStatus.REFUSED,
        DeliveryStatus.DEFERRED,
        DeliveryStatus.UNKNOWN,
        DeliveryStatus.EXPIRED,
    ]
)
SENDING, PAUSED, CANCELLED = (
    CampaignState.SENDING,
    CampaignState.PAUSED,
    CampaignState.CANCELLED,
)
AWAITED = {DeliveryStatus.STARTED, DeliveryStatus.UNKNOWN}  # states that still learn an outcome
OPEN = {DeliveryStatus.PLANNED, DeliveryStatus.STARTED, DeliveryStatus.DEFERRED}
PEOPLE = st.sets(st.integers(1, 9), min_size=1)
CHANCE = st.randoms(use_true_random=False)

Message = tuple[int, int]  # campaign, person


class Sending(RuleBasedStateMachine):
    """Three workers that freeze, wake, lose ranges and report late; people who come and go."""

    open_database: Callable[[], Engine]

    def __init__(self) -> None:
        super().__init__()
        self.engine = type(self).open_database()
        self.now: datetime = NOW
        self.campaigns: list[Books] = []
        self.lent: list[tuple[str, Range]] = []
        self.in_flight: list[tuple[Message, int]] = []  # what some worker may still report
        self.may_start: dict[Message, bool] = {}
        self.gone: set[int] = set()

    def teardown(self) -> None:
        self.send_the_rest()
        self.engine.dispose()

    # --- people --------------------------------------------------------------------------------

    @initialize(people=st.integers(0, 6))
    def begin(self, people: int) -> None:
        self.readers = Books.open(self.engine, people)

    @rule()
    def somebody_joins(self) -> None:
        self.readers.join(1, at=self.now)

    @rule(person=st.integers(1, 9), clock=st.integers(-90, 0))
    def somebody_leaves(self, person: int, clock: int) -> None:
        self.readers.leave(person, at=self.now + timedelta(seconds=clock))
        self.mark_gone(person)

    @rule(person=st.integers(1, 9))
    def somebody_is_suppressed(self, person: int) -> None:
        self.readers.suppress(person)
        self.mark_gone(person)

    @rule(person=st.integers(1, 9))
    def somebody_is_erased(self, person: int) -> None:
        self.readers.erase(person)
        self.mark_gone(person)

    @rule(seconds=st.sampled_from([1, LEASE + 1, 600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # --- sending -------------------------------------------------------------------------------

    @precondition(lambda self: len(self.campaigns) < 2)
    @rule()
    def a_campaign_is_launched(self) -> None:
        self.now += timedelta(seconds=1)
        self.campaigns.append(self.readers.launch(at=self.now))

    @precondition(lambda self: self.campaigns)
    @rule(size=st.integers(1, 3))
    def a_range_is_opened(self, size: int) -> None:
        self.readers.open_range(size, now=self.now)

    @precondition(lambda self: self.campaigns)
    @rule(worker=WORKERS)
    def a_range_is_lent(self, worker: str) -> None:
        lent = self.readers.lease(worker, now=self.now)
        if lent is not None:
            self.lent.append((worker, lent))

    @precondition(lambda self: self.campaigns)
    @rule(worker=WORKERS, people=PEOPLE, chance=CHANCE)
    def messages_are_started(self, worker: str, people: set[int], chance: Any) -> None:
        self.start(chance.choice(self.campaigns), sorted(people), worker)

    @precondition(lambda self: self.in_flight)
    @rule(outcome=OUTCOMES, chance=CHANCE, minutes=st.integers(0, 20))
    def a_reply_comes(self, outcome: DeliveryStatus, chance: Any, minutes: int) -> None:
        (campaign_id, person), attempt = chance.choice(self.in_flight)
        self.record((campaign_id, person), attempt, outcome, self.now + timedelta(minutes=minutes))

    @precondition(lambda self: self.lent)
    @rule(chance=CHANCE)
    def a_range_is_given_back(self, chance: Any) -> None:
        worker, lent = chance.choice(self.lent)
        self.readers.release(lent, worker, now=self.now)
        self.lent.remove((worker, lent))

    @rule()
    def campaigns_are_finished(self) -> None:
        self.readers.finish(now=self.now)

    # --- deciding ------------------------------------------------------------------------------

    @precondition(lambda self: self.campaigns)
    @rule(chance=CHANCE, new=st.sampled_from([SENDING, PAUSED, CANCELLED]))
    def a_campaign_is_paused_resumed_or_cancelled(self, chance: Any, new: CampaignState) -> None:
        campaign = chance.choice(self.campaigns)
        if campaign.state in (SENDING, PAUSED):
            campaign.move(new)

    @precondition(lambda self: self.campaigns)
    @rule(most=st.integers(1, 3))
    def ranges_are_settled(self, most: int) -> None:
        self.readers.settle(now=self.now, most=most)

    @precondition(lambda self: self.campaigns)
    @rule(people=PEOPLE, chance=CHANCE, decision=st.sampled_from([Decision.SENT, Decision.AGAIN]))
    def a_doubt_is_decided(self, people: set[int], chance: Any, decision: Decision) -> None:
        campaign = chance.choice(self.campaigns)
        for person in campaign.reconcile(people, decision, now=self.now):
            self.may_start[campaign.campaign_id, person] = decision is Decision.AGAIN

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def every_sheet_closes(self) -> None:
        for campaign in self.campaigns:
            sheet = campaign.sheet
            assert sheet.closes
            assert min(sheet.counts.values()) >= 0

    @invariant()
    def a_sent_campaign_has_nothing_open(self) -> None:
        for campaign in self.campaigns:
            assert not campaign.is_sent() or campaign.sheet.open == 0

    # --- how it is done ------------------------------------------------------------------------

    def mark_gone(self, person: int) -> None:
        """This person must get nothing any more; who is not there yet may still come."""
        with reading(self.engine) as connection:
            statement = sa.select(subscribers.c.id).where(subscribers.c.id == person)
            self.gone.update(connection.execute(statement).scalars())

    def start(self, campaign: Books, people: list[int], worker: str) -> None:
        started = campaign.start(people, worker, now=self.now)
        assert not started or campaign.state is SENDING
        for person, attempt in started.items():
            message = (campaign.campaign_id, person)
            assert self.may_start.get(message, True), f"{message} would go out twice"
            assert person not in self.gone, f"{person} should get nothing any more"
            self.may_start[message] = False
            self.in_flight.append((message, attempt))

    def record(
        self, message: Message, attempt: int, outcome: DeliveryStatus, again_at: datetime
    ) -> None:
        campaign = next(one for one in self.campaigns if one.campaign_id == message[0])
        deferred = outcome is DeliveryStatus.DEFERRED
        before = campaign.rows[message[1]]
        is_awaited = before.attempt == attempt and before.status in AWAITED
        campaign.record(
            [message[1]],
            outcome,
            attempt=attempt,
            now=self.now,
            next_attempt_at=again_at if deferred else None,
        )
        self.in_flight.remove((message, attempt))
        assert campaign.status(message[1]) is (outcome if is_awaited else before.status)
        if is_awaited:
            self.may_start[message] = deferred

    def send_the_rest(self) -> None:
        """Every worker has died; one more takes all that is left: then nobody may be missing."""
        self.now += timedelta(days=1)
        for campaign in self.campaigns:
            if campaign.state is PAUSED:
                campaign.move(SENDING)
        while self.campaigns and self._take_a_range():
            pass
        self.readers.settle(now=self.now)
        for campaign in self.campaigns:
            assert campaign.is_finished()
            assert not OPEN & {row.status for row in campaign.rows.values()}
            assert campaign.sheet.closes
            assert len(campaign.rows) == campaign.sheet.recipients

    def _take_a_range(self) -> bool:
        lent = self.readers.lease("last", now=self.now)
        if lent is None:
            return self.readers.open_range(2, now=self.now)
        campaign = next(one for one in self.campaigns if one.campaign_id == lent.campaign_id)
        with writing(self.engine) as connection:
            people = ledger.read_recipients(connection, lent, self.now)
        self.start(campaign, [one.subscriber_id for one in people], "last")
        for person in people:
            if campaign.status(person.subscriber_id) is DeliveryStatus.STARTED:
                attempt = campaign.rows[person.subscriber_id].attempt
                message = (lent.campaign_id, person.subscriber_id)
                self.record(message, attempt, DeliveryStatus.SENT, self.now)
        campaign.release(lent, "last", now=self.now)
        return True


def run(open_database: Callable[[], Engine], **extent: Any) -> None:
    machine = type("Sending", (Sending,), {"open_database": staticmethod(open_database)})
    run_state_machine_as_test(
        machine,
        settings=settings(suppress_health_check=list(HealthCheck), **extent),
    )


def test_in_any_order_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    numbers = itertools.count()

    def fresh() -> Engine:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return make_engine(databases.copy_of(migrated_sqlite, folder))

    run(fresh, max_examples=30, stateful_step_count=40)


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_in_any_order_on_postgresql(database_url: str) -> None:
    names = ", ".join(metadata.tables)

    def emptied() -> Engine:
        engine = make_engine(database_url)
        with writing(engine) as connection:
            connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY"))
        return engine

    run(emptied, max_examples=6, stateful_step_count=25)
