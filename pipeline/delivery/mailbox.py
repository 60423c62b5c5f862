"""The local mailbox: where mail goes while no provider is set.

A real SMTP server (aiosmtpd) in a process of its own writes each message into a Maildir; the same
code that talks to a provider talks to it. The process ends when the one that started it does.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.config import Provider
from pipeline.errors import TransportUnavailable

HOST = "127.0.0.1"
_KEY = re.compile(
    r"[\w.-]{1,200}", re.ASCII
)  # a file's name: nothing that leads into another folder
_LONGEST_HEAD = 64_000  # octets of a file that are read for a list
_FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True)
class Mail:
    """One captured message, as a list shows it. `key` names its file in the Maildir."""

    key: str
    subject: str
    sender: str
    recipient: str
    received_at: datetime
    rehearsal: bool
    size: int


class LocalMailbox:
    """The mailbox's process, from `with` to the end of the block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            make_maildir(self._folder)
        except OSError as error:
            raise self._not_started(f": {error.strerror}") from error
        self._process = subprocess.Popen(  # noqa: S603  # our own module, fixed arguments
            [sys.executable, "-m", "pipeline.delivery.mailbox_server", str(self._folder.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us: the mailbox lives until we are done
        )
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            self.__exit__(None, None, None)
            raise self._not_started()
        self.provider = Provider(name="mailbox", host=HOST, port=int(line), security="none")
        return self

    def _not_started(self, why: str = "") -> TransportUnavailable:
        return TransportUnavailable(
            f"the local mailbox did not start{why}", hint=f"see that {self._folder} can be written"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate()  # closes its standard input, and it ends
            self._process = None


def make_maildir(folder: Path) -> None:
    """Make an empty Maildir, or complete one."""
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # what readers get is nobody else's to read


def store(folder: Path, message: bytes) -> Path:
    """Put a message into a Maildir: it appears whole or not at all."""
    name = f"{time.time_ns()}.{os.getpid()}_{secrets.token_hex(4)}.{socket.gethostname()}.eml"
    draft = folder / "tmp" / name
    draft.write_bytes(message)
    return draft.rename(folder / "new" / name)


def list_mails(folder: Path, limit: int = 200) -> tuple[tuple[Mail, ...], int]:
    """The newest `limit` messages, newest first, and how many there are in all."""
    files = sorted((*folder.glob("new/*.eml"), *folder.glob("cur/*.eml")), key=_stamp, reverse=True)
    return tuple(_summary(file) for file in files[:limit]), len(files)


def read_mail(folder: Path, key: str) -> bytes | None:
    """One message as it arrived, or None when there is none called `key`."""
    if not _KEY.fullmatch(key):
        return None
    for part in ("new", "cur"):
        file = folder / part / f"{key}.eml"
        if file.is_file():
            return file.read_bytes()
    return None


def _stamp(file: Path) -> int:
    stamp = file.name.partition(".")[0]
    return int(stamp) if stamp.isdecimal() else 0


def _summary(file: Path) -> Mail:
    with file.open("rb") as opened:
        head = read_head(opened.read(_LONGEST_HEAD))
    return Mail(
        key=file.name.removesuffix(".eml"),
        subject=head.get("subject", ""),
        sender=head.get("from", ""),
        recipient=head.get("to", ""),
        received_at=datetime.fromtimestamp(_stamp(file) / 1e9, UTC),
        rehearsal="x-rehearsal" in head,
        size=file.stat().st_size,
    )


def read_head(message: bytes) -> dict[str, str]:
    """A message's headers in words, by small name; of two of one name, the first."""
    parsed = BytesHeaderParser(policy=policy.default).parsebytes(message)
    return {name.lower(): _in_words(value) for name, value in reversed([*parsed.raw_items()])}


def _in_words(value: str) -> str:
    """Decode a header; the parser's own decoding leaves a blank between two encoded-words."""
    octets = _FOLD.sub("", value).encode("ascii", "surrogateescape")
    line = octets.decode("utf-8", "replace").strip()
    try:
        return str(make_header(decode_header(line)))
    except (LookupError, HeaderParseError, UnicodeError):
        return line
