"""A private Postfix: it takes mail on a loopback port, queues it in files, and discards it."""

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

from tests.benchmarks.measuring import Missing

WAIT_SECONDS = 120
QUEUES = ("incoming", "active", "deferred")
# What its port takes goes to the transport `discard` whatever its domain; nothing is looked up
# in the DNS, and nothing is written outside its folder.
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.example
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
disable_dns_lookups = yes
default_transport = discard
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
discard unix - - n - - discard
error unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running one; `folder` holds its settings, its queue and its log."""

    folder: Path
    port: int

    def wait_until_empty(self) -> None:
        """Wait until its queue is worked off, so that it does not burden whoever comes next."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._queued():
            if time.monotonic() > deadline:
                raise RuntimeError(f"Postfix did not work off its queue:\n{self._log()}")
            time.sleep(0.1)

    def wait_until_ready(self) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"Postfix did not start:\n{self._log()}") from error
                time.sleep(0.05)

    def _queued(self) -> bool:
        folders = (self.folder / "queue" / name for name in QUEUES)
        return any(files for folder in folders for _, _, files in os.walk(folder))

    def _log(self) -> str:
        log = self.folder / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else "no log"


@contextmanager
def run_postfix(program: Path) -> Iterator[Postfix]:
    """Run one in a folder of its own. Raises Missing for anybody but root."""
    if os.geteuid() != 0:
        raise Missing("Postfix is started by root alone (run it with sudo)")
    # Its daemons run as another user, who must get through to the queue.
    folder = Path(tempfile.mkdtemp(prefix="postfix-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        postfix = Postfix(folder, _free_port())
        _configure(postfix)
        _command(program, postfix, "start")
        try:
            postfix.wait_until_ready()
            yield postfix
        finally:
            _command(program, postfix, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configure(postfix: Postfix) -> None:
    owner = pwd.getpwnam("postfix")
    for name in ("queue", "data"):
        (postfix.folder / name).mkdir()
    os.chown(postfix.folder / "data", owner.pw_uid, owner.pw_gid)
    (postfix.folder / "main.cf").write_text(MAIN.format(folder=postfix.folder))
    (postfix.folder / "master.cf").write_text(MASTER.format(port=postfix.port))


def _command(program: Path, postfix: Postfix, word: str) -> None:
    # A file, not a pipe: its daemons keep open what they inherit.
    said = postfix.folder / word
    with said.open("wb") as output:
        command = [str(program), "-c", str(postfix.folder), word]
        code = subprocess.call(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    if code:
        raise RuntimeError(f"postfix {word} failed:\n{said.read_text()}{postfix._log()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
