"""A campaign made by hand, and its books read as a person would read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience, ledger
from pipeline.audience import csv_file
from pipeline.audience.store import ensure_list
from pipeline.db import reading, writing
from pipeline.ledger import Decided, Doubt, Range, Result, Sheet, Start
from pipeline.schema import (
    CampaignState,
    Decision,
    DeliveryStatus,
    SuppressionReason,
    campaigns,
    deliveries,
    editions,
    newsletters,
    ranges,
    subscribers,
)
from tests.support.on_lists import upsert

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
LEASE = 60  # seconds
JOINED_AT = NOW - timedelta(days=30)


def later(**duration: float) -> datetime:
    """An instant after the launch."""
    return NOW + timedelta(**duration)


@dataclass(frozen=True)
class Row:
    """What the ledger says about one person."""

    status: DeliveryStatus
    attempt: int
    reason: str
    worker: str | None
    next_attempt_at: datetime | None
    reply: str | None


@dataclass(frozen=True)
class Books:
    """One campaign to one list, and what happens to it."""

    engine: Engine
    list_id: int
    campaign_id: int = 0
    rehearsal: bool = False

    # --- the world outside -------------------------------------------------------------------

    @classmethod
    def open(cls, engine: Engine, people: int = 0) -> Books:
        """Make a list of so many confirmed people; nothing is launched yet."""
        with writing(engine) as connection:
            books = cls(engine, ensure_list(connection, "readers", JOINED_AT))
        books.join(people)
        return books

    def on_another_list(self) -> Books:
        """Books on a second list."""
        with writing(self.engine) as connection:
            return replace(self, list_id=ensure_list(connection, "members", JOINED_AT))

    def join(self, people: int = 1, *, at: datetime = JOINED_AT) -> list[int]:
        """So many new people come to the list; their ids."""
        with writing(self.engine) as connection:
            known = connection.scalar(sa.select(sa.func.count()).select_from(subscribers)) or 0
        new = list(range(known + 1, known + people + 1))
        self.subscribe(*new, at=at)
        return new

    def subscribe(self, *ids: int, at: datetime = JOINED_AT) -> None:
        """These people come to the list, as a file brings them."""
        with writing(self.engine) as connection:
            if ids:
                upsert(connection, self.list_id, list(map(_row, ids)), "made by hand", at)

    def leave(self, *ids: int, at: datetime = NOW) -> None:
        """These people unsubscribe."""
        with writing(self.engine) as connection:
            for one in ids:
                audience.unsubscribe(connection, self.list_id, one, at)

    def come_back(self, *ids: int, left: datetime = NOW, at: datetime = NOW) -> bool:
        """These people take back that they left; whether all could."""
        with writing(self.engine) as connection:
            return all(audience.come_back(connection, self.list_id, one, left, at) for one in ids)

    def pause(self, *ids: int, until: datetime | None, at: datetime = NOW) -> None:
        """These people want to hear nothing until then."""
        with writing(self.engine) as connection:
            for one in ids:
                assert audience.pause_subscription(connection, self.list_id, one, until, at)

    def suppress(self, *ids: int) -> None:
        """Never mail these people's addresses again."""
        with writing(self.engine) as connection:
            audience.suppress(connection, ids, SuppressionReason.COMPLAINT, NOW)

    def launch(self, *, at: datetime = NOW, rehearsal: bool = False) -> Books:
        """Launch a campaign to the list as the room of campaigns does; books on that campaign."""
        with writing(self.engine) as connection:
            highest = connection.scalar(sa.select(sa.func.max(subscribers.c.id))) or 0
            recipients = ledger.count_eligible(connection, self.list_id, at, highest)
            name = (
                f"digest-{connection.scalar(sa.select(sa.func.count()).select_from(newsletters))}"
            )
            newsletter_id = connection.execute(
                sa.insert(newsletters)
                .values(name=name, settings={}, created_at=at)
                .returning(newsletters.c.id)
            ).scalar_one()
            connection.execute(sa.insert(editions).values(**_edition(name)))
            campaign_id = connection.execute(
                sa.insert(campaigns)
                .values(
                    newsletter_id=newsletter_id,
                    edition_id=name,
                    list_id=self.list_id,
                    sender={},
                    rehearsal=rehearsal,
                    state=CampaignState.SENDING,
                    recipients=recipients,
                    highest_subscriber_id=highest,
                    due_at=at,
                    launched_at=at,
                )
                .returning(campaigns.c.id)
            ).scalar_one()
        return replace(self, campaign_id=campaign_id, rehearsal=rehearsal)

    def change(self, table: sa.Table, ids: Collection[int], **values: Any) -> None:
        """Change rows of people behind the ledger's back, as other rooms do."""
        column = table.c.id if table is subscribers else table.c.subscriber_id
        with writing(self.engine) as connection:
            connection.execute(sa.update(table).where(column.in_(ids)).values(**values))

    def erase(self, *ids: int) -> None:
        """Take a person's data away; the empty row stays."""
        self.change(subscribers, ids, email=None, identity=None, name="")

    # --- what workers do ---------------------------------------------------------------------

    def open_range(
        self, size: int = 100, *, now: datetime = NOW, lists: Collection[str] | None = None
    ) -> bool:
        with writing(self.engine) as connection:
            return ledger.open_range(connection, size, now, rehearsal=self.rehearsal, lists=lists)

    def open_all(self, size: int = 100) -> None:
        """Open the whole roster."""
        while self.open_range(size):
            pass

    def lease(
        self,
        worker: str = "a",
        *,
        now: datetime = NOW,
        lists: Collection[str] | None = None,
        gone: Collection[str] = (),
    ) -> Range | None:
        with writing(self.engine) as connection:
            return ledger.lease_range(
                connection, worker, now, LEASE, rehearsal=self.rehearsal, lists=lists, gone=gone
            )

    def must_lease(self, worker: str = "a", *, now: datetime = NOW) -> Range:
        lent = self.lease(worker, now=now)
        assert lent is not None
        return lent

    def release(
        self,
        lent: Range,
        worker: str = "a",
        *,
        now: datetime = NOW,
        not_before: datetime | None = None,
    ) -> None:
        with writing(self.engine) as connection:
            ledger.release_range(connection, lent, worker, now, not_before)

    def renew(self, *lent: Range, worker: str = "a", until: datetime) -> None:
        with writing(self.engine) as connection:
            ledger.renew_leases(connection, worker, [one.id for one in lent], until)

    def start(
        self, ids: Iterable[int], worker: str = "a", *, now: datetime = NOW
    ) -> dict[int, int]:
        """Start these people's messages; the attempts of those that may be sent, by person."""
        wishes = [Start(self.campaign_id, one) for one in ids]
        with writing(self.engine) as connection:
            started = ledger.start(connection, wishes, worker, now)
        return {wish.subscriber_id: attempt for wish, attempt in started.items()}

    def record(
        self,
        ids: Iterable[int],
        status: DeliveryStatus = DeliveryStatus.SENT,
        *,
        attempt: int = 1,
        now: datetime = NOW,
        **values: Any,
    ) -> None:
        results = [Result(self.campaign_id, one, attempt, status, **values) for one in ids]
        with writing(self.engine) as connection:
            ledger.record(connection, results, now)

    def defer(
        self, ids: Iterable[int], until: datetime, *, attempt: int = 1, now: datetime = NOW
    ) -> None:
        deferred = DeliveryStatus.DEFERRED
        self.record(ids, deferred, attempt=attempt, now=now, next_attempt_at=until)

    def finish(self, *, now: datetime = NOW) -> None:
        with writing(self.engine) as connection:
            ledger.finish_campaigns(connection, now)

    # --- what a person decides ---------------------------------------------------------------

    def reconcile(
        self, ids: Iterable[int], decision: Decision, *, by: str = "ada", now: datetime = NOW
    ) -> set[int]:
        """Decide about these people's rows; whose were in doubt."""
        with writing(self.engine) as connection:
            found = ledger.reconcile(connection, self.campaign_id, tuple(ids), decision, by, now)
        return set(found)

    def move(self, state: CampaignState) -> None:
        """Pause, resume or cancel the campaign, as the room of campaigns does."""
        with writing(self.engine) as connection:
            connection.execute(
                sa.update(campaigns).where(campaigns.c.id == self.campaign_id).values(state=state)
            )

    def settle(self, *, now: datetime = NOW, most: int = 1000, gone: Collection[str] = ()) -> int:
        """Settle ranges, each in a transaction of its own, until none is left; how many."""
        for number in range(most):
            with writing(self.engine) as connection:
                if not ledger.settle_range(connection, now, gone) and not ledger.open_cancelled(
                    connection, 2, now
                ):
                    ledger.finish_campaigns(connection, now)
                    return number
        return most

    def is_unsettled(self) -> bool:
        with reading(self.engine) as connection:
            return ledger.has_unsettled(connection)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        with reading(self.engine) as connection:
            return ledger.read_doubts(connection, self.campaign_id)

    @property
    def decided(self) -> tuple[Decided, ...]:
        with reading(self.engine) as connection:
            return ledger.read_decisions(connection, self.campaign_id)

    # --- what a person sees ------------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        with reading(self.engine) as connection:
            return ledger.read_sheet(connection, self.campaign_id)

    def count(self, status: DeliveryStatus) -> int:
        return self.sheet.counts[status]

    @property
    def rows(self) -> dict[int, Row]:
        """The campaign's rows by person."""
        with reading(self.engine) as connection:
            found = connection.execute(
                sa.select(deliveries)
                .where(deliveries.c.campaign_id == self.campaign_id)
                .order_by(deliveries.c.subscriber_id)
            ).all()
        return {
            row.subscriber_id: Row(
                DeliveryStatus(row.status),
                row.attempt,
                row.reason,
                row.worker,
                row.next_attempt_at,
                row.reply,
            )
            for row in found
        }

    def status(self, subscriber_id: int) -> DeliveryStatus:
        return self.rows[subscriber_id].status

    @property
    def state(self) -> CampaignState:
        return CampaignState(str(self._read(campaigns.c.state)))

    def is_finished(self) -> bool:
        return self._read(campaigns.c.finished_at) is not None

    def is_sent(self) -> bool:
        return self.state is CampaignState.SENT

    def _read(self, column: sa.Column[Any]) -> Any:
        with reading(self.engine) as connection:
            return connection.scalar(sa.select(column).where(campaigns.c.id == self.campaign_id))

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """From which to which id each range goes, oldest first."""
        with reading(self.engine) as connection:
            found = connection.execute(
                sa.select(ranges.c.low, ranges.c.high)
                .where(ranges.c.campaign_id == self.campaign_id)
                .order_by(ranges.c.id)
            )
            return [(row.low, row.high) for row in found]


def _row(number: int) -> csv_file.Row:
    address = audience.read_address(f"reader{number}@larkfield.example")
    return csv_file.Row(line=number, address=address, name="", attributes={})


def _edition(name: str) -> dict[str, Any]:
    texts = ("newsletter", "subject", "preheader", "html", "text", "language", "view_url")
    return dict.fromkeys(texts, "") | {
        "id": name,
        "post_ids": [],
        "private": False,
        "issued_on": date(2026, 3, 3),
    }
