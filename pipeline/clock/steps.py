"""The steps a pass and a tick are made of: read, publish, look, launch, weigh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pipeline import campaigns, ledger
from pipeline.campaigns import Campaign, Due, Newsletter, Verdict
from pipeline.clock.site import Site
from pipeline.compose import Edition, read_signer, web_page
from pipeline.config import Config, Provider
from pipeline.content import Post, Rename, keep_identities, published, read_posts
from pipeline.db import reading, writing
from pipeline.delivery import LetterBook, LocalMailbox, Worker, none_works, probe_each
from pipeline.errors import (
    AudienceError,
    CampaignError,
    ConfigError,
    PipelineError,
    TemplateError,
    TransportUnavailable,
)
from pipeline.feeds import EditionPage, Publication, publish
from pipeline.ledger import Sheet
from pipeline.schema import DeliveryStatus


@dataclass(frozen=True)
class Content:
    """All posts of a site with their identities, and the files that were renamed."""

    posts: tuple[Post, ...]
    renames: tuple[Rename, ...]


@dataclass(frozen=True)
class Look:
    """What was found and done about one newsletter.

    `problem` is set when it cannot be sent as it stands; the others go on without it.
    """

    newsletter: Newsletter
    due: Due | None = None
    edition: Edition | None = None
    campaign_id: int | None = None
    problem: PipelineError | None = None

    @property
    def is_due(self) -> bool:
        """Whether there is something to launch."""
        return self.due is not None and self.due.verdict is Verdict.DUE


@dataclass(frozen=True)
class Finish:
    """When limits let the last of `people` go, at the earliest, and the provider that decides."""

    at: datetime
    provider: str
    people: int
    zone: str

    @property
    def sentence(self) -> str:
        """What there is to know, and to do."""
        local = f"{self.at.astimezone(ZoneInfo(self.zone)):%a %-d %b %Y %H:%M} {self.zone}"
        wait = "1 person waits" if self.people == 1 else f"{self.people:,} people wait"
        return (
            f"{wait}: a limit of the provider {self.provider} lets the last of them go on {local}"
            " at the earliest"
        )


@dataclass(frozen=True)
class Balance:
    """A campaign and its sheet; `finish` is set by `foresee` where limits keep people waiting."""

    campaign: Campaign
    sheet: Sheet
    finish: Finish | None = None


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
        editions = campaigns.read_public_editions(connection, rehearsal=site.config.rehearsal)
    public = published(content.posts, now)
    every = published(content.posts, now, private=True)
    mails_private = any(one.settings.private for one in read_newsletters(site))
    unlisted = [post for post in every if mails_private and post.visibility == "private"]
    pages = _pages(editions, site.config.site.zone)
    publication = publish(public, site.config, out or site.output, pages, unlisted)
    with writing(site.engine) as connection:
        campaigns.remember_posts(connection, every)
    return publication


def _pages(editions: Sequence[Edition], zone: ZoneInfo) -> tuple[EditionPage, ...]:
    return tuple(
        EditionPage(
            slug=edition.view_url.rstrip("/").rpartition("/")[2],
            title=edition.subject,
            html=web_page(edition),
            issued_at=datetime.combine(edition.issued_on, time(), zone),
        )
        for edition in editions
    )


def read_newsletters(site: Site) -> tuple[Newsletter, ...]:
    """All newsletters as they rule; those seen for the first time stand as the file says.

    Looking changes nothing: a pass copies them, and the commands that list or change them.
    """
    with reading(site.engine) as connection:
        known = campaigns.read_newsletters(connection)
    names = {newsletter.name for newsletter in known}
    declared = [one for one in site.config.newsletters if one.name not in names]
    return (*known, *(Newsletter(0, settings) for settings in declared))


def declare_newsletters(site: Site) -> tuple[Newsletter, ...]:
    """Copy the newsletters that the file declares for the first time; all of them."""
    known = read_newsletters(site)
    if all(newsletter.id for newsletter in known):
        return known  # nearly always: a tick must not take the write lock for nothing
    with writing(site.engine) as connection:
        campaigns.declare_newsletters(connection, site.config.newsletters, site.now())
        return campaigns.read_newsletters(connection)


def find_newsletter(site: Site, name: str) -> Newsletter:
    """The newsletter called `name`. Raises CampaignError when there is none."""
    for newsletter in read_newsletters(site):
        if newsletter.name == name:
            return newsletter
    raise CampaignError(
        f"there is no newsletter called {name!r}",
        hint="`pipeline newsletters` lists them; add one as [[newsletter]] in pipeline.toml",
    )


def look_at(site: Site, content: Content) -> tuple[Look, ...]:
    """Which newsletters are due now, and with what."""
    newsletters = declare_newsletters(site)
    with reading(site.engine) as connection:
        return tuple(_look(connection, site, one, content) for one in newsletters)


def _look(connection: Connection, site: Site, newsletter: Newsletter, content: Content) -> Look:
    try:
        due = campaigns.read_due(
            connection, newsletter, content.posts, site.now(), rehearsal=site.config.rehearsal
        )
    except AudienceError as problem:
        return Look(newsletter, problem=problem)
    return Look(newsletter, due)


def start_due(site: Site, looks: Sequence[Look]) -> tuple[Look, ...]:
    """Launch the newsletters that are due; let the others' occurrences pass."""
    return tuple(_start(site, look) for look in looks)


