"""The sink takes what clients send, however it is cut, and tells of it truly."""

from __future__ import annotations

import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.benchmarks.sink import Sink, compile_sink, run_sink
from tests.support.programs import need

# Lines that nearly end a message, one that is stuffed, and one that begins like the end.
BODY = b"Subject: dots\r\n\r\n.\n..\r\n...\r\n.x\r\n\r.\r\n\n.\r\nthe last line\r\n"
END = b".\r\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_sink(need("cc"), tmp_path_factory.mktemp("sink"))


@pytest.fixture
def sink(program: Path, tmp_path: Path) -> Iterator[Sink]:
    with run_sink(program, log=tmp_path / "log") as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Converse with the sink on a port: `connect(sink.port)`."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(closing(Client(port)))


class Client:
    """A conversation with a sink, octet by octet if need be."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self._socket.makefile("rb")
        assert self.replies(1) == ["220"]

    def close(self) -> None:
        self._replies.close()
        self._socket.close()

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._socket.sendall(piece)

    def replies(self, count: int) -> list[str]:
        """The codes of the next `count` replies."""
        return [self._replies.readline()[:3].decode() for _ in range(count)]

    def ask(self, *commands: bytes) -> list[str]:
        """Commands in one write; the codes of their replies."""
        self.say(b"".join(command + b"\r\n" for command in commands))
        return self.replies(len(commands))


Connect = Callable[[int], Client]


def envelope(name: str) -> tuple[bytes, bytes, bytes]:
    return b"MAIL FROM:<a@a.example>", f"RCPT TO:<{name}@b.example>".encode(), b"DATA"


def names(log: Path) -> list[str]:
    return log.read_text().split()


def test_a_client_that_says_one_thing_at_a_time_is_served(sink: Sink, tmp_path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=20) as client:
        client.ehlo()
        offered = set(client.esmtp_features)
        for name in ("one", "two"):
            client.sendmail("a@a.example", [f"{name}@b.example"], BODY)

    assert offered == {"pipelining", "8bitmime", "size", "enhancedstatuscodes"}
    assert names(tmp_path / "log") == ["one@b.example", "two@b.example"]
    assert sink.stop().messages == 2


def test_a_client_that_sends_the_next_envelope_with_a_body_is_served(
    sink: Sink, tmp_path: Path, connect: Connect
) -> None:
    client = connect(sink.port)
    commands = b"".join(command + b"\r\n" for command in envelope("next"))

    assert client.ask(*envelope("first")) == ["250", "250", "354"]
    for _ in range(50):
        client.say(BODY + END + commands)
        assert client.replies(4) == ["250", "250", "250", "354"]
    client.say(BODY + END + b"QUIT\r\n")

    assert client.replies(2) == ["250", "221"]
    assert names(tmp_path / "log") == ["first@b.example", *["next@b.example"] * 50]
    taken = sink.stop()
    assert (taken.messages, taken.octets) == (51, 51 * len(BODY))


def test_the_end_of_a_body_is_seen_wherever_it_is_cut(sink: Sink, connect: Connect) -> None:
    client = connect(sink.port)
    whole = BODY + END

    for cut in range(1, len(whole)):
        assert client.ask(*envelope("one")) == ["250", "250", "354"]
        client.say(whole[:cut])
        time.sleep(0.001)  # so that the pieces arrive apart
        client.say(whole[cut:])
        assert client.replies(1) == ["250"]

    assert sink.stop().octets == (len(whole) - 1) * len(BODY)


def test_all_that_is_said_may_come_octet_by_octet(sink: Sink, connect: Connect) -> None:
    client = connect(sink.port)
    said = b"".join(command + b"\r\n" for command in envelope("one")) + BODY + END

    client.say(*(bytes([octet]) for octet in said))

    assert client.replies(4) == ["250", "250", "354", "250"]
    assert sink.stop().octets == len(BODY)


def test_a_message_may_be_a_lone_dot_and_may_be_long(sink: Sink, connect: Connect) -> None:
    client = connect(sink.port)

    assert client.ask(*envelope("one"), b".") == ["250", "250", "354", "250"]
    assert client.ask(*envelope("one")) == ["250", "250", "354"]
    client.say(BODY * 40_000 + END)

    assert client.replies(1) == ["250"]
    assert sink.stop().octets == 40_000 * len(BODY)


def test_commands_out_of_order_are_refused(sink: Sink, connect: Connect) -> None:
    client = connect(sink.port)

    assert client.ask(b"RCPT TO:<one@b.example>", b"DATA", b"WHAT") == ["503", "554", "500"]
    assert client.ask(*envelope("one")[:2], b"RSET", b"DATA") == ["250", "250", "250", "554"]


def test_the_most_connections_at_one_time_are_counted(sink: Sink, connect: Connect) -> None:
    clients = [connect(sink.port) for _ in range(3)]
    assert clients[0].ask(b"QUIT") == ["221"]
    clients += [connect(sink.port), connect(sink.port)]

    assert sink.stop().most_connections in (4, 5)  # 5: the first one's leaving was not seen yet


def test_a_delayed_reply_comes_whole_and_in_order(program: Path, connect: Connect) -> None:
    with run_sink(program, body_ms=30, travel_ms=10) as slow:
        client = connect(slow.port)
        started = time.monotonic()
        assert client.ask(*envelope("one")) == ["250", "250", "354"]
        client.say(BODY + END + b"NOOP\r\n")

        assert client.replies(2) == ["250", "250"]
        assert time.monotonic() - started >= 0.050  # never earlier; later as the machine pleases
