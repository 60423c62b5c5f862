"""The worker, on real databases and real SMTP: everybody once, nobody lost, the books closed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from pipeline import ledger
from pipeline.campaigns import Step, move_campaign
from pipeline.db import writing
from pipeline.delivery import Worker
from pipeline.errors import DatabaseUnavailable, TransportUnavailable
from pipeline.ledger import Recipient, Start
from pipeline.schema import DeliveryStatus
from tests.delivery.sending import (
    EDITION,
    NEWSLETTER,
    Sending,
    address,
    copies,
    meanwhile,
    one_each,
    outcome,
    run_in_thread,
    some_people,
)
from tests.support.smtp import DROP, CapturingServer, Certificate

StartServer = Callable[..., CapturingServer]


# --- everybody once -----------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 4])
def test_everybody_gets_one_message_and_the_books_close(
    sending: Sending, smtp_server: CapturingServer, connections: int
) -> None:
    sending.launch(some_people(30))
    sending.worker(smtp_server, connections=connections).run()

    assert copies(smtp_server) == one_each(range(1, 31))
    assert sending.counts == {"sent": 30}
    assert sending.finished
    assert sending.lent == 0


def test_a_row_keeps_what_the_server_said(sending: Sending, smtp_server: CapturingServer) -> None:
    sending.launch(some_people(1))
    sending.worker(smtp_server).run()
    row = sending.row(address(1))

    assert (row.code, row.enhanced_code, row.reply) == (250, "2.0.0", "2.0.0 taken")
    assert (row.attempt, row.recorded_at) == (1, sending.clock())


def test_a_list_that_ends_with_a_range_closes_too(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.with_delivery(range_size=5).launch(some_people(10))
    sending.worker(smtp_server).run()

    assert sending.counts == {"sent": 10}
    assert sending.finished


def test_who_is_in_hand_three_times_gets_one_copy(
    sending: Sending, smtp_server: CapturingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a worker that was held up has leased its own range again."""
    read = ledger.read_recipients

    def thrice(*values: Any) -> tuple[Recipient, ...]:
        return tuple(one for one in read(*values) for _ in range(3))

    monkeypatch.setattr(ledger, "read_recipients", thrice)
    sending.launch(some_people(20))
    sending.worker(smtp_server, connections=6).run()

    assert copies(smtp_server) == one_each(range(1, 21))
    assert sending.counts == {"sent": 20}


def test_two_campaigns_go_in_one_run(sending: Sending, smtp_server: CapturingServer) -> None:
    sending.launch(some_people(8))
    first = sending.campaign_id
    other = replace(EDITION, id="1" * 64, newsletter="extra")
    sending.launch([], other, replace(NEWSLETTER, name="extra"))

    sending.worker(smtp_server, connections=3).run()

    assert sending.counts == {"sent": 8}
    sending.campaign_id = first
    assert sending.counts == {"sent": 8}
    assert set(copies(smtp_server).values()) == {2}


