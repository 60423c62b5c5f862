"""Passes for ever: a tick publishes and launches, a worker sends; what `pipeline serve` does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path

from pipeline import audience, campaigns, ledger
from pipeline.audience import ImportReport
from pipeline.campaigns import Campaign, Verdict
from pipeline.clock.finishing import foresee
from pipeline.clock.noticing import Noticing
from pipeline.clock.resting import Resting
from pipeline.clock.retention import forget_old
from pipeline.clock.settling import settle_campaigns
from pipeline.clock.site import Site, utc_now
from pipeline.clock.site_files import SiteFile, in_motion, read_site_files
from pipeline.clock.steps import (
    Content,
    Look,
    balances,
    live_campaigns,
    look_at,
    make_worker,
    publish_feeds,
    read_content,
    start_due,
)
from pipeline.config import Provider
from pipeline.content import published
from pipeline.db import reading
from pipeline.delivery import Worker
from pipeline.errors import PipelineError, SiteHeld, TransportUnavailable
from pipeline.schema import CampaignState, DeliveryStatus

TICK_SECONDS = 5
LONGEST_PAUSE_SECONDS = 900  # between attempts with a provider that cannot be used


class Clock:
    """Passes for ever: a tick publishes and launches, a worker sends; until `stop`.

    `say` gets one sentence for each thing that happened or went wrong, once until it changes.
    """

    def __init__(self, site: Site, provider: Provider | None, say: Callable[[str], None]) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._site = site
        self._provider = provider  # the local mailbox's; None to use the configured one
        self._say = say
        self._said: dict[str, str] = {}
        self._seen: tuple[SiteFile, ...] | None = None  # the files as last read, all of them still
        self._moving: tuple[Path, ...] = ()  # the files left to the next tick
        self._published: object = None  # the state that was last published
        self._content: Content | None = None
        self._raised = False  # the generation, for this start
        self._work = threading.Event()
        self._ended = threading.Event()
        self._worker: Worker | None = None
        self._resting = Resting()
        self._foretold: set[int] = set()  # campaigns whose end was said
        self._noticing = Noticing(site, provider, self._once)
        self._sender = threading.Thread(target=self._send_for_ever, name="sender")
        # In memory only: jobs in a shared store fire once per process, and a row in it can run
        # code. Grace None: a tick that waited for a slow one is late, not dropped.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_job(
            self.tick, "interval", seconds=TICK_SECONDS, next_run_time=utc_now()
        )

    def start(self) -> None:
        """Begin to tick and to send."""
        self._sender.start()
        self._noticing.start()
        self._scheduler.start()

    def stop(self) -> None:
        """Finish what is in flight and end; what was not begun stays planned."""
        self._scheduler.shutdown(wait=True)
        self._ended.set()
        if self._worker is not None:
            self._worker.stop()
        self._work.set()
        self._noticing.stop()
        self._sender.join()

    def tick(self) -> None:
        """Read what changed, publish it, launch what is due."""
        try:
            settle_campaigns(self._site)
            forget_old(self._site)
            self._read_changes()
            if self._content is not None:
                if not self._is_held():
                    self._launch(self._content)
                self._publish(self._content)
            self._once("tick", "")
        except PipelineError as error:
            self._once("tick", f"{error}" + (f" ({error.hint})" if error.hint else ""))
        self._work.set()

    def _is_held(self) -> bool:
        """Whether nothing may be launched now; the first look raises the generation."""
        if self._raised:
            held = ledger.find_hold(self._site.engine, self._site.config.var)
        else:
            held = self._raise()
            self._raised = held is None
        self._once("held", f"{held} ({held.hint})" if held else "")
        return held is not None

    def _read_changes(self) -> None:
        """Read what changed; what is still being written is left to the next tick."""
        files = read_site_files(self._site.config)
        self._moving = in_motion(files, self._site.now())
        self._once("moving", _still_written(self._moving))
        if files == self._seen:
            return
        if not any(path.is_relative_to(self._site.config.posts) for path in self._moving):
            self._content = read_content(self._site)
            for rename in self._content.renames:
                self._once(rename.id, f"{rename.sentence}; {rename.hint}")
        for file in audience.list_files(self._site.config.subscribers):
            if file not in self._moving:
                site, order = self._site, audience.Order(standing=True)
                report = audience.import_file(site.engine, file, site.now(), order, site.keys)
                self._tell_import(report)
        # Reading takes its time; what began to be written meanwhile may have been read by half.
        self._moving = in_motion(read_site_files(self._site.config), self._site.now())
        if not self._moving:
            self._seen = files

    def _launch(self, content: Content) -> None:
        """Launch what is due, but to no list whose file is still being written."""
        lists = self._site.config.subscribers
        moving = {path.stem for path in self._moving if path.parent == lists}
        looks = look_at(self._site, content)
        ready = [look for look in looks if look.newsletter.settings.list not in moving]
        for look in start_due(self._site, ready):
            self._tell(look)

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
            self._say(f"Published, files written: {len(publication.written)}.")

    def _tell_import(self, report: ImportReport) -> None:
        if report.joined:
            self._say(f"{report.file.name}: {report.joined} joined {report.list}.")
        if report.undone:
            self._once(f"undone {report.list}", report.undone_sentence)
        for error in report.refused:
            self._once(str(error), f"Row refused: {error}")
        if untold := report.refused_count - len(report.refused):
            self._once(f"untold {report.list}", f"{report.file.name}: {untold} more rows refused.")

    def _tell(self, look: Look) -> None:
        name = look.newsletter.name
        verdict = look.due.verdict if look.due else None
        if look.problem is not None:
            self._once(name, f"{name}: {look.problem} ({look.problem.hint})")
        elif look.campaign_id is not None and look.edition is not None:
            kind = _kind(rehearsal=self._site.config.rehearsal)
            self._once(name, f"{kind} {look.campaign_id} of {name}: {look.edition.subject!r}.")
        elif verdict is Verdict.NOBODY:
            self._once(name, f"{name}: nobody is on the list {look.newsletter.settings.list}.")
        elif verdict is Verdict.NOTHING_NEW:
            self._once(name, f"{name}: no new post, nothing to send.")

    def _once(self, topic: str, sentence: str) -> None:
        """Say a sentence unless it was the last one about this topic."""
        if self._said.get(topic, "") != sentence:
            self._said[topic] = sentence
            if sentence:
                self._say(sentence)

    def _send_for_ever(self) -> None:
        pause = TICK_SECONDS
        while True:
            self._work.wait(TICK_SECONDS)
            self._work.clear()
            if self._ended.is_set():
                return
            try:
                self._send()
                self._once("sending", "")
                pause = TICK_SECONDS
            except PipelineError as error:
                self._once("sending", f"{error} ({error.hint})")
                # Each attempt may cost a reader's message its certainty: fewer and fewer of them.
                self._ended.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            except Exception:  # a fault in one round must not end all sending in silence
                logging.getLogger(__name__).exception("sending failed; the next round tries again")

    def _send(self) -> None:
        """Send what is due; nothing is when no campaign is live."""
        sending = live_campaigns(self._site)
        configured = (self._provider,) if self._provider else self._site.config.providers
        providers = self._resting.awake(configured, self._site.now())
        if not sending or not providers or self._raise() is not None:
            return
        self._worker = make_worker(self._site, providers, on_problem=self._tell_problem)
        if self._ended.is_set():
            return
        try:
            self._worker.run()
        finally:
            self._resting.note(providers, self._worker.failed, self._site.now())
            self._raise()
            self._tell_sent(sending)

    def _raise(self) -> SiteHeld | None:
        """Before and after a round, so that a backup from within it is older; the tick tells."""
        return ledger.raise_generation(self._site.engine, self._site.config.var, self._site.now())

    def _tell_problem(self, problem: TransportUnavailable) -> None:
        self._once("provider", f"{problem} ({problem.hint})")

    def _tell_sent(self, sending: Sequence[Campaign]) -> None:
        found = balances(self._site, [campaign.id for campaign in sending])
        if any(one.sheet.open and one.campaign.id not in self._foretold for one in found):
            found = foresee(self._site, found)
        for balance in found:
            if balance.finish is not None and balance.campaign.id not in self._foretold:
                self._foretold.add(balance.campaign.id)
                kind = _kind(rehearsal=balance.campaign.rehearsal)
                self._say(f"{kind} {balance.campaign.id}: {balance.finish.sentence}.")
            if balance.campaign.state is CampaignState.SENT:
                sent = balance.sheet.counts[DeliveryStatus.SENT]
                kind = _kind(rehearsal=balance.campaign.rehearsal)
                total = balance.sheet.recipients
                self._say(f"{kind} {balance.campaign.id} is sent: {sent} of {total} accepted.")


def _kind(*, rehearsal: bool) -> str:
    return "Rehearsal" if rehearsal else "Campaign"


def _still_written(files: Sequence[Path]) -> str:
    names = ", ".join(file.name for file in files)
    return f"Still being written, so left to the next look: {names}." if names else ""
