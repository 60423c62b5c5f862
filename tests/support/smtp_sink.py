"""Postfix's smtp-sink: a mail server that others wrote, and what it says it was given."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WAIT_SECONDS = 60
BACKLOG = "100"


@dataclass(frozen=True)
class Taken:
    """One message as the sink wrote it down: with LF for CRLF, dots unstuffed."""

    protocol: str  # "SMTP" after HELO, "ESMTP" after EHLO
    mail: str  # what followed MAIL FROM:
    recipients: tuple[str, ...]
    content: bytes


class SmtpSink:
    """A running one; `host` and `port` say where. `stop` before reading `taken`."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._folder = folder
        self._process = process

    def wait_until_ready(self) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return socket.create_connection((self.host, self.port)).close()
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = (self._folder / "said").read_text(errors="replace")
                    raise RuntimeError(f"smtp-sink did not start: {said}") from error
                time.sleep(0.02)

    def stop(self) -> None:
        """End it; what it has begun to write down is written."""
        self._process.terminate()
        self._process.wait(WAIT_SECONDS)

    @property
    def taken(self) -> list[Taken]:
        """Every transaction that came to its body, accepted or not, in no order."""
        return [_read(file.read_bytes()) for file in self._folder.glob("dumps/*")]


@contextmanager
def run_smtp_sink(program: Path, *options: str) -> Iterator[SmtpSink]:
    """Run one with further options of its own, such as "-e"; see smtp-sink(1)."""
    # Started by root, it becomes another user, who does not get into pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix="smtp-sink-", dir="/var/tmp"))
    try:
        folder.chmod(0o755)
        (folder / "dumps").mkdir()
        user = _leave_root(folder / "dumps") if os.geteuid() == 0 else []
        port = _free_port()
        dump = ["-d", f"{folder}/dumps/"]
        command = [str(program), *user, *dump, *options, f"{SmtpSink.host}:{port}", BACKLOG]
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
        sink = SmtpSink(folder, port, process)
        try:
            sink.wait_until_ready()
            yield sink
        finally:
            sink.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _leave_root(dumps: Path) -> list[str]:
    user = pwd.getpwnam("postfix")
    os.chown(dumps, user.pw_uid, user.pw_gid)
    return ["-u", "postfix"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((SmtpSink.host, 0))
        return int(probe.getsockname()[1])


def _read(dump: bytes) -> Taken:
    """The sink puts fields of its own before a message, of which Received is the last."""
    own, received, rest = dump.partition(b"\nReceived: ")
    assert received, dump[:200]
    told = [line.partition(": ") for line in own.decode().split("\n")]
    while not rest.startswith(b"\t"):
        rest = rest.partition(b"\n")[2]
    while rest.startswith(b"\t"):
        rest = rest.partition(b"\n")[2]
    return Taken(
        protocol=next(value for name, _, value in told if name == "X-Client-Proto"),
        mail=next(value for name, _, value in told if name == "X-Mail-Args"),
        recipients=tuple(value.strip("<>") for name, _, value in told if name == "X-Rcpt-Args"),
        content=rest.removesuffix(b"\n"),  # an empty line ends each dump
    )
