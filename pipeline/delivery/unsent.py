"""What waits until a socket takes it, in the pieces it was made of.

To join a message costs as much as to build it: nearly all of it is the same for every reader, and
the system can copy that from where it lies.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence

_MOST_AT_ONCE = 1_000  # pieces; POSIX systems take 1,024


class Unsent:
    """The octets of one connection that are said and have not left."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._pieces: Sequence[bytes | memoryview] = ()

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def put(self, pieces: Sequence[bytes]) -> None:
        """Have these to send, and nothing else."""
        self._pieces = pieces

    def send(self) -> None:
        """Let go of what the socket takes. Raises what it raises, BlockingIOError among it."""
        if isinstance(self._socket, ssl.SSLSocket):  # which takes one piece at a time
            if len(self._pieces) > 1:
                self._pieces = (b"".join(self._pieces),)
            left = self._socket.send(self._pieces[0])
        else:
            left = self._socket.sendmsg(self._pieces[:_MOST_AT_ONCE])
        self._forget(left)

    def _forget(self, octets: int) -> None:
        for place, piece in enumerate(self._pieces):
            if octets < len(piece):
                self._pieces = (memoryview(piece)[octets:], *self._pieces[place + 1 :])
                return
            octets -= len(piece)
        self._pieces = ()
