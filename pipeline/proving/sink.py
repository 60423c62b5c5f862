"""The mail server of a trial: writes each recipient down before it answers 250, and makes trouble.

A process of its own, `python -m pipeline.proving.sink LOG SEED SLOTS`: orders come on its input,
one JSON object a line, and what happens is told on its output. Each slot of workers has a port of
its own, so that the conductor knows whose connection it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from pipeline.proving.trial import LATER

LARGEST = 4_000_000  # octets of a message
LOOK_SECONDS = 0.005
SLOWEST_SECONDS = 0.03  # over a body, so that some are in flight at any time
WORKERS_END_SECONDS = 1  # after which they no longer write
FULL = "421 4.3.2 too many of you"
TAKEN = "250 2.0.0 taken"


class BrokenOff(Exception):
    """The server hangs up without a word."""


@dataclass
class Trap:
    """Holds the connection of one slot that comes by a moment, until the conductor says more."""

    slot: int
    moment: str
    after: int
    answer: asyncio.Future[str] = field(repr=False)


@dataclass
class Client:
    """One connection."""

    slot: int
    pipelining: bool
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    recipient: str = ""
    permitted: bool = False  # to have one more message taken

    async def say(self, reply: str) -> None:
        """Answer."""
        self.writer.write(f"{reply}\r\n".encode())
        await self.writer.drain()


class Sink:
    """Takes as many messages as it is fed with permission for.

    The moments of a message, at each of which its connection may be held or broken off: MAIL,
    RCPT, DATA (granted), part (of the body came), lost (all of it came, and nothing is written
    down), kept (it is written down), reply (it is answered).
    """

    def __init__(self, log: str, seed: int, slots: int) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._chance = Random(seed)  # noqa: S311  # makes trouble, guards nothing
        self._may_take = 0.0
        self._taken = 0
        self._busy = 0  # connections that were granted a body and have not come to its end
        self._welcomed = [0] * slots  # connections so far
        self._weather: dict[str, float] = {}
        self._traps: deque[Trap] = deque()
        self._held: Trap | None = None
        self._frozen = 0  # the number of a worker that stands still, which cannot end by itself

    # --- the conductor ---------------------------------------------------------------------------

    def obey(self, order: dict[str, Any]) -> None:
        """Do as an order says, and tell how things stand."""
        self._may_take = order.get("may_take", self._may_take) + order.get("feed", 0)
        self._weather = order.get("weather", self._weather)
        self._frozen = order.get("frozen", self._frozen)
        if "trap" in order:
            answer = asyncio.get_running_loop().create_future()
            self._traps.append(Trap(**order["trap"], answer=answer))
        if "release" in order:
            self._release(order["release"])
        _tell(taken=self._taken, busy=self._busy, welcomed=self._welcomed)

    def _release(self, answer: str) -> None:
        self._traps.clear()
        if self._held is not None:
            self._held.answer.set_result(answer)
            self._held = None

    async def _come_by(self, moment: str, client: Client) -> str:
        """What to answer at a moment other than the usual. Raises BrokenOff."""
        for trap in self._traps:
            if (trap.slot, trap.moment) == (client.slot, moment):
                trap.after -= 1
                if trap.after <= 0 and self._held is None:
                    self._traps.remove(trap)
                    self._held = trap
                    _tell(trapped=client.recipient)
                    return _or_break(await trap.answer)
        if self._happens("break"):
            raise BrokenOff
        if moment == "MAIL" and self._happens("full"):
            return FULL
        return LATER if moment in ("RCPT", "lost") and self._happens("later") else ""

    def _happens(self, what: str, default: float = 0) -> bool:
        return self._chance.random() < self._weather.get(what, default)

    async def tidy_up(self, folder: Path) -> None:
        """The conductor was killed: nobody else is left to throw its folder away."""
        if self._frozen:
            with suppress(ProcessLookupError):
                os.kill(self._frozen, signal.SIGKILL)
        await asyncio.sleep(WORKERS_END_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)  # connections and all

    # --- one connection --------------------------------------------------------------------------

    async def welcome(
        self, slot: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Talk with a client until one of us leaves."""
        self._welcomed[slot] += 1
        client = Client(slot, self._chance.random() < 0.5, reader, writer)
        try:
            await self._talk(client)
        except (BrokenOff, ConnectionError, asyncio.IncompleteReadError):
            pass  # that is what a trial is for
        finally:
            self._may_take += client.permitted
            writer.transport.abort()

    async def _talk(self, client: Client) -> None:
        if self._happens("full"):
            await client.say(FULL)
            return
        await client.say("220 sink")
        while line := await client.reader.readline():
            words = line.decode().strip()
            verb = words[:4].upper()
            reply = await self._answer(verb, words, client)
            if reply.startswith("354"):
                await self._grant(reply, client)
                continue
            await client.say(reply)
            if verb == "QUIT" or reply.startswith("421"):
                return

    async def _answer(self, verb: str, words: str, client: Client) -> str:
        if verb == "EHLO":
            return "250-sink\r\n250 PIPELINING" if client.pipelining else "250 sink"
        if verb == "MAIL":
            client.recipient = ""
            await self._permit(client)
            return await self._come_by("MAIL", client) or "250 2.1.0 well"
        if verb == "RCPT":
            client.recipient = words.partition("<")[2].partition(">")[0]
            later = await self._come_by("RCPT", client)
            client.recipient = "" if later else client.recipient
            return later or "250 2.1.5 well"
        if verb == "DATA":
            return "354 go on" if client.recipient else "554 5.5.1 nobody to send it to"
        return "221 goodbye" if verb == "QUIT" else "250 2.0.0 well"

    async def _permit(self, client: Client) -> None:
        """Wait for permission; one that led to nothing is good for the next message."""
        if client.permitted:
            return
        while self._may_take < 1:  # noqa: ASYNC110  # many wait, and each takes one
            await asyncio.sleep(LOOK_SECONDS)
        self._may_take -= 1
        client.permitted = True

    async def _grant(self, reply: str, client: Client) -> None:
        self._busy += 1
        try:
            await client.say(reply)
            await self._take(client)
        finally:
            self._busy -= 1

    async def _take(self, client: Client) -> None:
        """Take a body; the order of these lines is what a proof rests on."""
        try:
            await self._come_by("DATA", client)
            await client.reader.readexactly(100)
            await self._come_by("part", client)
            await client.reader.readuntil(b"\r\n.\r\n")
            later = await self._come_by("lost", client)
            if later:
                await client.say(later)
                return
            self._write_down("copy", client)
            self._taken += 1
            client.permitted = False
            await asyncio.sleep(self._chance.random() * SLOWEST_SECONDS)
            await self._come_by("kept", client)
            await client.say(TAKEN)
            await self._come_by("reply", client)
        except BrokenOff:  # after the reply, too: the hanging up may overtake it
            self._write_down("cut", client)
            raise

    def _write_down(self, what: str, client: Client) -> None:
        os.write(self._log, f"{what} {client.recipient}\n".encode())


def _or_break(answer: str) -> str:
    if not answer:
        raise BrokenOff
    return answer


def _tell(**what: object) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


async def serve(log: str, seed: int, slots: int) -> None:
    """Serve until the conductor is gone."""
    sink = Sink(log, seed, slots)
    ports = []
    for slot in range(slots):
        server = await asyncio.start_server(
            lambda *ends, slot=slot: sink.welcome(slot, *ends), "127.0.0.1", 0, limit=LARGEST
        )
        ports.append(server.sockets[0].getsockname()[1])
    _tell(ports=ports)
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        sink.obey(json.loads(line))
    await sink.tidy_up(Path(log).parent)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
