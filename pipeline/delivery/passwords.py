"""Passwords and tokens that a program prints: asked for when needed, kept for a while."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from functools import cache

from pipeline.errors import TransportUnavailable

KEPT_SECONDS = 300
LONGEST_SECONDS = 30  # for the program to answer


class PrintedPassword:
    """What one program prints, as a provider's login; for any thread."""

    def __init__(
        self, command: tuple[str, ...], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._command = command
        self._monotonic = monotonic
        self._lock = threading.Lock()  # connections that open together ask once
        self._kept = ""
        self._ends_at = 0.0

    def read(self, refused: str = "") -> str:
        """The password, at most five minutes old, and printed anew after it was `refused`.

        Raises TransportUnavailable when the program prints none.
        """
        with self._lock:
            if self._kept in ("", refused) or self._monotonic() >= self._ends_at:
                self._kept = _ask(self._command)
                self._ends_at = self._monotonic() + KEPT_SECONDS
            return self._kept


@cache
def printed_by(command: tuple[str, ...]) -> PrintedPassword:
    """The one for this program, whichever connection asks."""
    return PrintedPassword(command)


def _ask(command: tuple[str, ...]) -> str:
    # Nothing it prints is ever told, on neither of its outputs: it may be the password.
    try:
        done = subprocess.run(  # noqa: S603  # the site's own setting, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _no_password(command, f"gave no answer in {LONGEST_SECONDS} seconds") from None
    except OSError as error:
        raise _no_password(command, f"cannot be run: {error.strerror}") from None
    if done.returncode:
        raise _no_password(command, f"failed with status {done.returncode}")
    password = done.stdout.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if not password:
        raise _no_password(command, "printed nothing in its first line")
    return password


def _no_password(command: tuple[str, ...], why: str) -> TransportUnavailable:
    return TransportUnavailable(
        f"the password command {command[0]!r} {why}",
        hint="run it by hand as the user that sends; password_command is a list, the program first",
    )
