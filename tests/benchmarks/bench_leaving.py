"""How long mail programs wait for their one click, while a campaign is being sent."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline.audience import read_keys, unsubscribe_token
from pipeline.config import read_config
from tests.benchmarks.mailings import Mailing
from tests.benchmarks.measuring import FULL, ROOT, Row, at_most
from tests.benchmarks.sink import run_sink
from tests.benchmarks.workshop import open_workshop

PEOPLE = 1_000_000 if FULL else 100_000
CLIENTS = 50
CLICKS = 2_000
LONGEST = 120  # seconds
BODY_MS = 100  # for each message at the server, so that sending lasts
BODY = b"List-Unsubscribe=One-Click"


def measure() -> Iterator[Row]:
    """`pipeline serve` sends, and each of the clients clicks as soon as it has its answer."""
    with open_workshop() as workshop:
        mailing = workshop.mailing(PEOPLE)
        with run_sink(workshop.sink, body_ms=BODY_MS) as sink, _serve(mailing, sink.port) as port:
            started = time.monotonic()
            waits = asyncio.run(_click_all(port, _paths(mailing)))
            seconds = time.monotonic() - started
            taken = sink.stop()
    if not taken.messages:
        raise RuntimeError("nothing was sent meanwhile")
    yield Row(
        f"unsubscribing at {PEOPLE:,} under {CLIENTS} clients while sending, 99 of 100 within",
        statistics.quantiles(waits, n=100)[98] * 1000,
        "ms",
        bound=at_most(50),
    )
    yield Row("the same, half of them within", statistics.median(waits) * 1000, "ms")
    yield Row("the same, clicks a second", CLICKS / seconds, "clicks/s")


def _paths(mailing: Mailing) -> list[str]:
    """The links of the last people on the list: their turn in the campaign has not come."""
    keys = read_keys(read_config(mailing.root, {}))
    people = range(mailing.people - CLICKS + 1, mailing.people + 1)
    return [f"/unsubscribe/{unsubscribe_token(keys, 1, one)}" for one in people]


@contextmanager
def _serve(mailing: Mailing, smtp_port: int) -> Iterator[int]:
    """`pipeline serve`, once it answers; its port on 127.0.0.1."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pipeline", "serve", "--site", str(mailing.root)]
    settings = {**mailing.environment(smtp_port, 20), "PIPELINE_SERVE_PORT": str(port)}
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.send_signal(signal.SIGINT)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LONGEST
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server does not answer")


async def _click_all(port: int, paths: Sequence[str]) -> list[float]:
    todo = iter(paths)
    waits: list[float] = []
    await asyncio.gather(*(_click(port, todo, waits) for _ in range(CLIENTS)))
    return waits


async def _click(port: int, todo: Iterator[str], waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in todo:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(BODY)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        began = time.monotonic()
        writer.write(head.encode() + BODY)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        waits.append(time.monotonic() - began)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"a click was refused: {answer[:60]!r}")
    writer.close()
