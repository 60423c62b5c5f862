"""A worker in a process of its own, to be killed: DATABASE_URL HOST PORT CONNECTIONS."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from pipeline.db import make_engine
from tests.delivery.sending import make_sending


@dataclass(frozen=True)
class _Address:
    host: str
    port: int


def main(url: str, host: str, port: str, connections: str) -> None:
    """Send what is due."""
    sending = make_sending(make_engine(url), Path())
    sending.worker(_Address(host, int(port)), connections=int(connections)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