def test_a_rehearsal_is_left_to_the_local_mailbox(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    real = sending.config
    sending.config = replace(real, providers=())
    sending.launch(some_people(3))
    sending.config = real
    sending.worker(smtp_server).run()

    assert smtp_server.received == []
    assert sending.counts == {"planned": 3}


def test_each_reader_gets_a_copy_of_their_own(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch([("anna@readers.example", "Anna"), ("bert@readers.example", "Bert")])
    sending.worker(smtp_server).run()

    for received in smtp_server.received:
        text = received.message.get_body(("plain",))
        assert text is not None
        name = received.recipients[0].partition("@")[0].title()
        assert text.get_content().startswith(f"Dear {name}\r\n")
        assert received.sender == "letter@larkfield.example"


def test_progress_counts_every_person(sending: Sending, smtp_server: CapturingServer) -> None:
    seen: list[Counter[DeliveryStatus]] = []
    smtp_server.answer("RCPT", "550 5.1.1 no such mailbox", to=address(2))
    sending.launch(some_people(5))
    sending.leaves(address(3))
    sending.worker(smtp_server, on_progress=lambda counts: seen.append(counts.copy())).run()

    assert +seen[-1] == {
        DeliveryStatus.SENT: 3,
        DeliveryStatus.REFUSED: 1,
        DeliveryStatus.SKIPPED: 1,
    }


# --- a no, for now and for good -----------------------------------------------------------------


def test_who_is_put_off_gets_it_when_their_time_has_come(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "450 4.2.0 greylisted", to=address(2), times=1)
    sending.launch(some_people(3))
    sending.worker(smtp_server).run()
    assert sending.counts == {"sent": 2, "deferred": 1}
    assert not sending.finished

    sending.clock.forward(minutes=4)
    sending.worker(smtp_server).run()
    assert sending.counts == {"sent": 2, "deferred": 1}

    sending.clock.forward(minutes=3)
    sending.worker(smtp_server).run()
    assert sending.counts == {"sent": 3}
    assert sending.row(address(2)).attempt == 2
    assert copies(smtp_server) == one_each([1, 2, 3])
    assert sending.finished


def test_who_is_put_off_for_too_long_expires(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "450 4.2.0 greylisted", to=address(1))
    sending.with_delivery(give_up_hours=1, retry_minutes=(50,)).launch(some_people(1))
    sending.worker(smtp_server).run()
    assert sending.counts == {"deferred": 1}

    sending.clock.forward(hours=1)
    sending.worker(smtp_server).run()
    assert sending.counts == {"expired": 1}
    assert sending.finished


def test_a_dead_address_is_refused_and_suppressed_and_no_other(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "550 5.1.1 no such mailbox", to=address(2))
    smtp_server.answer("RCPT", "550 5.7.1 we do not like you", to=address(3))
    smtp_server.answer(".", "554 5.6.0 odd content", to=address(4))
    sending.launch(some_people(5))
    sending.worker(smtp_server).run()

    assert sending.counts == {"sent": 2, "refused": 3}
    assert sending.suppressed == {address(2)}
    assert sending.row(address(3)).reply == (
        "the provider refused the address: 550 5.7.1 we do not like you"
    )


def test_a_reply_that_is_lost_is_unknown_and_not_sent_again(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer(".", DROP, to=address(2))
    sending.launch(some_people(3))
    sending.worker(smtp_server).run()
    sending.clock.forward(hours=50)
    sending.worker(smtp_server).run()

    assert sending.counts == {"sent": 2, "unknown": 1}
    assert sending.row(address(2)).attempt == 1
    assert sending.finished


# --- leaving, stopping --------------------------------------------------------------------------


def test_leaving_in_mid_send_holds_for_the_very_next_message(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(6))
    meanwhile(smtp_server, ".", lambda: sending.leaves(address(4)), after=2)
    sending.worker(smtp_server).run()

    assert copies(smtp_server) == one_each([1, 2, 3, 5, 6])
    assert sending.counts == {"sent": 5, "skipped": 1}
    assert sending.row(address(4)).reason == "left"


def test_stopping_finishes_what_is_in_flight_and_the_next_worker_sends_the_rest(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(20))
    worker = sending.worker(smtp_server)
    meanwhile(smtp_server, ".", worker.stop, after=4)
    worker.run()

    assert sending.counts == {"sent": 5, "planned": 15}
    assert sending.lent == 0

    sending.worker(smtp_server, connections=2).run()
    assert sending.counts == {"sent": 20}
    assert copies(smtp_server) == one_each(range(1, 21))


def test_a_letter_that_cannot_be_written_is_begun_for_nobody(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    broken = replace(EDITION, html="\ue000unheard_of\ue001")
    sending.launch(some_people(3), broken)

    assert isinstance(outcome(sending.worker(smtp_server)), KeyError)
    assert sending.counts == {"planned": 3}


# --- more than one worker -----------------------------------------------------------------------


def test_two_workers_at_once_send_to_each_reader_once(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.with_delivery(range_size=4).launch(some_people(60))
    ends = [run_in_thread(sending.worker(smtp_server, connections=2)) for _ in range(2)]

    assert [end() for end in ends] == [None, None]
    assert copies(smtp_server) == one_each(range(1, 61))
    assert sending.counts == {"sent": 60}


def held_up(worker: Worker, at: Start, meanwhile: Callable[[], object]) -> Worker:
    """The worker, which does nothing for a while right after it has started this message."""
    commit = worker._recorder.commit

    def slowly(starts: Sequence[Start]) -> dict[Start, int]:
        started = commit(starts)
        if at in started:
            meanwhile()
        return started

    worker._recorder.commit = slowly  # type: ignore[method-assign]  # that is the point
    return worker


def test_a_worker_that_slept_over_its_lease_sends_nothing_twice(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    slow, quick = start_smtp_server(), start_smtp_server()
    sending.launch(some_people(10))

    def somebody_else_takes_over() -> None:
        sending.clock.forward(minutes=2)
        sending.worker(quick).run()
        assert sending.counts == {"sent": 9, "unknown": 1}

    third = Start(sending.campaign_id, 3)
    held_up(sending.worker(slow), third, somebody_else_takes_over).run()

    assert slow.script.connections <= 2  # it does not ask for each of the others
    assert copies(slow) == one_each([1, 2, 3])
    assert copies(quick) == one_each(range(4, 11))
    assert sending.counts == {"sent": 10}
    assert sending.finished


def test_a_late_put_off_after_a_takeover_is_tried_again(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    slow, quick = start_smtp_server(), start_smtp_server()
    slow.answer(".", "451 4.3.0 later", to=address(3))
    sending.launch(some_people(5))

    def somebody_else_takes_over() -> None:
        sending.clock.forward(minutes=2)
        sending.worker(quick).run()

    third = Start(sending.campaign_id, 3)
    held_up(sending.worker(slow), third, somebody_else_takes_over).run()
    assert sending.counts == {"sent": 4, "deferred": 1}

    sending.clock.forward(minutes=10)
    sending.worker(quick).run()
    assert sending.counts == {"sent": 5}
    assert copies(slow, quick) == one_each(range(1, 6))


# --- the database -------------------------------------------------------------------------------


@pytest.fixture
def rename(sending: Sending) -> Iterator[Callable[[str, str], None]]:
    """Take a table away, or bring it back."""

    def statement(old: str, new: str) -> None:
        with writing(sending.engine) as connection:
            connection.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))

    return statement  # type: ignore[return-value]  # pytest takes a fixture's return too


@pytest.mark.parametrize("connections", [1, 3])
def test_a_database_that_fails_in_mid_send_ends_the_worker_and_doubles_nobody(
    sending: Sending,
    smtp_server: CapturingServer,
    rename: Callable[[str, str], None],
    connections: int,
) -> None:
    sending.launch(some_people(20))
    meanwhile(smtp_server, ".", lambda: rename("deliveries", "taken_away"), after=5)

    failure = outcome(sending.worker(smtp_server, connections=connections))
    assert isinstance(failure, (DatabaseUnavailable, SQLAlchemyError))
    assert len(smtp_server.received) <= 5 + connections

    rename("taken_away", "deliveries")
    sending.clock.forward(minutes=2)
    sending.worker(smtp_server).run()
    counts = sending.counts
    assert counts.get("unknown", 0) <= connections
    assert counts["sent"] + counts.get("unknown", 0) == 20
    assert set(copies(smtp_server).values()) == {1}


@pytest.mark.parametrize("moment", ["before_cursor_execute", "commit"])
def test_a_database_that_fails_for_a_moment_ends_the_worker_with_every_reply_kept(
    sending: Sending, smtp_server: CapturingServer, moment: str
) -> None:
    sending.launch(some_people(10))
    failures = iter([OperationalError("UPDATE", {}, Exception("away for a moment"))])

    def fail_once(*_: object) -> None:
        if len(smtp_server.received) >= 5 and threading.current_thread().name == "sender":
            for failure in failures:
                raise failure

    sa.event.listen(sending.engine, moment, fail_once)
    failure = outcome(sending.worker(smtp_server))
    sa.event.remove(sending.engine, moment, fail_once)

    assert isinstance(failure, DatabaseUnavailable)
    taken = len(smtp_server.received)  # five, or one more that was under way
    assert sending.counts == {"sent": taken, "planned": 10 - taken}
    assert copies(smtp_server) == one_each(range(1, taken + 1))


# --- connections --------------------------------------------------------------------------------


def test_connections_are_kept_and_renewed_after_as_many_messages_as_set(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(7))
    sending.worker(smtp_server, messages_per_connection=3).run()

    assert [one.connection for one in smtp_server.received] == [1, 1, 1, 2, 2, 2, 3]
    assert smtp_server.script.commands.count("EHLO") == 3
    assert smtp_server.script.commands.count("QUIT") == 3


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["421 4.7.0 enough for one connection", DROP])
def test_a_server_that_closes_after_some_messages_is_normal(
    sending: Sending, smtp_server: CapturingServer, command: str, reply: str
) -> None:
    smtp_server.answer(command, reply, after=3, times=1)
    sending.launch(some_people(6))
    sending.worker(smtp_server).run()

    assert [one.connection for one in smtp_server.received] == [1, 1, 1, 2, 2, 2]
    assert sending.counts == {"sent": 6}
    assert copies(smtp_server) == one_each(range(1, 7))


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["421 4.3.2 going down", DROP])
def test_what_ends_before_the_body_is_tried_once_more_on_a_new_connection(
    sending: Sending, smtp_server: CapturingServer, command: str, reply: str
) -> None:
    smtp_server.answer(command, reply, times=1)
    sending.launch(some_people(1))
    sending.worker(smtp_server).run()

    assert [one.connection for one in smtp_server.received] == [2]
    assert sending.row(address(1)).attempt == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["421 4.3.2 going down", DROP])
def test_a_server_that_ends_every_time_is_unavailable(
    sending: Sending, smtp_server: CapturingServer, command: str, reply: str
) -> None:
    smtp_server.answer(command, reply)
    sending.launch(some_people(5))
    failure = outcome(sending.worker(smtp_server))

    assert isinstance(failure, TransportUnavailable)
    assert "takes no mail from us now" in str(failure)
    assert sending.counts == {"deferred": 1, "planned": 4}
    assert smtp_server.received == []


def test_who_leaves_while_their_envelope_is_out_gets_nothing_not_even_an_empty_mail(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(6))
    meanwhile(smtp_server, "DATA", lambda: sending.leaves(address(3)), after=2)
    sending.worker(smtp_server).run()

    assert copies(smtp_server) == one_each([1, 2, 4, 5, 6])
    assert sending.counts == {"sent": 5, "skipped": 1}


def pause(sending: Sending) -> None:
    with writing(sending.engine) as connection:
        move_campaign(connection, sending.campaign_id, Step.PAUSE, "ada", sending.clock())


def test_a_pause_in_mid_send_is_not_asked_about_again_for_each_who_waits(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.with_delivery(range_size=100).launch(some_people(80))
    meanwhile(smtp_server, ".", lambda: pause(sending), after=9)
    sending.worker(smtp_server).run()

    assert sending.counts == {"sent": 10, "planned": 70}
    assert smtp_server.script.connections <= 2
    assert sending.lent == 0


def test_those_who_left_before_their_range_was_begun_cost_no_connection(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    seen: list[Counter[DeliveryStatus]] = []
    sending.launch(some_people(30))
    for number in range(5, 25):
        sending.leaves(address(number))
    sending.worker(smtp_server, on_progress=lambda counts: seen.append(counts.copy())).run()

    assert sending.counts == {"sent": 10, "skipped": 20}
    assert smtp_server.script.connections == 1
    assert seen[-1].total() == 30


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_large_messages_go_over_encrypted_connections(
    sending: Sending, start_smtp_server: StartServer, trusted: Certificate, security: str
) -> None:
    server = start_smtp_server(certificate=trusted, implicit_tls=security == "tls")
    large = replace(EDITION, html=EDITION.html + "<p>many words</p>" * 100_000)
    sending.launch(some_people(12), large)
    sending.worker(server, connections=2, security=security).run()

    assert sending.counts == {"sent": 12}
    assert copies(server) == one_each(range(1, 13))
    assert all(one.encrypted and len(one.content) > 1_700_000 for one in server.received)
