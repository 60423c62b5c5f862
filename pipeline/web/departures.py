"""Who leaves is taken off in company: many come at once while a campaign is being sent.

A commit waits for the disk, and costs as much for fifty people as for one. So while one handler
commits, the others gather, and the next one writes for all of them. Each answers when its own
reader's departure stands.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future

from pipeline.audience import Departure, UnsubscribeClaim, unsubscribe_all
from pipeline.clock import Site
from pipeline.db import writing

_Waiting = tuple[Departure, "Future[None]"]


class Departures:
    """Takes people off their lists; for many threads."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting: deque[_Waiting] = deque()
        self._turn = threading.Lock()

    def leave(self, claim: UnsubscribeClaim, source: str) -> None:
        """Take a reader off; returns when it stands. Raises DatabaseUnavailable."""
        stands: Future[None] = Future()
        self._waiting.append((Departure(claim.list_id, claim.subscriber_id, source), stands))
        with self._turn:
            if not stands.done():
                self._write()
        stands.result()

    def _write(self) -> None:
        gathered: list[_Waiting] = []
        while self._waiting:
            gathered.append(self._waiting.popleft())
        try:
            with writing(self._site.engine) as connection:
                unsubscribe_all(connection, [one for one, _ in gathered], self._site.now())
        except Exception as error:  # noqa: BLE001  # each of them raises it, and is answered so
            for _, stands in gathered:
                stands.set_exception(error)
        else:
            for _, stands in gathered:
                stands.set_result(None)
