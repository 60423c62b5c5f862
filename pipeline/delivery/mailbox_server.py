"""The local mailbox's process: an SMTP server that puts each message into a Maildir.

Run by LocalMailbox as `python -m pipeline.delivery.mailbox_server FOLDER`; it says its port on
standard output and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from pipeline.delivery.mailbox import HOST, store

LARGEST_MESSAGE = 50_000_000  # octets


class _Handler:
    """aiosmtpd's hook: every message goes into the Maildir."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        try:
            store(self._folder, envelope.original_content)
        except OSError as error:  # a full disk refuses no reader for good
            return f"452 4.3.1 cannot be stored: {error.strerror}"
        return "250 2.0.0 stored"


async def _serve(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    handler = _Handler(folder)

    def session() -> SMTP:
        return SMTP(
            handler,
            hostname="local-mailbox",
            data_size_limit=LARGEST_MESSAGE,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    server = await loop.create_server(session, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # read by our parent
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
