"""What every sending benchmark needs: a folder, the sink, the message, a mailing, smtp-source."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.benchmarks.clients import Sent, SmtpSource, Spent, into_sink
from tests.benchmarks.mailings import Mailing, capture_message, make_mailing
from tests.benchmarks.measuring import need
from tests.benchmarks.sink import compile_sink


@dataclass(frozen=True)
class Workshop:
    """A folder that goes at the end, and what is made in it when it is first asked for."""

    folder: Path

    @cached_property
    def sink(self) -> Path:
        """The sink's program. Raises Missing without a C compiler."""
        return compile_sink(need("cc"), self.folder)

    @cached_property
    def message(self) -> Path:
        """One reader's message, with the line ends that smtp-source wants."""
        file = self.folder / "message"
        file.write_bytes(capture_message(self.folder / "one").replace(b"\r\n", b"\n"))
        return file

    def mailing(self, people: int, *, launched: bool = True) -> Mailing:
        """A fresh site with a campaign to so many people."""
        return make_mailing(self.folder / f"site-{people}", people, launched=launched)

    def smtp_source(self, connections: int, messages: int) -> SmtpSource:
        """The yardstick. Raises Missing without it."""
        return SmtpSource(need("smtp-source"), self.message, connections, messages)

    def send(self, mailing: Mailing, connections: int, **sink: int) -> Sent:
        """Send a copy of a mailing into a fresh sink."""
        copy = mailing.copy(self.folder / "copy")

        def send(port: int) -> Spent:
            return copy.send(port, connections)

        return self.into_sink(send, mailing.people, **sink)

    def into_sink(self, send: Callable[[int], Spent], messages: int, **sink: int) -> Sent:
        """Let any client send into a fresh sink."""
        return into_sink(self.sink, send, messages, **sink)

    def startup(self, mailing: Mailing) -> Spent:
        """What `pipeline run` takes when nothing is due: for a copy that was just sent."""
        return Mailing(self.folder / "copy", mailing.people).send(0, 1)


@contextmanager
def open_workshop() -> Iterator[Workshop]:
    """Open one in a temporary folder (TMPDIR says on which disk)."""
    with tempfile.TemporaryDirectory() as folder:
        yield Workshop(Path(folder))
