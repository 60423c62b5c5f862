"""`pipeline serve` as a process: it answers, sends, and stops clean."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer


@pytest.fixture
def serving(site: SiteFolder) -> Iterator[subprocess.Popen[str]]:
    """A server on a free port."""
    site.add_post("good", title="A good post")
    site.add_subscribers("readers", ["ada@example.com", "grace@example.org"])
    command = [sys.executable, "-u", "-m", "pipeline", "serve", "--site", str(site.root)]
    process = subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        yield process
        process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What was said up to a line with these words; the suite's time limit ends a silence."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if words in line:
            return said
    pytest.fail(f"{words!r} was never said:\n{said}")


@pytest.fixture
def two_providers(site: SiteFolder, smtp_server: CapturingServer) -> None:
    """Two are set, and nobody is at the first one's port."""
    for name, port in (("gone", 9), ("there", smtp_server.port)):
        site.configure_more(f'[smtp.{name}]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"')


@pytest.mark.usefixtures("two_providers")
def test_each_provider_is_tried_at_the_start_and_a_fault_is_said(
    serving: subprocess.Popen[str],
) -> None:
    said = read_until(serving, "until it works")

    assert "127.0.0.1:9 cannot be reached" in said
    assert "[smtp.gone] host and port" in said
    assert "the others carry mail until it works" in said


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_sends_until_told_to_stop_and_loses_nothing(
    serving: subprocess.Popen[str], pipeline: Pipeline, way: signal.Signals
) -> None:
    said = read_until(serving, "is sent")
    (address,) = re.findall(r"on (http://\S+) ", said)
    with urllib.request.urlopen(f"{address}feed.xml") as answer:  # noqa: S310  # our own server
        feed = answer.read()
    serving.send_signal(way)
    rest, _ = serving.communicate()

    assert b"A good post" in feed
    assert "Rehearsal 1 is sent: 2 of 2 accepted." in said
    assert "Stopped. What was not sent stays planned" in rest
    assert "Traceback" not in rest
    assert serving.returncode == 0
    assert '"closes": true' in pipeline("status", "--json").stdout


def test_a_second_signal_ends_it_without_a_traceback(serving: subprocess.Popen[str]) -> None:
    read_until(serving, "is sent")
    serving.send_signal(signal.SIGINT)
    serving.send_signal(signal.SIGINT)
    rest, _ = serving.communicate(timeout=60)

    assert "Aborted" not in rest
    assert "Traceback" not in rest
    assert serving.returncode in {0, 130}  # whether the first had been dealt with


def test_a_port_that_is_taken_is_one_sentence(
    serving: subprocess.Popen[str], pipeline: Pipeline
) -> None:
    said = read_until(serving, "Serving")
    (port,) = re.findall(r":(\d+)/", said)

    result = pipeline("serve", "--port", port)

    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr
