"""What happens when: one pass over the whole site, and the tick that repeats it.

A pass reads posts and lists, publishes feeds, launches what is due and sends it. `pipeline run`
makes one; `Clock` makes them for `pipeline serve`, where the tick launches and a worker sends.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from sqlalchemy import Engine

from pipeline import audience, campaigns, ledger
from pipeline.audience import ImportReport, Keys
from pipeline.campaigns import Campaign, Due, Verdict
from pipeline.compose import Edition, web_page
from pipeline.config import Config, Smtp
from pipeline.content import Post, Rename, keep_identities, published, read_posts
from pipeline.db import reading, writing
from pipeline.delivery import LetterBook, LocalMailbox, Worker, probe
from pipeline.errors import PipelineError, TransportError
from pipeline.feeds import EditionPage, Publication, publish
from pipeline.ledger import Sheet
from pipeline.schema import CampaignState, DeliveryStatus

TICK_SECONDS = 5

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Site:
    """One open site: what every part of a pass needs."""

    config: Config
    engine: Engine
    keys: Keys
    now: Now = utc_now

    @property
    def output(self) -> Path:
        """Where feeds and pages are published."""
        return self.config.var / "site"

    @property
    def mailbox(self) -> Path:
        """The local mailbox's Maildir."""
        return self.config.var / "mailbox"


@dataclass(frozen=True)
class Content:
    """All posts of a site with their identities, and the files that were renamed."""

    posts: tuple[Post, ...]
    renames: tuple[Rename, ...]


@dataclass(frozen=True)
class Look:
    """What a pass did about one newsletter."""

    due: Due
    edition: Edition | None = None
    campaign_id: int | None = None


@dataclass(frozen=True)
class Balance:
    """A campaign and its sheet."""

    campaign: Campaign
    sheet: Sheet


@dataclass(frozen=True)
class Pass:
    """What one pass did; `failure` is set when the provider could not be used to the end."""

    content: Content
    imports: tuple[ImportReport, ...]
    publications: tuple[Publication, ...]
    looks: tuple[Look, ...]
    balances: tuple[Balance, ...]
    failure: TransportError | None = None


# --- the steps of a pass ------------------------------------------------------------------------


def read_content(site: Site) -> Content:
    """Read all posts and give renamed ones their identity back. Raises ContentErrors."""
    posts = read_posts(site.config)
    with reading(site.engine) as connection:
        known = campaigns.read_known_posts(connection, {post.id for post in posts})
    return Content(*keep_identities(posts, known))


def publish_feeds(site: Site, content: Content, out: Path | None = None) -> Publication:
    """Publish what is out and public, and remember it."""
    now = site.now()
    with reading(site.engine) as connection:
        editions = campaigns.read_public_editions(connection)
    public = published(content.posts, now)
    publication = publish(public, site.config, out or site.output, _pages(editions))
    with writing(site.engine) as connection:
        campaigns.remember_posts(connection, published(content.posts, now, private=True))
    return publication


def _pages(editions: Sequence[Edition]) -> tuple[EditionPage, ...]:
    return tuple(
        EditionPage(
            slug=edition.view_url.rstrip("/").rpartition("/")[2],
            title=edition.subject,
            html=web_page(edition),
            issued_at=datetime.combine(edition.issued_on, time(), UTC),
        )
        for edition in editions
    )


def read_newsletters(site: Site) -> tuple[campaigns.Newsletter, ...]:
    """All newsletters; those the file declares for the first time are copied now."""
    with reading(site.engine) as connection:
        known = campaigns.read_newsletters(connection)
    names = {newsletter.name for newsletter in known}
    if all(declared.name in names for declared in site.config.newsletters):
        return known  # nearly always: a tick must not take the write lock for nothing
    with writing(site.engine) as connection:
        campaigns.declare_newsletters(connection, site.config.newsletters, site.now())
        return campaigns.read_newsletters(connection)


def look_at(site: Site, content: Content) -> tuple[Due, ...]:
    """Which newsletters are due now, and with what."""
    newsletters = read_newsletters(site)
    now, rehearsal = site.now(), site.config.rehearsal
    with reading(site.engine) as connection:
        return tuple(
            campaigns.read_due(connection, newsletter, content.posts, now, rehearsal=rehearsal)
            for newsletter in newsletters
        )


def start_due(site: Site, dues: Sequence[Due]) -> tuple[Look, ...]:
    """Launch the newsletters that are due; let the others' occurrences pass."""
    return tuple(_start(site, due) for due in dues)


