"""One campaign of a practice's letter, the workers that send it, and what its books then say."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience, campaigns, ledger
from pipeline.audience.csv_file import Row
from pipeline.audience.store import ensure_list
from pipeline.campaigns import Due, Verdict
from pipeline.campaigns.selection import Selection
from pipeline.compose import Edition
from pipeline.compose.slots import slot
from pipeline.config import (
    Config,
    Delivery,
    DomainLimit,
    NewsletterSettings,
    Provider,
    Serve,
    Site,
)
from pipeline.db import reading, writing
from pipeline.delivery import LetterBook, Worker
from pipeline.delivery.worker import Progress
from pipeline.errors import TransportUnavailable
from pipeline.ledger import Sheet
from pipeline.schema import CampaignState, deliveries, ranges, subscribers, suppressions
from tests.delivery.lines import Place
from tests.support.on_lists import upsert
from tests.support.smtp import Answer, CapturingServer

NOW = datetime(2026, 10, 13, 13, 5, tzinfo=UTC)
KEYS = (b"a key of at least thirty-two characters",)
SITE = Site(
    title="Larkfield Pain Practice",
    url="https://larkfield.example",
    email="letter@larkfield.example",
    postal_address="12 Orchard Lane, Larkfield, NY 10000, USA",
    authority="larkfield.example",
)
NEWSLETTER = NewsletterSettings(
    name="digest", list="readers", from_name="Larkfield", from_email="letter@larkfield.example"
)
EDITION = Edition(
    id="0" * 64,
    newsletter="digest",
    subject="Moving helps more than rest",
    preheader="Walk for ten minutes, twice.",
    html=f'<p>Dear {slot("name")}</p><a href="{slot("unsubscribe_url")}">Leave</a>',
    text=f"Dear {slot('name')}\n{slot('unsubscribe_url')}\n{slot('email')}\n",
    language="en",
    post_ids=("one",),
    private=False,
    view_url="",
    issued_on=date(2026, 10, 13),
)


class Hand:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        """Let so much time pass."""
        self.at += timedelta(**duration)


@dataclass
class Meanwhile(Answer):
    """Does something when its turn comes, and lets the server answer as usual."""

    do: Callable[[], object] = lambda: None

    def takes(self, command: str, recipients: str) -> bool:
        """Whether this one is due; never, for it says nothing."""
        if super().takes(command, recipients):
            self.do()
        return False


def meanwhile(
    server: CapturingServer, command: str, do: Callable[[], object], *, after: int = 0
) -> None:
    """Before the server answers `command`, once and `after` so many, do something else first."""
    server.script.answers.insert(0, Meanwhile(command, "", after=after, times=1, do=do))


@dataclass
class Sending:
    """A campaign and its workers. Times are of a clock that stands still until moved."""

    engine: Engine
    config: Config
    campaign_id: int = 0
    list_id: int = 0
    clock: Hand = field(default_factory=Hand)

    def with_delivery(self, **values: Any) -> Sending:
        """The same with other settings of [delivery]."""
        self.config = replace(self.config, delivery=replace(self.config.delivery, **values))
        return self

    def with_throttles(self, *limits: DomainLimit) -> Sending:
        """The same with [throttle.NAME] tables."""
        self.config = replace(self.config, throttles=limits)
        return self

    # --- before ----------------------------------------------------------------------------------

    def launch(
        self,
        people: Sequence[tuple[str, str]],
        edition: Edition = EDITION,
        newsletter: NewsletterSettings = NEWSLETTER,
    ) -> None:
        """Put people (address and name) on the list and launch a campaign to it."""
        self._subscribe(people, newsletter.list)
        with writing(self.engine) as connection:
            campaigns.declare_newsletters(connection, (newsletter,), NOW)
            named = {one.name: one for one in campaigns.read_newsletters(connection)}
            found = named[newsletter.name]
        due = Due(found, Verdict.DUE, Selection(()), None, NOW + timedelta(days=7))
        made = campaigns.launch(self.engine, due, edition, self.config, self.clock())
        assert made is not None
        self.campaign_id = made

    def _subscribe(self, people: Sequence[tuple[str, str]], name: str) -> None:
        rows = [
            Row(number, audience.read_address(email), name, {})
            for number, (email, name) in enumerate(people)
        ]
        with writing(self.engine) as connection:
            self.list_id = ensure_list(connection, name, NOW)
            if rows:
                upsert(connection, self.list_id, rows, "a test", NOW)

    # --- meanwhile -------------------------------------------------------------------------------

    def worker(
        self,
        place: Place,
        *,
        on_progress: Progress = lambda _: None,
        **provider: Any,
    ) -> Worker:
        """A worker that sends through the server at `place`; `provider` is of [smtp]."""
        return self.worker_by(provider_at(place, **provider), on_progress=on_progress)

    def worker_by(
        self,
        *providers: Provider,
        on_progress: Progress = lambda _: None,
        on_problem: Callable[[TransportUnavailable], None] = lambda _: None,
    ) -> Worker:
        """A worker that sends by these providers."""
        letters = LetterBook(self.engine, self.config, KEYS)
        return Worker(
            self.engine,
            self.config,
            providers,
            letters,
            now=self.clock,
            on_progress=on_progress,
            on_problem=on_problem,
        )

    def leaves(self, email: str) -> None:
        """This reader unsubscribes."""
        with writing(self.engine) as connection:
            person = connection.scalar(sa.select(subscribers.c.id).filter_by(email=email))
            assert person is not None
            audience.unsubscribe(connection, self.list_id, person, self.clock())

    # --- afterwards ------------------------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        """The campaign's balance."""
        with reading(self.engine) as connection:
            return ledger.read_sheet(connection, self.campaign_id)

    @property
    def counts(self) -> dict[str, int]:
        """The balance without its zeros, which must close."""
        sheet = self.sheet
        assert sheet.closes
        return {str(status): count for status, count in sheet.counts.items() if count}

    @property
    def finished(self) -> bool:
        """Whether the campaign counts as sent."""
        with reading(self.engine) as connection:
            state = campaigns.read_campaign(connection, self.campaign_id).state
        return state is CampaignState.SENT

    @property
    def rows(self) -> int:
        """How many rows the campaign has in the ledger."""
        with reading(self.engine) as connection:
            theirs = sa.select(sa.func.count()).where(deliveries.c.campaign_id == self.campaign_id)
            return connection.execute(theirs).scalar_one()

    @property
    def lent(self) -> int:
        """How many ranges are in somebody's hands."""
        with reading(self.engine) as connection:
            held = sa.select(sa.func.count()).where(ranges.c.worker.is_not(None))
            return connection.execute(held).scalar_one()

    @property
    def suppressed(self) -> set[str]:
        """The addresses that are never to be mailed again."""
        with reading(self.engine) as connection:
            return set(connection.execute(sa.select(suppressions.c.identity)).scalars())

    def row(self, email: str) -> sa.Row[Any]:
        """What the ledger says about one reader."""
        with reading(self.engine) as connection:
            joined = deliveries.join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            found = sa.select(deliveries).select_from(joined)
            return connection.execute(found.where(subscribers.c.email == email)).one()


