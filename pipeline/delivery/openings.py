"""Connections are opened beside the worker's loop: greeting, TLS and login take a while."""

from __future__ import annotations

import queue
import smtplib
import socket
import threading

from pipeline.config import Provider
from pipeline.delivery.opening import open_connection
from pipeline.errors import TransportUnavailable

Opened = smtplib.SMTP | TransportUnavailable


class Openings:
    """Opens connections in threads of their own and wakes a selector when one is there."""

    def __init__(self, provider: Provider, hello: str) -> None:
        self._provider = provider
        self._hello = hello
        self._done: queue.SimpleQueue[Opened] = queue.SimpleQueue()
        self._awake, self._alarm = socket.socketpair()
        self._awake.setblocking(False)  # the standard library's
        self._closed = threading.Event()
        self.under_way = 0

    def fileno(self) -> int:
        """Readable when a connection is there, or after `wake`."""
        return self._awake.fileno()

    def begin(self) -> None:
        """Open one more."""
        self.under_way += 1
        threading.Thread(target=self._open, name="opening", daemon=True).start()

    def wake(self) -> None:
        """Make the selector look up. For any thread."""
        try:
            self._alarm.send(b".")
        except OSError:
            return  # the loop has ended

    def take(self) -> list[Opened]:
        """Those that were opened, or could not be, since the last look."""
        try:
            self._awake.recv(4096)
        except BlockingIOError:
            return []
        taken = []
        while not self._done.empty():
            taken.append(self._done.get())
        self.under_way -= len(taken)
        return taken

    def close(self) -> None:
        """Take no more; one that is still being opened is closed when it is there."""
        self._closed.set()
        for opened in self.take():
            _discard(opened)
        self._awake.close()
        self._alarm.close()

    def _open(self) -> None:
        try:
            opened: Opened = open_connection(self._provider, self._hello)
        except TransportUnavailable as error:
            opened = error
        if self._closed.is_set():
            _discard(opened)
            return
        self._done.put(opened)
        self.wake()


def _discard(opened: Opened) -> None:
    if isinstance(opened, smtplib.SMTP):
        opened.close()