def _start(site: Site, due: Due) -> Look:
    now = site.now()
    if due.verdict is Verdict.NOTHING_NEW:
        campaigns.pass_by(site.engine, due, now, rehearsal=site.config.rehearsal)
    if due.verdict is not Verdict.DUE:
        return Look(due)
    edition = campaigns.compose_edition(due, site.config, now)
    return Look(due, edition, campaigns.launch(site.engine, due, edition, site.config, now))


def live_campaigns(site: Site) -> tuple[Campaign, ...]:
    """The campaigns this site is sending now, in its present mode."""
    with reading(site.engine) as connection:
        return tuple(
            campaign
            for campaign in campaigns.read_campaigns(connection)
            if campaign.state is CampaignState.SENDING
            and campaign.rehearsal == site.config.rehearsal
        )


def balances(site: Site, ids: Sequence[int]) -> tuple[Balance, ...]:
    """The named campaigns with their sheets, all of one instant."""
    with reading(site.engine) as connection:
        found = tuple(campaigns.read_campaign(connection, one) for one in ids)
        sheets = ledger.read_sheets(connection, tuple(ids))
    return tuple(Balance(campaign, sheets[campaign.id]) for campaign in found)


@contextmanager
def open_provider(config: Config, mailbox: Path) -> Iterator[Smtp]:
    """The configured provider, seen to work; or the local mailbox, for a rehearsal.

    Raises TransportUnavailable: a provider that refuses us must never become a rehearsal.
    """
    if config.smtp is not None:
        probe(config.smtp, config.site.authority)
        yield config.smtp
    else:
        with LocalMailbox(mailbox) as local:
            yield local.provider


# --- one pass -----------------------------------------------------------------------------------


def run_pass(
    site: Site,
    *,
    on_stage: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[Counter[DeliveryStatus], int], None] = lambda _counts, _total: None,
) -> Pass:
    """Do all that is due now and end.

    `on_stage` is told what begins; `on_progress` gets the messages settled by status and how
    many there are to settle. Raises PipelineError before anything is sent; once sending has
    begun, a provider that fails is reported in the result.
    """
    on_stage("Reading posts")
    content = read_content(site)
    on_stage("Importing subscribers")
    imports = audience.import_lists(site.engine, site.config.subscribers, site.now())
    on_stage("Publishing feeds")
    publication = publish_feeds(site, content)
    dues = look_at(site, content)
    if not live_campaigns(site) and all(due.verdict is not Verdict.DUE for due in dues):
        return Pass(content, imports, (publication,), start_due(site, dues), ())
    on_stage("Connecting")
    with open_provider(site.config, site.mailbox) as provider:
        on_stage("Composing")
        looks = start_due(site, dues)
        edition_pages = publish_feeds(site, content)
        sending = live_campaigns(site)
        on_stage("Sending")
        failure = _send(site, provider, sending, on_progress)
    return Pass(
        content,
        imports,
        (publication, edition_pages),
        looks,
        balances(site, [campaign.id for campaign in sending]),
        failure,
    )


def _send(
    site: Site,
    provider: Smtp,
    sending: Sequence[Campaign],
    on_progress: Callable[[Counter[DeliveryStatus], int], None],
) -> TransportError | None:
    total = sum(one.sheet.open for one in balances(site, [campaign.id for campaign in sending]))
    worker = make_worker(site, provider, lambda counts: on_progress(counts, total))
    try:
        worker.run()
    except TransportError as error:
        return error
    return None


def all_balances(site: Site) -> tuple[Balance, ...]:
    """Every campaign with its sheet, newest first."""
    with reading(site.engine) as connection:
        ids = [campaign.id for campaign in campaigns.read_campaigns(connection)]
    return balances(site, ids)


def make_worker(
    site: Site,
    provider: Smtp,
    on_progress: Callable[[Counter[DeliveryStatus]], None] = lambda _: None,
) -> Worker:
    """A worker for this site's campaigns in its present mode."""
    letters = LetterBook(site.engine, site.config, site.keys)
    return Worker(
        site.engine, site.config, provider, letters, now=site.now, on_progress=on_progress
    )


# --- the tick -----------------------------------------------------------------------------------


