"""A real server for tests: uvicorn in a thread, asked byte for byte as a test wants."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from types import TracebackType
from typing import Self

import uvicorn

from pipeline.clock import Site
from pipeline.web import make_app

WAIT_SECONDS = 20


@dataclass(frozen=True)
class Reply:
    """What came back; `headers` finds names in any case."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class _Uvicorn(uvicorn.Server):
    """Says when it is ready, and ends at once when told: the original looks at a clock."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self.loop, self.told = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        await self.told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002  # its signature
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections:  # noqa: ASYNC110  # nothing there tells when
            await asyncio.sleep(0)
        await self.lifespan.shutdown()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.told.set)


class Server:
    """One site on a free port of 127.0.0.1, from `with` to the end of the block."""

    def __init__(self, site: Site) -> None:
        config = uvicorn.Config(make_app(site), log_config=None, access_log=False)
        self._uvicorn = _Uvicorn(config)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(
            target=self._uvicorn.run, kwargs={"sockets": [self._listener]}
        )
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._uvicorn.ready.wait(WAIT_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._uvicorn.end()
        self._thread.join(WAIT_SECONDS)
        self._listener.close()

    def get(self, path: str, **headers: str) -> Reply:
        """GET; `if_none_match="..."` sends If-None-Match."""
        return self.ask("GET", path, [(_name(name), value) for name, value in headers.items()])

    def post(self, path: str, body: bytes, content_type: str = "") -> Reply:
        kind = content_type or "application/x-www-form-urlencoded"
        return self.ask("POST", path, [("Content-Type", kind)], body)

    def ask(
        self,
        method: str,
        path: str,
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Send exactly this path and these headers, in this order."""
        given = headers or []
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            has_host = any(name == "Host" for name, _ in given)
            connection.putrequest(method, path, skip_host=has_host, skip_accept_encoding=True)
            for name, value in given:
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def exchange(self, request: bytes) -> bytes:
        """Send these bytes and read until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), WAIT_SECONDS) as connection:
            connection.sendall(request)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer


def _name(keyword: str) -> str:
    return keyword.replace("_", "-").title()
