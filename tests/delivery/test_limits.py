"""Limits: of a provider, of its receivers, learned and set; with real workers, databases and SMTP.

The clock stands still until a test moves it, so what an hour allows is exact.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline import throttle
from pipeline.campaigns import Step, move_campaign
from pipeline.config import DomainLimit
from pipeline.db import make_engine, reading, writing
from pipeline.delivery import jobs, offering
from pipeline.schema import deliveries, ranges
from pipeline.throttle import Need, Scope
from tests.delivery.sending import (
    Meanwhile,
    Sending,
    copies,
    one_each,
    outcome,
    run_in_thread,
    some_people,
)
from tests.support.smtp import CapturingServer

StartServer = Callable[..., CapturingServer]
SLOW = "slow.example"


def people_at(domain: str, count: int) -> list[tuple[str, str]]:
    return [(f"one-{number}@{domain}", "") for number in range(count)]


def sent_to(server: CapturingServer, domain: str) -> int:
    return sum(count for one, count in copies(server).items() if one.endswith(f"@{domain}"))


def due_at(sending: Sending) -> list[datetime]:
    """When the ranges that are not finished are due."""
    with reading(sending.engine) as connection:
        found = sa.select(ranges.c.due_at).where(ranges.c.finished_at.is_(None))
        return list(connection.execute(found.order_by(ranges.c.due_at)).scalars())


# --- quotas -------------------------------------------------------------------------------------


def test_an_hours_quota_ends_the_round_and_the_next_hours_go_on(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(30))
    sending.worker(smtp_server, messages_per_hour=12, connections=3).run()
    assert sending.counts == {"sent": 12, "planned": 18}
    assert sending.lent == 0
    assert not sending.finished

    for hour in (24, 30):
        sending.clock.forward(hours=1)
        sending.worker(smtp_server, messages_per_hour=12, connections=3).run()
        assert sending.counts.get("sent") == hour
    assert copies(smtp_server) == one_each(range(1, 31))
    assert sending.finished


def test_while_a_quota_is_used_up_nobody_even_connects(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(10))
    sending.worker(smtp_server, messages_per_hour=4).run()
    before = smtp_server.script.connections

    sending.clock.forward(minutes=20)
    sending.worker(smtp_server, messages_per_hour=4).run()

    assert smtp_server.script.connections == before
    assert sending.counts == {"sent": 4, "planned": 6}


def test_a_quota_survives_the_worker_and_its_engine(
    sending: Sending, smtp_server: CapturingServer, database_url: str
) -> None:
    sending.launch(some_people(10))
    sending.worker(smtp_server, messages_per_day=6).run()

    again = make_engine(database_url)
    sending.clock.forward(hours=23)
    replace(sending, engine=again).worker(smtp_server, messages_per_day=6).run()
    again.dispose()

    assert sending.counts == {"sent": 6, "planned": 4}


def test_who_was_put_off_and_is_due_again_waits_for_the_quota_too(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "450 4.2.0 greylisted", times=1)
    sending.launch(some_people(4))
    sending.worker(smtp_server, messages_per_hour=2).run()
    assert sending.counts == {"sent": 1, "deferred": 1, "planned": 2}

    sending.clock.forward(minutes=20)
    assert outcome(sending.worker(smtp_server, messages_per_hour=2)) is None
    assert sending.counts == {"sent": 1, "deferred": 1, "planned": 2}


def test_a_quota_of_a_receiver_holds_up_nobody_else(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.with_throttles(DomainLimit("slow", (SLOW, "slow.test"), messages_per_hour=3))
    sending.launch([*people_at(SLOW, 5), *people_at("slow.test", 5), *some_people(10)])
    sending.worker(smtp_server, connections=2).run()

    assert sent_to(smtp_server, "readers.example") == 10
    assert sent_to(smtp_server, SLOW) + sent_to(smtp_server, "slow.test") == 3
    assert sending.lent == 0
    assert min(due_at(sending)) > sending.clock()

    sending.clock.forward(hours=1)
    sending.worker(smtp_server, connections=2).run()
    assert sending.counts == {"sent": 16, "planned": 4}


def test_a_new_sender_sends_twice_as_much_each_day(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(20))
    sums = []
    for _ in range(3):
        sending.worker(smtp_server, first_day=5).run()
        sums.append(sending.counts.get("sent"))
        sending.clock.forward(days=1)

    assert sums == [5, 10 + 5, 20]


def test_no_second_gets_more_than_its_limit(sending: Sending, smtp_server: CapturingServer) -> None:
    arrivals: list[float] = []
    note = Meanwhile(".", "", do=lambda: arrivals.append(time.monotonic()))
    smtp_server.script.answers.append(note)
    sending.clock = lambda: datetime.now(UTC)  # type: ignore[assignment]  # a second is waited for
    sending.with_delivery(range_size=5).launch(some_people(40))
    limited: dict[str, Any] = {"messages_per_second": 10, "connections": 4}
    ends = [run_in_thread(sending.worker(smtp_server, **limited)) for _ in range(2)]

    assert [end() for end in ends] == [None, None]
    assert sending.counts == {"sent": 40}
    # What was begun in one second may arrive with what was begun in the next, and no more.
    assert max(sum(0 <= one - start < 0.5 for one in arrivals) for start in arrivals) <= 20


# --- several workers ----------------------------------------------------------------------------


def test_two_workers_share_one_quota(sending: Sending, smtp_server: CapturingServer) -> None:
    sending.with_delivery(range_size=4).launch(some_people(60))
    limited: dict[str, Any] = {"messages_per_hour": 25, "connections": 4}
    ends = [run_in_thread(sending.worker(smtp_server, **limited)) for _ in range(2)]

    assert [end() for end in ends] == [None, None]
    assert sending.counts == {"sent": 25, "planned": 35}
    assert set(copies(smtp_server).values()) == {1}
    assert sending.lent == 0


def test_two_workers_share_the_connections(sending: Sending, smtp_server: CapturingServer) -> None:
    sending.with_delivery(range_size=4).launch(some_people(120))
    ends = [run_in_thread(sending.worker(smtp_server, connections=3)) for _ in range(2)]

    assert [end() for end in ends] == [None, None]
    assert sending.counts == {"sent": 120}
    assert smtp_server.script.most_open <= 3


def test_a_worker_that_comes_later_soon_gets_its_share(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.with_delivery(range_size=10).launch(some_people(300))
    later = []

    def time_goes_by() -> None:
        count = len(smtp_server.received)
        if count == 20:  # when the first one has all connections
            later.append(run_in_thread(sending.worker(smtp_server, connections=2)))
        sending.clock.forward(seconds=0.05)  # 15 in all: no share is renewed by itself
        has_come = len({one.connection for one in smtp_server.received}) > 2
        # From 100 on the first one has looked; a busy machine needs a while for the rest.
        time.sleep(0.1 if count > 100 and not has_come else 0.005)

    smtp_server.script.answers.append(Meanwhile(".", "", do=time_goes_by))
    sending.worker(smtp_server, connections=2).run()

    assert [end() for end in later] == [None]
    with reading(sending.engine) as connection:
        by_worker = sa.select(sa.func.count(deliveries.c.worker)).group_by(deliveries.c.worker)
        assert min(connection.execute(by_worker).scalars()) > 60
    assert smtp_server.script.most_open <= 2


def test_a_worker_that_gets_fewer_connections_closes_the_others_in_mid_send(
    sending: Sending, smtp_server: CapturingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.launch(some_people(80))
    worker = sending.worker(smtp_server, connections=4)

    def share(_lease_seconds: int, _open_now: object) -> dict[str, int]:
        return {"smtp": 4 if len(smtp_server.received) < 30 else 1}

    monkeypatch.setattr(worker._allowance, "share", share)
    worker.run()

    assert sending.counts == {"sent": 80}
    assert len({one.connection for one in smtp_server.received[-30:]}) == 1


def ended_process() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("gone", [True, False])
def test_connections_of_a_killed_worker_are_free_and_those_of_a_live_one_are_not(
    sending: Sending, smtp_server: CapturingServer, *, gone: bool
) -> None:
    pid = ended_process() if gone else os.getppid()
    name = f"{socket.gethostname()}:{pid}:12345678"
    now = sending.clock()
    with writing(sending.engine) as connection:
        until = now + timedelta(seconds=60)
        assert throttle.take_slots(connection, Scope("smtp"), name, Need(1), 1, now, until) == 1
    sending.launch(some_people(3))
    worker = sending.worker(smtp_server)
    if gone:
        assert outcome(worker) is None
        assert sending.counts == {"sent": 3}
    else:
        end = run_in_thread(worker)
        worker.stop()
        assert end() is None
        assert sending.counts == {"planned": 3}


# --- a receiver that wants less -----------------------------------------------------------------


@pytest.mark.parametrize("command", ["RCPT", "."])
@pytest.mark.parametrize("reply", ["450 4.7.1 slow down", "421 4.7.0 too much", "421 too much"])
def test_a_receiver_that_wants_less_is_left_alone_and_all_others_get_theirs_at_once(
    sending: Sending, smtp_server: CapturingServer, command: str, reply: str
) -> None:
    smtp_server.answer(command, reply, to=f"@{SLOW}")
    mixed = [one for pair in zip(some_people(12), people_at(SLOW, 12), strict=True) for one in pair]
    sending.launch(mixed)
    assert outcome(sending.worker(smtp_server, connections=2)) is None

    assert sent_to(smtp_server, "readers.example") == 12
    counts = sending.counts
    assert counts["sent"] == 12
    assert counts["planned"] >= 12 - 2 * 2  # who was under way when it was said
    assert sending.lent == 0
    assert min(due_at(sending)) > sending.clock()


def test_a_receiver_that_wanted_less_gets_slowly_more_again_from_the_next_worker_too(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "450 4.7.1 slow down", to=f"@{SLOW}", times=1)
    sending.launch(people_at(SLOW, 60))
    sums = []
    for seconds in (0, 24, 6, 24, 6, 20, 7):
        sending.clock.forward(seconds=seconds)
        sending.worker(smtp_server).run()
        sums.append(sending.counts.get("sent", 0))

    # It waits for 30 s, and for a tenth less after each message that was accepted.
    assert sums == [0, 0, 1, 1, 2, 2, 3]
    assert sending.counts == {"sent": 3, "deferred": 1, "planned": 56}
    assert set(copies(smtp_server).values()) == {1}


def test_a_provider_that_wants_less_whoever_a_message_is_for_is_not_asked_for_each_receiver(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "421 4.7.0 your rate is too high")
    sending.launch([person for number in range(30) for person in people_at(f"r{number}.test", 1)])

    failure = outcome(sending.worker(smtp_server))

    assert failure is not None
    assert "your rate is too high" in str(failure)
    assert smtp_server.script.connections <= 6
    assert sending.lent == 0


# --- at one time --------------------------------------------------------------------------------


def test_a_receiver_is_given_no_more_messages_at_one_time_than_set(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    under_way = [0]

    def begin() -> None:
        under_way.append(under_way[-1] + 1)

    def end() -> None:
        under_way.append(under_way[-1] - 1)

    smtp_server.script.answers += [
        Meanwhile("RCPT", "", to=f"@{SLOW}", do=begin),
        Meanwhile(".", "", to=f"@{SLOW}", do=end),
    ]
    sending.with_throttles(DomainLimit("slow", (SLOW,), connections=2))
    sending.launch([*people_at(SLOW, 25), *some_people(25)])
    sending.worker(smtp_server, connections=5).run()

    assert sending.counts == {"sent": 50}
    assert max(under_way) <= 2


def test_a_memory_full_of_people_who_wait_keeps_nobody_else_waiting(
    sending: Sending, smtp_server: CapturingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_WAITING", 20)
    monkeypatch.setattr(offering, "MOST_WAITING", 20)
    sending.with_throttles(DomainLimit("slow", (SLOW,), messages_per_minute=1))
    sending.launch([*people_at(SLOW, 60), *some_people(10)])
    worker = sending.worker(smtp_server)
    end = run_in_thread(worker)
    smtp_server.wait_for(11)
    worker.stop()

    assert end() is None
    assert sending.counts == {"sent": 11, "planned": 59}
    assert sent_to(smtp_server, SLOW) == 1


# --- meanwhile ----------------------------------------------------------------------------------


def test_a_minute_is_waited_for(sending: Sending, smtp_server: CapturingServer) -> None:
    sending.with_delivery(lease_seconds=600).launch(some_people(6))
    end = run_in_thread(sending.worker(smtp_server, messages_per_minute=3))
    smtp_server.wait_for(3)
    sending.clock.forward(seconds=61)

    assert end() is None
    assert sending.counts == {"sent": 6}


def test_a_worker_that_waits_for_a_limit_hardly_turns(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(6))
    worker = sending.worker(smtp_server, messages_per_minute=3)
    waits: list[float] = []
    done: list[bool] = []
    read = worker._read

    def watched(seconds: float) -> None:
        read(seconds)
        if done:
            return  # saying goodbye takes as many turns as the server has answers
        if sending.counts.get("sent") == 3:
            waits.append(seconds)
        if sum(waits) >= 1 or len(waits) == 50:
            done.append(True)
            worker.stop()

    worker._read = watched  # type: ignore[method-assign]  # that is the point
    worker.run()

    assert sending.counts == {"sent": 3, "planned": 3}
    assert len(waits) < 10


def test_stopping_while_a_limit_is_waited_for_leaves_the_rest_due_at_once(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(10))
    worker = sending.worker(smtp_server, messages_per_minute=3)
    end = run_in_thread(worker)
    smtp_server.wait_for(3)
    worker.stop()

    assert end() is None
    assert sending.counts == {"sent": 3, "planned": 7}
    assert sending.lent == 0

    sending.worker(smtp_server).run()
    assert copies(smtp_server) == one_each(range(1, 11))


def test_who_waits_for_a_limit_gets_nothing_once_the_campaign_is_paused(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.with_delivery(lease_seconds=600).launch(some_people(10))
    end = run_in_thread(sending.worker(smtp_server, messages_per_minute=3))
    smtp_server.wait_for(3)
    with writing(sending.engine) as connection:
        move_campaign(connection, sending.campaign_id, Step.PAUSE, "ada", sending.clock())
    sending.clock.forward(seconds=61)

    assert end() is None
    assert sending.counts == {"sent": 3, "planned": 7}
    assert sending.lent == 0
