"""One pass over the whole site: what `pipeline run` does, from posts to a closed sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline import audience, ledger
from pipeline.audience import ImportReport
from pipeline.clock.finishing import foresee, last_finish
from pipeline.clock.joining import (
    has_due_notices,
    make_notices,
    purge_requests,
    settle_requests,
)
from pipeline.clock.retention import forget_old
from pipeline.clock.settling import settle_campaigns
from pipeline.clock.site import Site
from pipeline.clock.site_files import wait_until_still
from pipeline.clock.steps import (
    Balance,
    Content,
    Look,
    balances,
    live_campaigns,
    look_at,
    make_worker,
    open_provider,
    publish_feeds,
    read_content,
    start_due,
)
from pipeline.config import Provider
from pipeline.errors import PipelineError, SiteHeld, TransportError, TransportUnavailable
from pipeline.feeds import Publication
from pipeline.schema import DeliveryStatus, NoticeState


@dataclass(frozen=True)
class Notified:
    """The confirmation mails of a pass by what became of them, and what kept some back."""

    counts: Counter[NoticeState] = field(default_factory=Counter)
    problem: PipelineError | None = None


@dataclass(frozen=True)
class Pass:
    """What one pass did; `failure` is set when the provider could not be used to the end.

    `unavailable` says of providers why they did not work while another one did. `held` is set
    when the site is held, and so nothing was launched or sent. `notices` is about
    confirmation mails.
    """

    content: Content
    imports: tuple[ImportReport, ...]
    publications: tuple[Publication, ...]
    looks: tuple[Look, ...]
    balances: tuple[Balance, ...]
    failure: TransportError | None = None
    unavailable: tuple[TransportUnavailable, ...] = ()
    held: SiteHeld | None = None
    notices: Notified = field(default_factory=Notified)

    @property
    def problems(self) -> tuple[PipelineError, ...]:
        """What kept something from being sent, for a person to mend."""
        found = [look.problem for look in self.looks if look.problem]
        return tuple(
            one
            for one in (self.held, *found, *self.unavailable, self.notices.problem, self.failure)
            if one
        )


def run_pass(
    site: Site,
    *,
    on_stage: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[Counter[DeliveryStatus], int], None] = lambda _counts, _total: None,
    on_foresight: Callable[[datetime | None], None] = lambda _: None,
) -> Pass:
    """Do all that is due now and end.

    `on_stage` is told what begins; `on_progress` gets the messages settled by status and how
    many there are to settle; `on_foresight` is told when limits let the last one go. Raises
    PipelineError before anything is sent; once sending has begun, a provider that fails is
    reported in the result.
    """
    held = ledger.raise_generation(site.engine, site.config.var, site.now())
    settle_campaigns(site)
    forget_old(site)
    wait_until_still(site, on_stage)
    on_stage("Reading posts")
    content = read_content(site)
    on_stage("Importing subscribers")
    imports = audience.import_lists(site.engine, site.config.subscribers, site.now(), site.keys)
    on_stage("Publishing feeds")
    publication = publish_feeds(site, content)
    if held is not None:
        return Pass(content, imports, (publication,), (), (), held=held)
    purge_requests(site)
    settle_requests(site)
    looks = look_at(site, content)
    something = live_campaigns(site) or any(look.is_due for look in looks)
    if not something and not has_due_notices(site):
        return Pass(content, imports, (publication,), start_due(site, looks), ())
    on_stage("Connecting")
    unavailable: list[TransportUnavailable] = []
    with open_provider(site.config, site.mailbox, unavailable.append) as providers:
        told = _send_notices(site, providers, unavailable.append)
        on_stage("Composing")
        looks = start_due(site, looks)
        edition_pages = publish_feeds(site, content)
        sending = live_campaigns(site)
        open_now = foresee(site, balances(site, [campaign.id for campaign in sending]))
        on_foresight(last_finish(open_now))
        on_stage("Sending")
        failure = _send(site, providers, open_now, on_progress, unavailable.append)
    return Pass(
        content,
        imports,
        (publication, edition_pages),
        looks,
        foresee(site, balances(site, [campaign.id for campaign in sending])),
        failure,
        tuple(unavailable),
        notices=told,
    )


def _send_notices(
    site: Site, providers: Sequence[Provider], on_problem: Callable[[TransportUnavailable], None]
) -> Notified:
    """First of all: people wait for them. What is wrong with them keeps no campaign back."""
    notices = make_notices(site, on_problem)
    try:
        notices.run(providers)
    except PipelineError as problem:
        return Notified(notices.settled, problem)
    finally:
        ledger.raise_generation(site.engine, site.config.var, site.now())
    return Notified(notices.settled)


def _send(
    site: Site,
    providers: Sequence[Provider],
    open_now: Sequence[Balance],
    on_progress: Callable[[Counter[DeliveryStatus], int], None],
    on_problem: Callable[[TransportUnavailable], None],
) -> TransportError | None:
    total = sum(one.sheet.open for one in open_now)
    worker = make_worker(site, providers, lambda counts: on_progress(counts, total), on_problem)
    try:
        worker.run()
    except TransportError as error:
        return error
    finally:  # a backup from before this round is older from now on
        ledger.raise_generation(site.engine, site.config.var, site.now())
    return None
