"""kill -9 in mid-send: nobody is lost, nobody is doubled, and the doubt is as small as can be."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.delivery import worker_name
from tests.delivery.sending import Sending, address, copies, meanwhile, some_people
from tests.support.smtp import CapturingServer

ROOT = Path(__file__).parents[2]


class Victim:
    """A sending process, from `start` until it is killed."""

    def __init__(self, url: str, server: CapturingServer, connections: int) -> None:
        place = [url, server.host, str(server.port), str(connections)]
        self._command = [sys.executable, "-m", "tests.delivery.sender_process", *place]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Let it work until it ends; how it ended."""
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        return self._process.wait(60)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(("command", "connections"), [(".", 3), ("DATA", 1), ("MAIL", 2)])
def test_a_killed_worker_loses_nobody_and_doubles_nobody(
    sending: Sending,
    database_url: str,
    smtp_server: CapturingServer,
    command: str,
    connections: int,
) -> None:
    sending.launch(some_people(25))
    victim = Victim(database_url, smtp_server, connections)
    meanwhile(smtp_server, command, victim.kill, after=8)

    assert victim.start() == -signal.SIGKILL
    assert sending.sheet.closes
    sending.worker(smtp_server, connections=2).run()  # at once: its process is known to be gone

    counts = sending.counts
    assert 1 <= counts["unknown"] <= connections
    assert counts["sent"] + counts["unknown"] == 25
    assert sending.finished

    sent_to = copies(smtp_server)
    assert set(sent_to.values()) == {1}
    for number in range(1, 26):
        if sending.row(address(number)).status == "sent":
            assert sent_to[address(number)] == 1


def test_a_worker_that_is_gone_is_known_by_its_process() -> None:
    name = worker_name.new_worker_name()
    host, _, rest = name.partition(":")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = f"{host}:{ended.pid}:ab12cd34"
    earlier_life = f"{host}:{rest.partition(':')[0]}:00000000"

    names = [name, gone, earlier_life, f"elsewhere:{ended.pid}:ab12cd34", f"{host}:1:ab", "odd"]
    assert worker_name.gone_workers(names) == (gone, earlier_life)
    assert worker_name.new_worker_name() != name
