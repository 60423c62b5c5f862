"""The sink: a mail server in C (sink.c) that throws everything away, compiled when it is needed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("sink.c")


@dataclass(frozen=True)
class Taken:
    """What a sink took in its life; times are of time.monotonic()."""

    messages: int
    most_connections: int
    octets: int  # of bodies, as they stood on the wire
    first_at: float
    last_at: float

    @property
    def rate(self) -> float:
        """Messages a second, from the first one taken to the last."""
        return (self.messages - 1) / (self.last_at - self.first_at)


@dataclass(frozen=True)
class Sink:
    """A running sink on 127.0.0.1."""

    port: int
    process: subprocess.Popen[str]

    def stop(self) -> Taken:
        """End it, and hear what it took."""
        self.process.terminate()
        return Taken(**json.loads(self.process.communicate()[0]))


def compile_sink(compiler: Path, folder: Path) -> Path:
    """The program, made in `folder`. Raises RuntimeError with what the compiler said."""
    program = folder / "sink"
    options = ["-O2", "-Wall", "-Wextra", "-Werror"]
    command = [str(compiler), *options, "-o", str(program), str(SOURCE)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"{SOURCE.name} could not be compiled:\n{made.stderr}")
    return program


@contextmanager
def run_sink(
    program: Path, *, body_ms: int = 0, travel_ms: int = 0, log: Path | None = None
) -> Iterator[Sink]:
    """Run it: each body takes it `body_ms`, its replies are under way for `travel_ms`."""
    options = ["-d", str(body_ms), "-r", str(travel_ms), *(["-l", str(log)] if log else [])]
    with subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Sink(int(process.stdout.readline()), process)
        finally:
            process.kill()
