"""Sends notices, one after the other: they are few, and each is waited for by somebody.

The same transport and the same care as for campaigns: a start is committed before anything leaves,
each reply is kept, limits are booked. After kill -9 one message is in doubt, and is sent once more.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pipeline.audience import Keys
from pipeline.config import Config, Provider
from pipeline.db import reading, writing
from pipeline.delivery import notice_store
from pipeline.delivery.allowance import Allowance
from pipeline.delivery.connection import FINAL_REPLY_SECONDS
from pipeline.delivery.line import Line, NotTaken
from pipeline.delivery.notice_letters import NoticeLetters
from pipeline.delivery.notice_store import Outcome, PlannedNotice
from pipeline.delivery.opening import none_works
from pipeline.delivery.replies import asks_to_slow_down, retry_at
from pipeline.delivery.routing import choose, order
from pipeline.delivery.worker_name import gone_workers, new_worker_name
from pipeline.errors import ReplyLost, TransportError, TransportUnavailable
from pipeline.schema import NoticeState

_AT_ONCE = 100  # notices read together
_SILENT = timedelta(seconds=3 * FINAL_REPLY_SECONDS)  # after which a sender elsewhere is gone


class Notices:
    """Sends the notices that are due, through providers in their order."""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        keys: Keys,
        now: Callable[[], datetime],
        on_problem: Callable[[TransportUnavailable], None] = lambda _: None,
    ) -> None:
        """Read the keys that sign mail, too. Raises ConfigError for one that cannot be used."""
        self._engine = engine
        self._config = config
        self._letters = NoticeLetters(engine, config, keys)
        self._now = now
        self._on_problem = on_problem
        self._name = new_worker_name()
        self._stop = threading.Event()
        self.settled: Counter[NoticeState] = Counter()

    def stop(self) -> None:
        """Finish the one that is in flight, and begin no other. For any thread."""
        self._stop.set()

    def run(self, providers: Sequence[Provider]) -> None:
        """Send all that is due now.

        Raises TransportUnavailable when no provider can be used: what was not handed over stays
        planned. Raises ConfigError or TemplateError when a notice cannot be composed.
        """
        limits = () if self._config.rehearsal else self._config.throttles
        allowance = Allowance(self._engine, self._name, providers, limits, self._now)
        lines = _Lines(providers, self._config.site.authority)
        try:
            allowance.learn()
            self._take_over()
            for notice in self._due():
                self._send(notice, lines, allowance)
        finally:
            lines.close()
            allowance.learn()
            allowance.close()

    def _take_over(self) -> None:
        now = self._now()
        give_up = timedelta(hours=self._config.delivery.give_up_hours)
        with writing(self._engine) as connection:
            gone = gone_workers(notice_store.read_senders(connection))
            notice_store.doubt_lost(connection, gone, now - _SILENT, now)
            expired = notice_store.expire_old(connection, now - give_up, now)
        if expired:
            self.settled[NoticeState.EXPIRED] += expired

    def _due(self) -> Iterator[PlannedNotice]:
        after_id = 0
        while not self._stop.is_set():
            with reading(self._engine) as connection:
                found = notice_store.read_due(connection, self._now(), after_id, _AT_ONCE)
            for notice in found:
                if self._stop.is_set():
                    return
                yield notice
            if len(found) < _AT_ONCE:
                return
            after_id = found[-1].id

    def _send(self, notice: PlannedNotice, lines: _Lines, allowance: Allowance) -> None:
        """Try one provider after the other until one has said what it thinks of the message."""
        message = self._letters.write(notice, self._now())
        sender = self._letters.sender(notice.list_name).email
        domain = allowance.domain_of(notice.email)
        while (provider := lines.choose(notice.list_name)) is not None:
            if not allowance.spend(provider.name, domain, 1):
                return  # it stays planned until the limit lets it go
            try:
                line = lines.open(provider)
                if self._attempt(notice, line, sender, message):
                    lines.note_begun(provider)
                    return
            except TransportUnavailable as error:
                if not lines.drop_used(provider):
                    lines.fail(provider, error)
                    self._on_problem(error)
            except _Slowed:
                allowance.note_trouble(provider.name, notice.email)
                return
            finally:
                allowance.end(provider.name, domain)
        if lines.problems:
            raise none_works(lines.problems)

    def _attempt(self, notice: PlannedNotice, line: Line, sender: str, message: bytes) -> bool:
        """Hand it over and keep the reply. Raises TransportUnavailable if nothing has left."""
        with writing(self._engine) as connection:
            attempt = notice_store.start(connection, notice.id, self._name, self._now())
        if attempt is None:
            return True  # somebody else has it, or nobody wants it any more
        try:
            reply = line.carry(sender, notice.email, message)
        except NotTaken as failure:
            if isinstance(failure.error, TransportUnavailable):
                with writing(self._engine) as connection:
                    notice_store.put_back(connection, notice.id, attempt, self._now())
                raise failure.error from failure
            self._record(notice, attempt, self._judge(notice, attempt, failure.error))
            if asks_to_slow_down(failure.error):
                raise _Slowed from failure
            return True
        self._record(notice, attempt, Outcome(NoticeState.SENT, None, reply.code, "", reply.text))
        return True

    def _judge(self, notice: PlannedNotice, attempt: int, error: TransportError) -> Outcome:
        now = self._now()
        chance = random.random()  # noqa: S311  # spreads load, guards nothing
        again_at = retry_at(attempt, notice.created_at, now, self._config.delivery, chance)
        if isinstance(error, ReplyLost):
            state, again_at = NoticeState.UNKNOWN, again_at if attempt == 1 else None
        elif error.permanent:
            state, again_at = NoticeState.REFUSED, None
        else:
            state = NoticeState.DEFERRED if again_at else NoticeState.EXPIRED
        return Outcome(state, again_at, error.code, error.enhanced_code, str(error))

    def _record(self, notice: PlannedNotice, attempt: int, outcome: Outcome) -> None:
        with writing(self._engine) as connection:
            notice_store.record(connection, notice.id, attempt, outcome, self._now())
        self.settled[outcome.state] += 1


class _Slowed(Exception):
    """A receiver wants less for a while; what became of the message is kept."""


class _Lines:
    """One connection to each provider that is used, and which of them have failed."""

    def __init__(self, providers: Sequence[Provider], hello: str) -> None:
        self._providers = providers
        self._hello = hello
        self._open: dict[str, Line] = {}
        self._begun: Counter[str] = Counter()
        self._failed: dict[str, TransportUnavailable] = {}

    @property
    def problems(self) -> tuple[TransportUnavailable, ...]:
        """Why those that failed did."""
        return tuple(self._failed.values())

    def choose(self, list_name: str) -> Provider | None:
        """Who is to carry the next notice; None when nobody is left."""
        able = [one for one in order(self._providers, list_name) if one.name not in self._failed]
        return choose(able, self._begun) if able else None

    def open(self, provider: Provider) -> Line:
        """The connection to a provider. Raises TransportUnavailable."""
        line = self._open.get(provider.name)
        if line is not None and not line.is_free:
            line.close()
            line = None
        if line is None:
            line = self._open[provider.name] = Line(provider, self._hello)
        return line

    def note_begun(self, provider: Provider) -> None:
        """A notice went that way."""
        self._begun[provider.name] += 1

    def drop_used(self, provider: Provider) -> bool:
        """Hang up where messages have gone already, as servers do after so many of them."""
        line = self._open.get(provider.name)
        if line is None or not line.has_carried:
            return False
        del self._open[provider.name]
        line.close()
        return True

    def fail(self, provider: Provider, error: TransportUnavailable) -> None:
        """Use a provider no more."""
        self._failed[provider.name] = error

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._open.values():
            line.close()
