"""Octets in pieces leave as they are, however little a socket takes at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from pipeline.delivery.unsent import Unsent

PIECES = [f"{number}, and no other;".encode() * (number % 50) for number in range(1_500)]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_what_a_socket_does_not_take_at_once_follows(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    unsent = Unsent(ours)
    unsent.put(PIECES)
    came = b""
    waited = 0
    while unsent:
        try:
            unsent.send()
        except BlockingIOError:
            waited += 1
            came += theirs.recv(100_000)
    theirs.setblocking(False)
    came += theirs.recv(100_000)

    assert came == b"".join(PIECES)
    assert waited > 10


def test_nothing_waits_before_something_is_put(ends: tuple[socket.socket, socket.socket]) -> None:
    assert not Unsent(ends[0])
