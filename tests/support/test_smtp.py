"""The scripted mail server does what it is told, seen from the standard library's client."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable

import pytest

from tests.support.smtp import DROP, CapturingServer, Certificate

StartServer = Callable[..., CapturingServer]
LETTER = b"Subject: Hello\r\n\r\n.one dot\r\ncaf\xc3\xa9\r\n"


def client(server: CapturingServer) -> smtplib.SMTP:
    return smtplib.SMTP(server.host, server.port, local_hostname="client.test", timeout=10)


def send(connection: smtplib.SMTP, *recipients: str) -> dict[str, tuple[int, bytes]]:
    return connection.sendmail("from@site.test", recipients or ("to@site.test",), LETTER)


def test_a_message_is_kept_as_it_stood_on_the_wire(smtp_server: CapturingServer) -> None:
    with client(smtp_server) as connection:
        send(connection, "one@site.test", "two@site.test")

    (received,) = smtp_server.received
    assert received.content == LETTER
    assert received.sender == "from@site.test"
    assert received.recipients == ("one@site.test", "two@site.test")
    assert received.message["Subject"] == "Hello"
    assert not received.encrypted


def test_one_recipient_can_be_refused(smtp_server: CapturingServer) -> None:
    smtp_server.answer("RCPT", "550 5.1.1 no such mailbox", to="gone@site.test")

    with client(smtp_server) as connection:
        refused = send(connection, "here@site.test", "gone@site.test")

    assert refused == {"gone@site.test": (550, b"5.1.1 no such mailbox")}
    assert smtp_server.received[0].recipients == ("here@site.test",)


@pytest.mark.parametrize("command", ["DATA", "."])
def test_a_message_can_be_put_off_before_and_after_its_body(
    smtp_server: CapturingServer, command: str
) -> None:
    smtp_server.answer(command, "451 4.3.0 later", times=1)

    with client(smtp_server) as connection:
        with pytest.raises(smtplib.SMTPDataError, match="later"):
            send(connection)
        connection.rset()
        send(connection)

    assert len(smtp_server.received) == 1


def test_a_server_can_have_enough_after_some_messages(smtp_server: CapturingServer) -> None:
    smtp_server.answer("MAIL", "421 4.7.0 enough for one connection", after=2)

    connection = client(smtp_server)
    send(connection)
    send(connection)
    with pytest.raises(smtplib.SMTPResponseException, match="enough"):
        send(connection)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        connection.noop()
    connection.close()

    assert [message.connection for message in smtp_server.received] == [1, 1]


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_connection_can_break_off_at_any_point(
    smtp_server: CapturingServer, command: str
) -> None:
    smtp_server.answer(command, DROP, times=1)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(client(smtp_server))
    with client(smtp_server) as connection:
        send(connection)

    assert [message.connection for message in smtp_server.received] == [2]


def test_a_banner_can_turn_a_client_away(smtp_server: CapturingServer) -> None:
    smtp_server.answer("CONNECT", "421 4.3.2 come back later")

    with pytest.raises(smtplib.SMTPConnectError, match="come back"):
        client(smtp_server)


def test_extensions_are_offered_as_a_test_names_them(start_smtp_server: StartServer) -> None:
    server = start_smtp_server(extensions=("DSN",))

    with client(server) as connection:
        connection.ehlo()

    assert connection.has_extn("DSN")
    assert not connection.has_extn("PIPELINING")


def test_commands_sent_in_one_go_are_answered_one_by_one(smtp_server: CapturingServer) -> None:
    smtp_server.answer("RCPT", "550 5.1.1 no such mailbox", to="gone@site.test")

    with client(smtp_server) as connection:
        connection.ehlo()
        connection.send(
            "MAIL FROM:<a@site.test>\r\n"
            "RCPT TO:<gone@site.test>\r\nRCPT TO:<b@site.test>\r\nDATA\r\n"
        )
        codes = [connection.getreply()[0] for _ in range(4)]
        connection.send("Subject: x\r\n\r\nx\r\n.\r\n")
        last, _ = connection.getreply()

    assert codes == [250, 550, 250, 354]
    assert last == 250


def test_starttls_and_login_are_offered_and_checked(
    start_smtp_server: StartServer, certificate: Certificate
) -> None:
    server = start_smtp_server(certificate=certificate, login=("user", "password"))
    trusting = ssl.create_default_context(cafile=certificate.file)

    with client(server) as connection:
        connection.starttls(context=trusting)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            connection.login("user", "wrong")
        connection.login("user", "password")
        send(connection)

    assert [message.encrypted for message in server.received] == [True]


def test_tls_can_be_there_from_the_start(
    start_smtp_server: StartServer, certificate: Certificate
) -> None:
    server = start_smtp_server(certificate=certificate, implicit_tls=True)
    trusting = ssl.create_default_context(cafile=certificate.file)

    with smtplib.SMTP_SSL(server.host, server.port, context=trusting, timeout=10) as connection:
        send(connection)

    assert [message.encrypted for message in server.received] == [True]
