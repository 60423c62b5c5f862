"""The thread of `pipeline serve` that answers people who ask to join: within seconds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline import ledger
from pipeline.clock.joining import (
    has_due_notices,
    make_notices,
    purge_requests,
    settle_requests,
)
from pipeline.clock.site import Site
from pipeline.config import Provider
from pipeline.delivery import Notices
from pipeline.errors import PipelineError, TransportUnavailable
from pipeline.schema import NoticeState

LOOK_SECONDS = 3
LONGEST_PAUSE_SECONDS = 300  # between attempts with a provider that cannot be used
PURGE_EVERY = timedelta(minutes=10)


class Noticing:
    """Settles requests and sends notices until `stop`, whatever campaign is being sent meanwhile.

    `once` is told of what went wrong, by topic.
    """

    def __init__(
        self, site: Site, provider: Provider | None, once: Callable[[str, str], None]
    ) -> None:
        self._site = site
        self._providers = (provider,) if provider else site.config.providers
        self._once = once
        self._ended = threading.Event()
        self._notices: Notices | None = None
        self._purged_at: datetime | None = None
        self._thread = threading.Thread(target=self._for_ever, name="notices")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the notice that is in flight, and end."""
        self._ended.set()
        if self._notices is not None:
            self._notices.stop()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Do what is due now; nothing while the site is held. Raises PipelineError."""
        site = self._site
        if ledger.find_hold(site.engine, site.config.var) is not None:
            return
        self._purge()
        settle_requests(site)
        if not self._providers or not has_due_notices(site):
            return
        # Before and after, so that a backup from within the round is known to be older.
        if ledger.raise_generation(site.engine, site.config.var, site.now()) is not None:
            return
        self._notices = make_notices(site, self._tell_problem)
        if self._ended.is_set():
            return
        try:
            self._notices.run(self._providers)
        finally:
            ledger.raise_generation(site.engine, site.config.var, site.now())
        if refused := self._notices.settled[NoticeState.REFUSED]:
            self._once("refused notices", f"Confirmation mails refused for good: {refused}.")

    def _purge(self) -> None:
        now = self._site.now()
        if self._purged_at is None or abs(now - self._purged_at) >= PURGE_EVERY:
            purge_requests(self._site)
            self._purged_at = now

    def _for_ever(self) -> None:
        pause = LOOK_SECONDS
        while not self._ended.wait(pause):
            try:
                self.look()
                self._once("notices", "")
                pause = LOOK_SECONDS
            except PipelineError as error:
                self._once("notices", f"Confirmation mails wait: {error} ({error.hint})")
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            except Exception:  # a fault in one round must not end all of them in silence
                logging.getLogger(__name__).exception("notices failed; the next round tries again")

    def _tell_problem(self, problem: TransportUnavailable) -> None:
        self._once("provider", f"{problem} ({problem.hint})")
