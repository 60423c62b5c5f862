"""One connection: reused, and what each thing a server can do means for one message."""

from __future__ import annotations

import pytest

from pipeline.delivery.replies import Reply
from pipeline.errors import (
    MessageRefused,
    RecipientRefused,
    ReplyLost,
    TransportUnavailable,
)
from tests.delivery.conftest import SENDER, Connect, Ended, Line
from tests.delivery.lines import speak
from tests.support.smtp import DROP, CapturingServer

MESSAGE = b"Subject: Hello\r\n\r\nOne line.\r\n"
UNTIL_BODY = ("220 hi", "250 hello", "250 ok", "250 ok", "354 go")
ANNA, BERT, CARLA = "anna@readers.example", "bert@readers.example", "carla@readers.example"


def send(line: Line, recipient: str = ANNA, message: bytes = MESSAGE) -> Reply:
    return line.send(recipient, message)


def recipients(server: CapturingServer) -> list[str]:
    return [one for received in server.received for one in received.recipients]


# --- one connection, many messages --------------------------------------------------------------


def test_a_message_arrives_as_it_was_with_its_envelope(
    smtp_server: CapturingServer, connect: Connect
) -> None:
    reply = send(connect(smtp_server))

    (received,) = smtp_server.received
    assert (received.sender, received.recipients) == (SENDER, (ANNA,))
    assert received.content == MESSAGE
    assert (reply.code, reply.text) == (250, "2.0.0 taken")


def test_one_connection_carries_many_messages(
    smtp_server: CapturingServer, connect: Connect
) -> None:
    line = connect(smtp_server)
    for _ in range(20):
        send(line)

    assert [received.connection for received in smtp_server.received] == [1] * 20
    assert smtp_server.script.commands.count("EHLO") == 1
    assert "RSET" not in smtp_server.script.commands


def test_it_takes_as_many_messages_as_set(smtp_server: CapturingServer, connect: Connect) -> None:
    line = connect(smtp_server, messages_per_connection=2)
    assert line.connection.free
    send(line)
    assert line.connection.free
    send(line)

    assert not line.connection.free


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["421 4.3.2 going down", DROP])
def test_what_ends_before_the_body_has_not_begun(
    smtp_server: CapturingServer, connect: Connect, command: str, reply: str
) -> None:
    smtp_server.answer(command, reply)

    line = connect(smtp_server)
    with pytest.raises(Ended):
        send(line)

    assert line.connection.dialogue.envelope_out == ANNA
    assert line.connection.dialogue.body_out is None
    assert smtp_server.received == []


# --- the body -----------------------------------------------------------------------------------


def test_a_connection_that_ends_after_the_body_leaves_it_unknown(
    smtp_server: CapturingServer, connect: Connect
) -> None:
    smtp_server.answer(".", DROP)
    line = connect(smtp_server)

    with pytest.raises(ReplyLost, match="before the reply came"):
        send(line)

    assert line.ended_begun
    assert line.connection.dialogue.closing is not None


def test_a_connection_that_ends_within_the_body_leaves_it_unknown(connect: Connect) -> None:
    endless = b"x" * 30_000_000 + b"\r\n"
    with speak(*UNTIL_BODY, hang_up=True) as server, pytest.raises(ReplyLost):
        send(connect(server), message=endless)


@pytest.mark.parametrize("answer", ["what was that", "354 go on", "199 thinking", "99"])
def test_an_answer_to_the_body_that_is_no_verdict_leaves_it_unknown(
    connect: Connect, answer: str
) -> None:
    with speak(*UNTIL_BODY, answer) as server, pytest.raises(ReplyLost, match="answer"):
        send(connect(server))


@pytest.mark.parametrize("answer", ["250 ok", "251 will forward", "200 fine"])
def test_any_yes_to_the_body_is_a_yes(connect: Connect, answer: str) -> None:
    with speak(*UNTIL_BODY, answer, "221 bye") as server:
        assert send(connect(server)).code == int(answer[:3])


def test_421_after_the_body_is_no_for_now_and_ends_the_connection(
    smtp_server: CapturingServer, connect: Connect
) -> None:
    smtp_server.answer(".", "421 4.3.2 going down")
    line = connect(smtp_server)

    with pytest.raises(MessageRefused) as caught:
        send(line)

    assert (caught.value.code, caught.value.permanent) == (421, False)
    assert not line.connection.free


@pytest.mark.parametrize("command", ["DATA", "."])
@pytest.mark.parametrize(
    ("reply", "enhanced", "permanent"),
    [
        ("451 4.3.0 later", "4.3.0", False),
        ("452 4.3.1 disk full", "4.3.1", False),
        ("554 5.7.1 looks like spam", "5.7.1", True),
        ("552 5.3.4 too big", "5.3.4", True),
    ],
)
def test_a_no_to_the_message_says_whether_for_good(
    smtp_server: CapturingServer,
    connect: Connect,
    command: str,
    reply: str,
    enhanced: str,
    permanent: bool,  # noqa: FBT001  # a row of the table above
) -> None:
    smtp_server.answer(command, reply, to=ANNA)
    line = connect(smtp_server)

    with pytest.raises(MessageRefused, match=reply) as caught:
        send(line, ANNA)
    send(line, BERT)

    assert (caught.value.enhanced_code, caught.value.permanent) == (enhanced, permanent)
    assert [(one.recipients, one.connection) for one in smtp_server.received] == [((BERT,), 1)]


