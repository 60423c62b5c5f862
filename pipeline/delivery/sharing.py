"""What one worker has of the connections, and messages in flight, that all workers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from pipeline import throttle
from pipeline.db import writing
from pipeline.delivery.pause import Pause
from pipeline.delivery.worker_name import gone_workers
from pipeline.throttle import Need, Scope

ASK_AGAIN = timedelta(seconds=1)  # while a share is nothing yet, or too much is still open


class Sharing:
    """The shares of one worker. For use by one thread."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        connections: Mapping[Scope, int],
        in_flight: Mapping[Scope, int],
        now: Callable[[], datetime],
    ) -> None:
        """`connections` and `in_flight` say how many all workers have together."""
        self._engine = engine
        self._worker = worker
        self._now = now
        self._connections = connections
        self._most_in_flight = in_flight
        self.in_flight = dict(in_flight)  # messages under way, ours
        self._asking = Pause(now)

    def share(self, lease_seconds: int, in_use: Mapping[Scope, int]) -> dict[str, int] | None:
        """How many connections of each provider are ours until we ask again; to be called often.

        What is more than that and `in_use` is nobody else's before it is closed. None when nothing
        has to be asked yet.
        """
        if self._asking.lasts:
            return None
        until = self._now() + timedelta(seconds=lease_seconds)
        with writing(self._engine) as connection:
            for gone in gone_workers(throttle.read_slot_workers(connection)):
                throttle.return_slots(connection, gone)
            ours = self._take(connection, self._connections, until, in_use)
            self.in_flight = self._take(connection, self._most_in_flight, until, in_use)
        shares = ours | self.in_flight
        enough = all(count and in_use.get(scope, 0) <= count for scope, count in shares.items())
        self._asking.begin(timedelta(seconds=lease_seconds) / 3 if enough else ASK_AGAIN)
        return {scope.provider: count for scope, count in ours.items()}

    def _take(
        self,
        connection: Connection,
        limits: Mapping[Scope, int],
        until: datetime,
        in_use: Mapping[Scope, int],
    ) -> dict[Scope, int]:
        now = self._now()
        return {
            scope: throttle.take_slots(
                connection,
                scope,
                self._worker,
                Need(limit, in_use.get(scope, 0)),
                limit,
                now,
                until,
            )
            for scope, limit in limits.items()
        }

    def look(self, connection: Connection) -> None:
        """Divide anew at once if another worker waits for its share."""
        if throttle.is_awaited(connection, self._connections):
            self._asking.end()

    def close(self) -> None:
        """Give everything back."""
        with writing(self._engine) as connection:
            throttle.return_slots(connection, self._worker)