class Clock:
    """Passes for ever: a tick publishes and launches, a worker sends; until `stop`.

    `say` gets one sentence for each thing that happened or went wrong, once until it changes.
    """

    def __init__(self, site: Site, provider: Smtp | None, say: Callable[[str], None]) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._site = site
        self._provider = provider  # the local mailbox's; None to use the configured one
        self._say = say
        self._said: dict[str, str] = {}
        self._seen: object = None  # the files as they were last read
        self._published: object = None  # the state that was last published
        self._content: Content | None = None
        self._work = threading.Event()
        self._ended = threading.Event()
        self._worker: Worker | None = None
        self._sender = threading.Thread(target=self._send_for_ever, name="sender")
        # In memory only: jobs in a shared store fire once per process, and a row in it can run
        # code. Grace None: a tick that waited for a slow one is late, not dropped.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_job(
            self.tick, "interval", seconds=TICK_SECONDS, next_run_time=site.now()
        )

    def start(self) -> None:
        """Begin to tick and to send."""
        self._sender.start()
        self._scheduler.start()

    def stop(self) -> None:
        """Finish what is in flight and end; what was not begun stays planned."""
        self._scheduler.shutdown(wait=True)
        self._ended.set()
        if self._worker is not None:
            self._worker.stop()
        self._work.set()
        self._sender.join()

    def tick(self) -> None:
        """Read what changed, publish it, launch what is due."""
        try:
            content = self._read_changes()
            for look in start_due(self._site, look_at(self._site, content)):
                self._tell(look)
            self._publish(content)
            self._once("tick", "")
        except PipelineError as error:
            self._once("tick", f"{error}" + (f" ({error.hint})" if error.hint else ""))
        self._work.set()

    def _read_changes(self) -> Content:
        seen = _signature(self._site.config)
        if self._content is None or seen != self._seen:
            self._content = read_content(self._site)
            for rename in self._content.renames:
                self._once(rename.id, f"{rename.sentence}; {rename.hint}")
            for report in audience.import_lists(
                self._site.engine, self._site.config.subscribers, self._site.now()
            ):
                self._tell_import(report)
            self._seen = seen
        return self._content

    def _publish(self, content: Content) -> None:
        """Publish when a file changed, a post's time came or ended, or an edition was made."""
        out = [post.id for post in published(content.posts, self._site.now(), private=True)]
        with reading(self._site.engine) as connection:
            editions = campaigns.count_editions(connection)
        state = (self._seen, out, editions)
        if state == self._published:
            return
        publication = publish_feeds(self._site, content)
        self._published = state
        if publication.written:
            self._say(f"Published {len(publication.written)} files.")

    def _tell_import(self, report: ImportReport) -> None:
        if report.joined:
            self._say(f"{report.file.name}: {report.joined} people joined {report.list}.")
        for error in report.refused:
            self._once(str(error), f"Row refused: {error}")

    def _tell(self, look: Look) -> None:
        name = look.due.newsletter.name
        if look.campaign_id is not None and look.edition is not None:
            kind = "Rehearsal" if self._site.config.rehearsal else "Campaign"
            self._once(name, f"{kind} {look.campaign_id} of {name}: {look.edition.subject!r}.")
        elif look.due.verdict is Verdict.NOBODY:
            self._once(name, f"{name}: nobody is on the list {look.due.newsletter.settings.list}.")
        elif look.due.verdict is Verdict.NOTHING_NEW:
            self._once(name, f"{name}: no new post, nothing to send.")

    def _once(self, topic: str, sentence: str) -> None:
        """Say a sentence unless it was the last one about this topic."""
        if self._said.get(topic, "") != sentence:
            self._said[topic] = sentence
            if sentence:
                self._say(sentence)

    def _send_for_ever(self) -> None:
        while True:
            self._work.wait(TICK_SECONDS)
            self._work.clear()
            if self._ended.is_set():
                return
            sending = live_campaigns(self._site)
            if sending:
                self._send(sending)

    def _send(self, sending: Sequence[Campaign]) -> None:
        provider = self._provider or self._site.config.smtp
        if provider is None:
            return
        self._worker = make_worker(self._site, provider)
        if self._ended.is_set():
            return
        try:
            self._worker.run()
            self._once("provider", "")
        except TransportError as error:
            self._once("provider", f"{error} ({error.hint})")
        for balance in balances(self._site, [campaign.id for campaign in sending]):
            if balance.campaign.state is CampaignState.SENT:
                sent = balance.sheet.counts[DeliveryStatus.SENT]
                self._say(
                    f"Campaign {balance.campaign.id} is sent:"
                    f" {sent} of {balance.sheet.recipients} accepted."
                )


def _signature(config: Config) -> object:
    """Changes when a post, an image or a list does: names, sizes and times of change."""
    files = (
        file
        for folder in (config.posts, config.subscribers)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    )
    return tuple(
        (str(file), stat.st_size, stat.st_mtime_ns) for file in files if (stat := file.stat())
    )
