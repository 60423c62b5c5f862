"""A server that says given lines, whatever it hears: for what no decent server would say."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol


class Place(Protocol):
    """Where a server listens."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


BODY = "354 go"  # after this line the body comes


class LineServer:
    """A line on connecting and one for each command, the body too; then it hangs up."""

    def __init__(self, dialogues: Sequence[Sequence[str]], *, hang_up: bool) -> None:
        self.heard: list[str] = []
        self._dialogues = dialogues
        self._hang_up = hang_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = [self._listener]
        self.host, self.port = self._listener.getsockname()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        """End, whether nobody came or somebody is still there."""
        for one in self._open:
            with suppress(OSError):  # it has ended
                one.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        for lines in self._dialogues:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            with connection, connection.makefile("rb") as commands, suppress(OSError):
                self._speak(connection, commands, lines)

    def _speak(
        self, connection: socket.socket, commands: Iterable[bytes], lines: Sequence[str]
    ) -> None:
        for line in lines:
            connection.sendall(f"{line}\r\n".encode())
            if line == BODY and self._hang_up:
                connection.recv(1)
                # A reset, as when the machine behind the address is gone.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            self._hear(commands, body=line == BODY)

    def _hear(self, commands: Iterable[bytes], *, body: bool) -> None:
        for heard in commands:
            self.heard.append(heard.decode("utf-8", "replace").rstrip())
            if not body or heard == b".\r\n":
                return


@contextmanager
def speak(*lines: str, then: Sequence[str] = (), hang_up: bool = False) -> Iterator[LineServer]:
    """A server that speaks `lines` on its first connection and `then` on its second.

    With `hang_up` it resets the connection once a body has begun.
    """
    server = LineServer([lines, then] if then else [lines], hang_up=hang_up)
    try:
        yield server
    finally:
        server.stop()
