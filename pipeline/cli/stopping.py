"""Ctrl-C and SIGTERM: the first lets what is in flight settle, the second leaves at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = "\033[?25h"  # a progress bar has hidden it


@contextmanager
def stopping_politely() -> Iterator[None]:
    """Within the block the first signal raises KeyboardInterrupt; the next ends the process.

    Leaving at once is as safe as a crash: whoever's message was in flight is in doubt, everybody
    else stays planned.
    """
    before = [signal.signal(one, _ask) for one in _SIGNALS]
    try:
        yield
    finally:
        for one, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(one, handler)


def _ask(number: int, frame: FrameType | None) -> None:
    del number, frame
    for one in _SIGNALS:
        signal.signal(one, leave_at_once)
    _say("Stopping: finishing what is in flight. Ctrl-C again leaves at once.")
    raise KeyboardInterrupt


def leave_at_once(number: int, frame: FrameType | None) -> None:
    """End the process as a crash would; a handler of signals."""
    del number, frame
    _say("Left at once. Whoever's message was in flight stands as unknown after the next start.")
    os._exit(130)  # threads that wait for a server would hold up any other way out


def _say(sentence: str) -> None:
    # Past Python's buffers: the signal may have come in the middle of a print.
    line = f"{_SHOW_CURSOR}\n{sentence}\n" if os.isatty(2) else f"{sentence}\n"
    with suppress(OSError):
        os.write(2, line.encode())
