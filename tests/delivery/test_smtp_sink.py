"""A campaign into Postfix's smtp-sink: what others wrote takes our mail, and treats it badly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pipeline.errors import TransportUnavailable
from tests.delivery.sending import Sending, address, one_each, outcome, send_all, some_people
from tests.support.programs import need
from tests.support.smtp_sink import SmtpSink, run_smtp_sink

StartSink = Callable[..., SmtpSink]


@pytest.fixture
def start_sink() -> Iterator[StartSink]:
    """Start one with options of its own: `start_sink("-Q", "RCPT")`."""
    with ExitStack() as stack:
        program = need("smtp-sink")
        yield lambda *options: stack.enter_context(run_smtp_sink(program, *options))


def arrivals(sink: SmtpSink) -> dict[str, int]:
    """How often each address stands in what the sink was given; ends it."""
    sink.stop()
    return Counter(one for taken in sink.taken for one in taken.recipients)


@pytest.mark.parametrize(
    ("options", "protocol"),
    [
        ((), "ESMTP"),
        (("-p",), "ESMTP"),
        (("-8",), "ESMTP"),
        (("-p", "-8"), "ESMTP"),
        (("-e",), "SMTP"),
    ],
)
def test_everybody_gets_one_message_whatever_it_offers(
    sending: Sending, start_sink: StartSink, options: tuple[str, ...], protocol: str
) -> None:
    sink = start_sink(*options)
    sending.launch([*some_people(30), ("jörg@readers.example", "Jörg")])
    sending.worker(sink, connections=3).run()

    assert sending.counts == {"sent": 30, "refused": 1}  # it never carries SMTPUTF8
    assert sending.row("jörg@readers.example").enhanced_code == "5.6.7"
    assert arrivals(sink) == one_each(range(1, 31))
    assert {(one.protocol, one.mail) for one in sink.taken} == {
        (protocol, "<letter@larkfield.example>")
    }


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
def test_421_at_any_point_bounces_nobody_and_costs_nobody_the_message(
    sending: Sending, start_sink: StartSink, command: str
) -> None:
    closing, kind = start_sink("-Q", command), start_sink()
    sending.launch(some_people(9))
    outcome(sending.worker(closing))
    assert set(sending.counts) <= {"deferred", "planned"}
    assert sending.suppressed == set()

    sending.clock.forward(minutes=10)
    send_all(sending, kind)
    assert sending.counts == {"sent": 9}
    assert arrivals(kind) == one_each(range(1, 10))


def test_a_reply_that_is_lost_after_the_body_is_unknown_and_never_sent_again(
    sending: Sending, start_sink: StartSink
) -> None:
    swallowing, kind = start_sink("-q", "."), start_sink()
    sending.launch(some_people(5))
    failure = outcome(sending.worker(swallowing))

    assert isinstance(failure, TransportUnavailable)
    assert sending.counts == {"unknown": 1, "planned": 4}

    sending.worker(kind).run()
    assert sending.counts == {"unknown": 1, "sent": 4}
    assert arrivals(swallowing) == one_each([1])
    assert arrivals(kind) == one_each([2, 3, 4, 5])


def test_a_no_for_now_to_every_reader_keeps_and_retries_them_all(
    sending: Sending, start_sink: StartSink
) -> None:
    refusing, kind = start_sink("-r", "RCPT"), start_sink()
    sending.launch(some_people(30))
    assert outcome(sending.worker(refusing, connections=2)) is None
    assert sending.counts == {"deferred": 30}
    assert sending.row(address(1)).code == 450

    sending.clock.forward(minutes=10)
    sending.worker(kind).run()
    assert sending.counts == {"sent": 30}
    assert arrivals(kind) == one_each(range(1, 31))


def test_a_no_for_good_to_every_reader_is_not_believed(
    sending: Sending, start_sink: StartSink
) -> None:
    sending.launch(some_people(30))
    failure = outcome(sending.worker(start_sink("-f", "RCPT")))

    assert isinstance(failure, TransportUnavailable)
    assert sending.counts == {"deferred": 20, "planned": 10}
    assert sending.suppressed == set()


def test_a_server_may_think_about_a_body_for_longer_than_about_a_command(
    sending: Sending, start_sink: StartSink
) -> None:
    sink = start_sink("-W", ".:3")
    sending.launch(some_people(1))
    sending.worker(sink, timeout_seconds=1).run()

    assert sending.counts == {"sent": 1}
    assert arrivals(sink) == one_each([1])
