"""What a worker is called, and which of those that held ranges are gone for sure."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable

_own_names: set[str] = set()


def new_worker_name() -> str:
    """A name no other worker has: host, process and chance."""
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    _own_names.add(name)
    return name


def gone_workers(names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` whose process on this host has ended, so their leases need no waiting.

    A wrong guess costs nobody a message: the fence holds without leases.
    """
    return tuple(name for name in names if _is_gone(name))


def _is_gone(name: str) -> bool:
    host, _, rest = name.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdecimal() or name in _own_names:
        return False
    if int(rest) == os.getpid():
        return True  # an earlier life of this process number, as in a restarted container
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it lives, as somebody else's
    return False
