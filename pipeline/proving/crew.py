"""The worker processes of a trial: begun, killed, frozen and thawed, one in each slot."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import IO

from pipeline.proving.trial import Order, Trial

STEPS = (0, 0, 0, -30, 90)  # seconds by which a worker's clock is wrong


class Slot:
    """A place for one worker process at a time, with a port of its own at the sink."""

    def __init__(self, number: int, order: Order, log: IO[bytes], chance: Random) -> None:
        self.number = number
        self.kills = 0
        self.crashes = 0
        self._order = asdict(order)
        self._log = log
        self._chance = chance
        self._doomed = False
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, point: str = "") -> None:
        """Begin a process if none is there; it is to die at `point`."""
        if self._process is not None:
            return
        self._doomed = bool(point)
        command = [sys.executable, "-m", "pipeline.proving.sender"]
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            command, stdin=subprocess.PIPE, stderr=self._log, start_new_session=True
        )
        step = self._chance.choice(STEPS)
        self._say(json.dumps(self._order | {"step_seconds": step, "point": point}))

    def doom(self, point: str) -> None:
        """Let the process die at a point inside it; an empty one calls that off."""
        self._doomed = bool(point)
        self._say(point)

    def _say(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has just ended
                self._process.stdin.write(f"{line}\n".encode())
                self._process.stdin.flush()

    def kill(self) -> None:
        """End the process as a power cut would, unless it has ended."""
        if self.is_alive() and self._process is not None:
            self._process.kill()
            self._process.wait()
            self.kills += 1
            self._close()

    def freeze(self) -> None:
        """Let it stand still wherever it is."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def is_alive(self) -> bool:
        """Whether it works; one that has ended is taken note of."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        if self._doomed and code == -signal.SIGKILL:
            self.kills += 1
        elif code:
            self.crashes += 1
        self._close()
        return False

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process = None


@contextmanager
def run_crew(
    trial: Trial, ports: Sequence[int], began: float, chance: Random, log: Path
) -> Iterator[list[Slot]]:
    """Slots for workers, which are all ended at the end of the block."""
    with log.open("ab") as file:
        slots = [
            Slot(
                number,
                Order(str(trial.folder), port, began, 0, trial.sabotage, ""),
                file,
                chance,
            )
            for number, port in enumerate(ports)
        ]
        try:
            yield slots
        finally:
            for slot in slots:
                slot.kill()
