"""Opening a connection: what keeps us from a provider is one sentence, without the password."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.config import Provider
from pipeline.delivery import probe
from pipeline.errors import TransportUnavailable
from tests.delivery.conftest import settings_for
from tests.delivery.lines import Place
from tests.support.smtp import DROP, CapturingServer, Certificate

StartServer = Callable[..., CapturingServer]
PASSWORD = "open-sesame-4711"


def why_not(server: Place, **values: Any) -> TransportUnavailable:
    with pytest.raises(TransportUnavailable) as caught:
        probe(settings_for(server, **values), "larkfield.example")
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert "b'" not in str(caught.value)
    return caught.value


def test_a_probe_says_hello_and_leaves_without_sending(smtp_server: CapturingServer) -> None:
    probe(settings_for(smtp_server), "larkfield.example")

    assert smtp_server.script.commands[-2:] == ["EHLO", "QUIT"]
    assert "MAIL" not in smtp_server.script.commands


def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way(smtp_server: CapturingServer) -> None:
    smtp_server.answer("EHLO", "502 5.5.1 not here")

    probe(settings_for(smtp_server), "larkfield.example")  # RFC 5321 3.2


def test_a_provider_that_is_not_there_is_named_with_a_hint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(TransportUnavailable) as caught:
        probe(Provider(host="127.0.0.1", port=port, security="none"), "larkfield.example")

    assert f"127.0.0.1:{port} cannot be reached" in str(caught.value)
    assert "[smtp] host and port" in caught.value.hint


def test_a_name_that_leads_nowhere_is_named_with_a_hint() -> None:
    with pytest.raises(TransportUnavailable, match=r"mail\.invalid:25 cannot be reached"):
        probe(Provider(host="mail.invalid", port=25, security="none"), "larkfield.example")


@pytest.mark.parametrize("reply", ["421 4.3.2 come back later", "554 5.7.1 not you"])
def test_a_banner_that_turns_us_away_is_told(smtp_server: CapturingServer, reply: str) -> None:
    smtp_server.answer("CONNECT", reply)

    assert f"does not talk to us: {reply}" in str(why_not(smtp_server))


@pytest.mark.parametrize("command", ["CONNECT", "EHLO"])
def test_a_server_that_hangs_up_is_told(smtp_server: CapturingServer, command: str) -> None:
    smtp_server.answer(command, DROP)

    assert str(smtp_server.port) in str(why_not(smtp_server))


# --- encryption ---------------------------------------------------------------------------------


def test_no_starttls_where_it_is_asked_for_is_an_end(smtp_server: CapturingServer) -> None:
    error = why_not(smtp_server, security="starttls", username="us", password=PASSWORD)

    assert "offers no STARTTLS" in str(error)
    assert "AUTH" not in smtp_server.script.commands


def test_starttls_that_fails_is_an_end(
    start_smtp_server: StartServer, trusted: Certificate
) -> None:
    server = start_smtp_server(certificate=trusted, login=("us", PASSWORD))
    server.answer("STARTTLS", "454 4.7.0 not now")
    error = why_not(server, host="localhost", security="starttls", username="us", password=PASSWORD)

    assert "454 4.7.0 not now" in str(error)
    assert "AUTH" not in server.script.commands


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_an_end(
    start_smtp_server: StartServer, certificate: Certificate, security: str
) -> None:
    server = start_smtp_server(certificate=certificate, implicit_tls=security == "tls")
    error = why_not(server, security=security, username="us", password=PASSWORD)

    assert "no trustworthy encryption: self-signed certificate" in str(error)
    assert not error.permanent
    assert "AUTH" not in server.script.commands


def test_a_certificate_for_another_name_is_an_end(
    start_smtp_server: StartServer, trusted: Certificate
) -> None:
    server = start_smtp_server(certificate=trusted, implicit_tls=True)

    assert "127.0.0.2" in str(why_not(server, host="127.0.0.2", security="tls"))


def test_tls_from_the_start_to_a_server_without_is_an_end(smtp_server: CapturingServer) -> None:
    assert "no trustworthy encryption" in str(why_not(smtp_server, security="tls"))


def test_tls_can_be_there_from_the_start(
    start_smtp_server: StartServer, trusted: Certificate
) -> None:
    server = start_smtp_server(certificate=trusted, implicit_tls=True)

    probe(settings_for(server, host="localhost", security="tls"), "larkfield.example")

    assert "QUIT" in server.script.commands


# --- login --------------------------------------------------------------------------------------


@pytest.fixture
def locked(start_smtp_server: StartServer, trusted: Certificate) -> CapturingServer:
    return start_smtp_server(certificate=trusted, login=("us", PASSWORD))


def login(password: str) -> dict[str, str]:
    return {"host": "localhost", "security": "starttls", "username": "us", "password": password}


def test_a_login_goes_over_encryption(locked: CapturingServer) -> None:
    probe(settings_for(locked, **login(PASSWORD)), "larkfield.example")

    # RFC 3207 4.2: what the server said before is forgotten, so it is asked again.
    commands = [one for one in locked.script.commands if one != "CONNECT"]
    assert commands == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


def test_a_wrong_password_is_one_clear_sentence(locked: CapturingServer) -> None:
    error = why_not(locked, **login("wrong"))

    assert "does not accept the login: 535 5.7.8" in str(error)
    assert error.permanent
    assert "PIPELINE_SMTP_PASSWORD" in error.hint


def test_a_login_that_fails_for_now_is_not_for_good(locked: CapturingServer) -> None:
    locked.answer("AUTH", "454 4.7.0 try later")

    assert not why_not(locked, **login(PASSWORD)).permanent


def test_a_password_beyond_ascii_is_told_before_it_is_tried(locked: CapturingServer) -> None:
    error = why_not(locked, **login("grüße"))

    assert "letters beyond ASCII" in str(error)
    assert "AUTH" not in locked.script.commands


def test_the_password_shows_nowhere(
    locked: CapturingServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    locked.answer("AUTH", "535 5.7.8 no")
    error = why_not(locked, **login(PASSWORD))

    told = "".join(traceback.format_exception(error))
    assert PASSWORD not in told + error.hint + caplog.text + "".join(capfd.readouterr())
    assert PASSWORD not in repr(settings_for(locked, **login(PASSWORD)))