def _start(site: Site, look: Look) -> Look:
    now = site.now()
    if look.due is None:
        return look
    if not look.is_due:
        campaigns.pass_by(site.engine, look.due, now, rehearsal=site.config.rehearsal)
        return look
    try:
        _check_signing(site.config, look.newsletter)
        edition = campaigns.compose_edition(look.due, site.config, now)
    except (TemplateError, ConfigError) as problem:
        return replace(look, problem=problem)
    campaign_id = campaigns.launch(site.engine, look.due, edition, site.config, now)
    return replace(look, edition=edition, campaign_id=campaign_id)


def _check_signing(config: Config, newsletter: Newsletter) -> None:
    """Raise ConfigError where the site's DKIM keys cannot sign what this newsletter sends."""
    signer = read_signer(config)
    if signer is not None:
        signer.check_sender(newsletter.settings.from_email)


def live_campaigns(site: Site) -> tuple[Campaign, ...]:
    """The campaigns this site is sending now, in its present mode."""
    with reading(site.engine) as connection:
        return campaigns.read_live_campaigns(connection, rehearsal=site.config.rehearsal)


def balances(site: Site, ids: Sequence[int]) -> tuple[Balance, ...]:
    """The named campaigns with their sheets, all of one instant."""
    with reading(site.engine) as connection:
        return _weigh(connection, [campaigns.read_campaign(connection, one) for one in ids])


def all_balances(site: Site) -> tuple[Balance, ...]:
    """Every campaign with its sheet, newest first."""
    with reading(site.engine) as connection:
        return _weigh(connection, campaigns.read_campaigns(connection))


def _weigh(connection: Connection, found: Sequence[Campaign]) -> tuple[Balance, ...]:
    sheets = ledger.read_sheets(connection, tuple(campaign.id for campaign in found))
    return tuple(Balance(campaign, sheets[campaign.id]) for campaign in found)


@contextmanager
def open_provider(
    config: Config, mailbox: Path, on_problem: Callable[[TransportUnavailable], None]
) -> Iterator[tuple[Provider, ...]]:
    """The configured providers that are seen to work; or the local mailbox, for a rehearsal.

    `on_problem` is told of each that does not. Raises TransportUnavailable when none does: a
    provider that refuses us must never become a rehearsal.
    """
    if config.rehearsal:
        with LocalMailbox(mailbox) as local:
            yield (local.provider,)
        return
    working, problems = probe_each(config.providers, config.site.authority)
    if not working:
        raise none_works(problems)
    for problem in problems:
        on_problem(problem)
    yield working


def make_worker(
    site: Site,
    providers: Sequence[Provider],
    on_progress: Callable[[Counter[DeliveryStatus]], None] = lambda _: None,
    on_problem: Callable[[TransportUnavailable], None] = lambda _: None,
) -> Worker:
    """A worker for this site's campaigns in its present mode."""
    letters = LetterBook(site.engine, site.config, site.keys)
    return Worker(
        site.engine,
        site.config,
        providers,
        letters,
        now=site.now,
        on_progress=on_progress,
        on_problem=on_problem,
    )
