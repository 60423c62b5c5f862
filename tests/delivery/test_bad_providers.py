"""Providers that refuse, fall silent, run full or go away: no list is lost to any of it."""

from __future__ import annotations

import pytest

from pipeline.errors import TransportUnavailable
from pipeline.schema import DeliveryStatus
from tests.delivery.sending import (
    Sending,
    address,
    copies,
    one_each,
    outcome,
    some_people,
)
from tests.support.smtp import DROP, CapturingServer


def test_a_provider_that_is_not_there_leaves_everybody_planned(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("CONNECT", "554 5.7.1 not you")
    sending.launch(some_people(9))
    failure = outcome(sending.worker(smtp_server, connections=3))

    assert isinstance(failure, TransportUnavailable)
    assert sending.counts == {"planned": 9}
    assert sending.lent == 0
    assert smtp_server.script.connections <= 3  # nobody knocks nine times


@pytest.mark.parametrize("connections", [1, 3])
def test_a_provider_that_is_lost_in_mid_send_costs_nobody_the_message(
    sending: Sending, smtp_server: CapturingServer, connections: int
) -> None:
    smtp_server.answer("MAIL", "451 4.3.0 out of order", after=6)
    sending.launch(some_people(20))
    failure = outcome(sending.worker(smtp_server, connections=connections))

    assert isinstance(failure, TransportUnavailable)
    assert "451 4.3.0 out of order" in str(failure)
    counts = sending.counts
    assert counts["sent"] == 6
    assert counts["deferred"] <= connections
    assert counts["sent"] + counts["deferred"] + counts["planned"] == 20

    smtp_server.script.answers.clear()
    sending.clock.forward(minutes=10)
    sending.worker(smtp_server).run()
    assert sending.counts == {"sent": 20}
    assert copies(smtp_server) == one_each(range(1, 21))


def test_a_sender_that_is_refused_for_good_bounces_nobody(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("MAIL", "550 5.7.1 your domain is not verified")
    sending.launch(some_people(5))
    failure = outcome(sending.worker(smtp_server))

    assert isinstance(failure, TransportUnavailable)
    assert sending.counts == {"deferred": 1, "planned": 4}
    assert sending.suppressed == set()


@pytest.mark.parametrize(
    "reply", ["530 5.7.0 Must issue STARTTLS first", "554 5.7.1 Relay access denied"]
)
def test_a_provider_that_refuses_everybody_because_of_us_refuses_nobody_for_good(
    sending: Sending, smtp_server: CapturingServer, reply: str
) -> None:
    sending.launch(some_people(20))
    smtp_server.answer("RCPT", reply)

    failure = outcome(sending.worker(smtp_server))

    assert isinstance(failure, TransportUnavailable)
    assert "about us" in failure.hint
    sheet = sending.sheet
    assert sheet.closes
    assert sheet.counts[DeliveryStatus.REFUSED] == 0


def test_one_reader_refused_for_policy_among_others_is_that_readers_own_refusal(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    people = some_people(20)
    sending.launch(people)
    smtp_server.answer("RCPT", "550 5.7.1 members only", to=people[-1][0])

    failure = outcome(sending.worker(smtp_server))

    assert failure is None
    counts = sending.sheet.counts
    assert (counts[DeliveryStatus.SENT], counts[DeliveryStatus.REFUSED]) == (19, 1)


@pytest.mark.parametrize("connections", [1, 4])
def test_a_sender_refused_after_the_body_costs_one_reader_some_minutes(
    sending: Sending, smtp_server: CapturingServer, connections: int
) -> None:
    smtp_server.answer(".", "550 5.7.515 Access denied, sending domain does not pass DMARC")
    sending.launch(some_people(30))
    failure = outcome(sending.worker(smtp_server, connections=connections))

    assert isinstance(failure, TransportUnavailable)
    assert "about us" in failure.hint
    assert sending.counts == {"deferred": 1, "planned": 29}


def test_a_server_that_calls_every_address_dead_suppresses_nobody(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "550 5.1.1 <>: relay not permitted")
    sending.launch(some_people(50))
    failure = outcome(sending.worker(smtp_server, connections=3))

    assert isinstance(failure, TransportUnavailable)
    assert "20 were refused in a row" in failure.hint
    assert sending.counts == {"deferred": 20, "planned": 30}
    assert sending.suppressed == set()

    smtp_server.script.answers.clear()
    sending.clock.forward(minutes=10)
    sending.worker(smtp_server).run()
    assert sending.counts == {"sent": 50}


def test_a_list_that_begins_with_dead_addresses_gets_past_them(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    for number in range(1, 26):
        smtp_server.answer("RCPT", "550 5.1.1 no such mailbox", to=address(number))
    sending.with_delivery(range_size=50).launch(some_people(30))
    assert isinstance(outcome(sending.worker(smtp_server)), TransportUnavailable)
    assert outcome(sending.worker(smtp_server)) is None
    assert sending.counts == {"deferred": 25, "sent": 5}

    while "deferred" in sending.counts:
        sending.clock.forward(minutes=30)
        outcome(sending.worker(smtp_server))
    assert sending.counts == {"sent": 5, "refused": 25}
    assert sending.suppressed == {address(number) for number in range(1, 26)}


def test_an_account_that_is_closed_in_mid_send_costs_few(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("RCPT", "550 5.7.1 account suspended", after=5)
    sending.launch(some_people(60))
    failure = outcome(sending.worker(smtp_server))

    assert isinstance(failure, TransportUnavailable)
    assert sending.counts == {"sent": 5, "refused": 10, "deferred": 10, "planned": 35}


def test_a_provider_that_hangs_up_after_each_body_is_stopped_at_the_first(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer(".", DROP)
    sending.launch(some_people(40))
    failure = outcome(sending.worker(smtp_server, connections=4))

    assert isinstance(failure, TransportUnavailable)
    assert "without a reply" in str(failure)
    assert "ask the provider" in failure.hint
    assert sending.counts == {"unknown": 1, "planned": 39}


def test_a_provider_that_falls_silent_in_mid_send_leaves_few_in_doubt(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer(".", DROP, after=10)
    sending.launch(some_people(60))
    failure = outcome(sending.worker(smtp_server))

    assert isinstance(failure, TransportUnavailable)
    assert sending.counts == {"sent": 10, "unknown": 4, "planned": 46}


def test_a_provider_that_allows_fewer_connections_gets_them_all_through_those(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("CONNECT", "421 4.7.0 too many connections", after=2)
    sending.launch(some_people(40))
    failure = outcome(sending.worker(smtp_server, connections=8))

    assert failure is None
    assert copies(smtp_server) == one_each(range(1, 41))
    assert sending.counts == {"sent": 40}
    assert sending.lent == 0
