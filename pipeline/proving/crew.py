"""The worker processes of a trial: begun, killed, frozen and thawed, one in each slot.

They are forked from a process that has everything loaded, so that a killed one is followed at once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

from pipeline.proving import sender
from pipeline.proving.trial import Order, Trial

STEPS = (0, 0, 0, -15, 100)  # seconds by which a worker's clock is wrong: by more than a lease
_nursery = multiprocessing.get_context("forkserver")


@dataclass
class _Life:
    """One process from its first breath to its last."""

    process: ForkServerProcess
    wire: Connection
    log: Path
    doomed: bool


class Slot:
    """A place for one worker process at a time, with a port of its own at the sink."""

    def __init__(self, number: int, order: Order, chance: Random) -> None:
        self.number = number
        self.kills = 0
        self.wrong_clocks = 0
        self.crashes: list[str] = []  # the last words of those that ended by themselves
        self._order = order
        self._chance = chance
        self._lives = 0
        self._life: _Life | None = None
        self._heard: list[str] = []

    def begin(self, point: str = "") -> None:
        """Begin a process if none is there; it is to die at `point`."""
        if self._life is not None:
            return
        self._lives += 1
        step = self._chance.choice(STEPS)
        self.wrong_clocks += step != 0
        log = Path(self._order.folder) / f"worker-{self.number}-{self._lives}.log"
        order = replace(self._order, step_seconds=step, point=point, log=str(log))
        ours, theirs = multiprocessing.Pipe()
        process = _nursery.Process(target=sender.send, args=(order, theirs), daemon=True)
        process.start()
        theirs.close()
        self._heard = []
        self._life = _Life(process, ours, log, bool(point))

    def doom(self, point: str) -> None:
        """Let the process die at a point inside it; an empty one calls that off."""
        if self._life is not None:
            self._life.doomed = bool(point)
            self.tell(point)

    def tell(self, word: str) -> None:
        """Say a word to the process."""
        if self._life is not None:
            with suppress(OSError):  # it has just ended
                self._life.wire.send(word)

    def heard(self, word: str) -> bool:
        """Whether the process has said a word since it began or was last told to forget."""
        with suppress(OSError, EOFError):
            while self._life is not None and self._life.wire.poll():
                self._heard.append(self._life.wire.recv())
        return word in self._heard

    def forget(self) -> None:
        """Forget what the process has said."""
        self.heard("")
        self._heard = []

    def kill(self) -> None:
        """End the process as a power cut would, unless it has ended."""
        if self.is_alive():
            self.kills += 1
            self.stop()

    def stop(self) -> None:
        """End the process without counting it."""
        if self.is_alive() and self._life is not None:
            self._life.process.kill()
            self._life.process.join()
            self._close()

    def freeze(self) -> int:
        """Let it stand still wherever it is; its number, 0 if it has ended."""
        return self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> int:
        pid = self._life.process.pid if self.is_alive() and self._life is not None else None
        if pid is None:
            return 0
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    def is_alive(self) -> bool:
        """Whether it works; one that has ended is taken note of."""
        if self._life is None:
            return False
        code = self._life.process.exitcode
        if code is None:
            return True
        if self._life.doomed and code == -signal.SIGKILL:
            self.kills += 1
        elif code:
            self.crashes.append(_last_words(self._life.log) or f"ended with {code}")
        self._close()
        return False

    def _close(self) -> None:
        if self._life is not None:
            self._life.wire.close()
            self._life.process.close()
        self._life = None


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")


@contextmanager
def run_crew(
    trial: Trial, ports: Sequence[int], began: float, chance: Random
) -> Iterator[list[Slot]]:
    """Slots for workers, which are all ended at the end of the block."""
    _nursery.set_forkserver_preload([sender.__name__])
    slots = [
        Slot(number, Order(str(trial.folder), port, began, 0, trial.sabotage, "", ""), chance)
        for number, port in enumerate(ports)
    ]
    try:
        yield slots
    finally:
        for slot in slots:
            slot.stop()
