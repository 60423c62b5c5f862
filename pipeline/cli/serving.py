"""`pipeline serve`: the clock, the worker, the mailbox and the web in one process tree."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from pipeline.cli.frame import say
from pipeline.cli.stopping import leave_at_once, stopping_politely
from pipeline.clock import Clock, Site
from pipeline.config import Provider
from pipeline.delivery import LocalMailbox, probe_each
from pipeline.errors import PipelineError
from pipeline.web import make_app


def serve_site(site: Site, host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; then finish what is in flight and end.

    Raises PipelineError when the address cannot be listened on.
    """
    with stopping_politely(), _listening(host, port) as listener, _mailbox(site) as provider:
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        say(f"Serving {site.config.site.title} on {address} (Ctrl-C to stop)")
        if provider is not None:
            say(f"No provider is set: mail goes to the local mailbox, {address}mailbox/")
        clock = Clock(site, provider, say)
        try:
            clock.start()
            _make_server(site).run(sockets=[listener])
        except KeyboardInterrupt:
            pass  # uvicorn has closed its connections and passes the signal on
        finally:
            clock.stop()
    say("Stopped. What was not sent stays planned and goes on at the next start.")


class _Server(uvicorn.Server):
    """Uvicorn, which would answer a second Ctrl-C with a traceback."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Close at the first signal; leave at the second."""
        if self.should_exit:
            leave_at_once(sig, frame)
        super().handle_exit(sig, frame)


def _make_server(site: Site) -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            make_app(site),
            log_level="warning",
            access_log=False,  # its lines would hold readers' tokens
            server_header=False,
            proxy_headers=False,  # who is on this machine is decided by the connection alone
            timeout_graceful_shutdown=10,
        )
    )


@contextmanager
def _mailbox(site: Site) -> Iterator[Provider | None]:
    """The local mailbox while no provider is set; else None, and each provider is tried once."""
    if site.config.rehearsal:
        with LocalMailbox(site.mailbox) as local:
            yield local.provider
        return
    working, problems = probe_each(site.config.providers, site.config.site.authority)
    meanwhile = "the others carry mail" if working else "mail waits"
    for error in problems:
        say(f"{error} ({error.hint}). Feeds are served; {meanwhile} until it works.")
    yield None


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)  # at once, so that a second server is refused from now on
        except OSError as error:
            raise PipelineError(
                f"cannot listen on {host}:{port}: {error.strerror}",
                hint="another server may run there; choose one with --port, or [serve] port",
            ) from error
        yield listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
