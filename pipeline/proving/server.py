"""The conductor's end of the sink: its process, the orders to it, and what it has written down."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

from pipeline.proving.trial import SLOTS

ANSWER_SECONDS = 30


@dataclass
class SinkServer:
    """A running sink."""

    orders: TextIO
    telling: TextIO
    ports: list[int] = field(default_factory=list)
    taken: int = 0  # messages, as last told
    busy: int = 0  # connections that are in the middle of a body, as last told
    welcomed: list[int] = field(default_factory=lambda: [0] * SLOTS)  # connections of each slot
    _trapped: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    _told: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)

    def order(self, **what: object) -> None:
        """Give an order; it is obeyed when this returns."""
        self.orders.write(f"{json.dumps(what)}\n")
        self.orders.flush()
        told = self._told.get(timeout=ANSWER_SECONDS)
        self.taken, self.busy, self.welcomed = told["taken"], told["busy"], told["welcomed"]

    def set_trap(self, slot: int, moment: str, after: int) -> None:
        """Hold a connection of a slot where it comes by a moment the `after`th time."""
        while not self._trapped.empty():
            self._trapped.get()
        self.order(trap={"slot": slot, "moment": moment, "after": after})

    def wait_for_trap(self, seconds: float) -> str | None:
        """The recipient whose message is held now, if any; empty before there was one."""
        try:
            return self._trapped.get(timeout=seconds)
        except queue.Empty:
            return None

    def listen(self) -> None:
        """Hear what it tells, until it ends; a thread's work."""
        for line in self.telling:
            told = json.loads(line)
            if "trapped" in told:
                self._trapped.put(told["trapped"])
            else:
                self._told.put(told)

    def begin(self) -> None:
        """Wait until it listens."""
        threading.Thread(target=self.listen, daemon=True).start()
        self.ports = self._told.get(timeout=ANSWER_SECONDS)["ports"]


def read_log(log: Path) -> tuple[Counter[str], frozenset[str]]:
    """Copies by address, and the addresses whose bodies were cut off without a reply."""
    lines = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    copies = Counter(email for what, email in lines if what == "copy")
    return copies, frozenset(email for what, email in lines if what == "cut")


@contextmanager
def run_sink(log: Path, seed: int) -> Iterator[SinkServer]:
    """Run a sink until the end of the block."""
    log.touch()
    command = [sys.executable, "-m", "pipeline.proving.sink", str(log), str(seed), str(SLOTS)]
    with subprocess.Popen(  # noqa: S603  # our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            server = SinkServer(cast("TextIO", process.stdin), cast("TextIO", process.stdout))
            server.begin()
            yield server
        finally:
            process.kill()
