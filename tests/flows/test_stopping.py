"""A run that is stopped in mid-send: politely, and at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.delivery.sending import meanwhile
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer

StartServer = Callable[..., CapturingServer]
PEOPLE = [f"reader-{number}@example.com" for number in range(60)]


class Runs:
    """`pipeline run` of one site through one provider, as processes."""

    def __init__(self, root: Path, server: CapturingServer) -> None:
        self._command = [sys.executable, "-m", "pipeline", "run", "--site", str(root)]
        self._env = os.environ | {
            "PIPELINE_SMTP_HOST": server.host,
            "PIPELINE_SMTP_PORT": str(server.port),
            "PIPELINE_SMTP_SECURITY": "none",
            "PIPELINE_SMTP_CONNECTIONS": "2",
        }

    def begin(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self._command, env=self._env, stderr=subprocess.PIPE, text=True)

    def finish(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command, env=self._env, capture_output=True, text=True, check=False
        )


@pytest.fixture
def server(start_smtp_server: StartServer) -> CapturingServer:
    return start_smtp_server()


@pytest.fixture
def runs(site: SiteFolder, server: CapturingServer) -> Runs:
    site.add_post("one", title="A post")
    site.add_subscribers("readers", PEOPLE)
    return Runs(site.root, server)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a server may wait for; open at the end of the test at the latest."""
    made = threading.Event()
    yield made
    made.set()


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_stop_goes_on_where_it_stopped(
    runs: Runs, server: CapturingServer, way: signal.Signals
) -> None:
    first = runs.begin()
    server.wait_for(5)
    first.send_signal(way)
    _, said = first.communicate(timeout=60)
    second = runs.finish()

    assert first.returncode == 130, said
    assert "finishing what is in flight" in said
    assert "stays planned" in said
    assert second.returncode == 0
    assert sorted(one.recipients[0] for one in server.received) == sorted(PEOPLE)
    assert "the sheet closes" in second.stdout


def test_a_second_ctrl_c_leaves_at_once_and_loses_nobody(
    runs: Runs, server: CapturingServer, gate: threading.Event
) -> None:
    held = threading.Event()

    def wait() -> None:
        held.set()
        gate.wait(60)

    meanwhile(server, ".", wait, after=5)
    first = runs.begin()
    assert held.wait(60)
    assert first.stderr is not None
    first.send_signal(signal.SIGINT)
    while "Ctrl-C again" not in first.stderr.readline():
        assert first.poll() is None
    first.send_signal(signal.SIGINT)
    said = first.communicate(timeout=30)[1]
    gate.set()
    second = runs.finish()

    assert first.returncode == 130, said
    assert "Left at once" in said
    assert second.returncode == 0
    received = [one.recipients[0] for one in server.received]
    assert len(received) == len(set(received))
    # The two whose messages were in flight are in doubt, whether theirs came or not.
    assert len(PEOPLE) - len(received) <= 2
    assert "unknown" in second.stdout
    assert "the sheet closes" in second.stdout
