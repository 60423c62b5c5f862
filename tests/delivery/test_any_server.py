"""A campaign through servers that offer more or less, in the clear and encrypted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.delivery.sending import Sending, address, copies, one_each, send_all, some_people
from tests.support.smtp import CapturingServer, Certificate

StartServer = Callable[..., CapturingServer]
OFFERS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE", "ENHANCEDSTATUSCODES")


@pytest.mark.parametrize("without", [(), *((one,) for one in OFFERS[:3]), OFFERS])
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_server_is_spoken_to_in_its_own_way(
    sending: Sending,
    start_smtp_server: StartServer,
    trusted: Certificate,
    security: str,
    without: tuple[str, ...],
) -> None:
    tls = {"certificate": trusted, "implicit_tls": security == "tls"}
    server = start_smtp_server(without=without, **(tls if security != "none" else {}))
    server.answer("RCPT", "550 5.1.1 no such mailbox", to=address(4))
    server.answer(".", "451 4.3.0 later", to=address(7), times=1)
    sending.launch([*some_people(20), ("jörg@readers.example", "Jörg")])
    sending.worker(server, connections=3, security=security).run()

    carried = "SMTPUTF8" not in without
    assert sending.counts == {"sent": 18 + carried, "refused": 2 - carried, "deferred": 1}
    expected = one_each([number for number in range(1, 21) if number not in (4, 7)])
    assert copies(server) == expected | ({"jörg@readers.example": 1} if carried else {})
    assert all(one.encrypted is (security != "none") for one in server.received)
    # Nothing has to be 8-bit for anybody (RFC 6152), but for an address that is (RFC 6532).
    odd = [one.recipients[0] for one in server.received if not one.content.isascii()]
    assert odd == ["jörg@readers.example"] * carried


@pytest.mark.parametrize("without", [(), ("PIPELINING",)])
def test_421_after_a_body_puts_off_that_reader_and_costs_nobody_the_message(
    sending: Sending, start_smtp_server: StartServer, without: tuple[str, ...]
) -> None:
    server = start_smtp_server(without=without)
    server.answer(".", "421 4.3.2 going down", to=address(3), times=1)
    sending.launch(some_people(6))
    sending.worker(server).run()
    assert (sending.row(address(3)).status, sending.row(address(3)).code) == ("deferred", 421)

    send_all(sending, server)
    assert sending.counts == {"sent": 6}
    assert sending.row(address(3)).attempt == 2
    assert sending.row(address(4)).attempt == 1  # its envelope was out when the server left
    assert copies(server) == one_each(range(1, 7))