# --- the envelope -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "enhanced", "permanent"),
    [
        ("550 5.1.1 no such mailbox", "5.1.1", True),
        ("550 5.7.1 not from you", "5.7.1", True),
        ("550 no such mailbox", "", True),
        ("452 4.5.3 too many", "4.5.3", False),
        ("450 4.2.0 greylisted", "4.2.0", False),
        ("552 5.2.2 mailbox full", "5.2.2", False),  # RFC 5321 4.5.3.1.10
        ("550 4.1.1 which is it", "", True),  # RFC 2034 4: the reply code wins
        ("450 5.1.1 which is it", "", False),
        ("550-5.1.1 no such\r\n550-5.1.1 mailbox\r\n550 5.1.1 here", "5.1.1", True),
        ("550 5.1.1 \xff\x00 strange", "5.1.1", True),
    ],
)
def test_a_no_to_the_address_says_whether_for_good(
    smtp_server: CapturingServer,
    connect: Connect,
    reply: str,
    enhanced: str,
    permanent: bool,  # noqa: FBT001  # a row of the table above
) -> None:
    smtp_server.answer("RCPT", reply, to=BERT)

    with pytest.raises(RecipientRefused) as caught:
        send(connect(smtp_server), BERT)

    assert caught.value.code == int(reply[:3])
    assert (caught.value.enhanced_code, caught.value.permanent) == (enhanced, permanent)
    assert "\n" not in str(caught.value)


def test_a_refused_address_leaves_the_connection_clean_for_the_next(
    smtp_server: CapturingServer, connect: Connect
) -> None:
    smtp_server.answer("RCPT", "550 5.1.1 no such mailbox", to=BERT)
    line = connect(smtp_server)

    send(line, ANNA)
    with pytest.raises(RecipientRefused):
        send(line, BERT)
    send(line, CARLA)

    assert recipients(smtp_server) == [ANNA, CARLA]
    assert smtp_server.script.connections == 1
    assert smtp_server.script.commands.count("RSET") == 1


@pytest.mark.parametrize("reply", [DROP, "500 5.5.1 what"])
def test_a_server_that_refuses_to_start_afresh_is_left(
    smtp_server: CapturingServer, connect: Connect, reply: str
) -> None:
    smtp_server.answer("RCPT", "550 5.1.1 no such mailbox", to=BERT)
    smtp_server.answer("RSET", reply)
    line = connect(smtp_server)

    with pytest.raises(RecipientRefused):
        send(line, BERT)
    with pytest.raises(Ended):
        send(line, ANNA)

    assert line.connection.dialogue.envelope_out == ANNA


@pytest.mark.parametrize("reply", ["550 5.7.1 not for you", "530 5.7.0 log in", "451 4.3.0 later"])
def test_a_no_to_the_sender_is_about_us_and_never_about_a_reader(
    smtp_server: CapturingServer, connect: Connect, reply: str
) -> None:
    smtp_server.answer("MAIL", reply)

    with pytest.raises(TransportUnavailable, match=reply) as caught:
        send(connect(smtp_server))

    assert not caught.value.permanent
    assert "waits and is tried again" in caught.value.hint


def test_a_recipient_that_will_be_forwarded_is_accepted(connect: Connect) -> None:
    with speak("220 hi", "250 hello", "250 ok", "251 forwarded", "354 go", "250 ok") as server:
        assert send(connect(server)).code == 250


def test_an_answer_that_is_no_reply_ends_the_connection_before_the_body(connect: Connect) -> None:
    with speak("220 hi", "250 hello", "250 ok", "nonsense") as server, pytest.raises(Ended):
        send(connect(server))


# --- addresses beyond ASCII ---------------------------------------------------------------------


def test_an_address_beyond_ascii_goes_where_the_server_carries_it(
    smtp_server: CapturingServer, connect: Connect
) -> None:
    message = "To: jörg@readers.example\r\n\r\nHello.\r\n".encode()

    send(connect(smtp_server), "jörg@readers.example", message)

    assert recipients(smtp_server) == ["jörg@readers.example"]
    assert smtp_server.received[0].content == message


def test_an_address_beyond_ascii_is_refused_here_and_the_others_go(connect: Connect) -> None:
    with speak(*UNTIL_BODY, "250 ok") as server:
        line = connect(server)
        with pytest.raises(RecipientRefused, match="no SMTPUTF8") as caught:
            send(line, "jörg@readers.example")
        reply = send(line, ANNA)

    assert (caught.value.enhanced_code, caught.value.permanent) == ("5.6.7", True)
    assert reply.code == 250
    assert not any("jörg" in line for line in server.heard)


def test_a_sender_beyond_ascii_is_our_fault_and_refuses_no_reader(connect: Connect) -> None:
    with speak("220 hi", "250 hello") as server:
        line = connect(server)
        with pytest.raises(TransportUnavailable, match=r"sender brief@bücher\.example") as caught:
            line.send(ANNA, MESSAGE, sender="brief@bücher.example")

    assert "from_email" in caught.value.hint


def test_a_message_over_the_servers_size_is_not_sent(connect: Connect) -> None:
    with speak("220 hi", "250-hello\r\n250 SIZE 20") as server:
        line = connect(server)
        with pytest.raises(MessageRefused, match="at most 20 octets") as caught:
            send(line)

    assert (caught.value.enhanced_code, caught.value.permanent) == ("5.3.4", True)