def provider_at(place: Place, **values: Any) -> Provider:
    """A provider at `place`, with one connection; `values` are of [smtp]."""
    plain: dict[str, Any] = {"security": "none", "connections": 1, "timeout_seconds": 20}
    return Provider(host=place.host, port=place.port, **(plain | values))


PATIENCE = 60  # seconds, after which a worker counts as hanging


def run_in_thread(worker: Worker) -> Callable[[], BaseException | None]:
    """Run a worker beside the test; the answer waits for its end and gives its error."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            worker.run()
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> BaseException | None:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the worker hangs"
        return failures[0] if failures else None

    return end


def send_all(sending: Sending, place: Place) -> None:
    """Send as often as it takes until the campaign is finished, some minutes apart."""
    for _ in range(50):
        sending.worker(place).run()
        if sending.finished:
            return
        sending.clock.forward(minutes=10)
    raise AssertionError(f"not finished: {sending.counts}")


def outcome(worker: Worker) -> BaseException | None:
    return run_in_thread(worker)()


def some_people(count: int) -> list[tuple[str, str]]:
    """Readers called Reader 1, Reader 2 and so on."""
    return [(address(number), f"Reader {number}") for number in range(1, count + 1)]


def address(number: int) -> str:
    """Where the reader of that number lives."""
    return f"reader-{number:04}@readers.example"


def copies(*servers: CapturingServer) -> Counter[str]:
    """How many messages each address was handed."""
    return Counter(
        one for server in servers for received in server.received for one in received.recipients
    )


def one_each(numbers: Sequence[int]) -> dict[str, int]:
    """What `copies` says when each of these readers has got one."""
    return {address(number): 1 for number in numbers}


def make_sending(engine: Engine, root: Path) -> Sending:
    """A practice with a provider, not a rehearsal."""
    providers = (Provider(host="mail.test", security="none"),)
    serve = Serve(public_url="https://letter.larkfield.example")
    delivery = Delivery(range_size=7)
    config = Config(root=root, site=SITE, providers=providers, serve=serve, delivery=delivery)
    return Sending(engine, config)
