"""Who counts as being on this machine."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.connection import ASGIConnection

from pipeline.web.loopback import is_loopback, is_on_this_machine


def asked(
    peer: str | None = "127.0.0.1", host: str = "127.0.0.1:8321", version: str = "1.1", **more: str
) -> bool:
    """Whether a request with this peer, Host, HTTP version and headers is from here."""
    headers = {"host": host, **{name.replace("_", "-"): value for name, value in more.items()}}
    scope: Any = {
        "type": "http",
        "http_version": version,
        "client": (peer, 50000) if peer is not None else None,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return is_on_this_machine(ASGIConnection(scope))


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1:8321", "localhost:8321", "LOCALHOST", "[::1]:8321", "larkfield.localhost"]
)
def test_a_browser_here_that_asks_for_here_is_let_in(peer: str, host: str) -> None:
    assert asked(peer, host)


@pytest.mark.parametrize(
    "peer", ["192.0.2.7", "10.0.0.2", "::ffff:192.0.2.7", "2001:db8::1", "", None]
)
def test_another_machine_is_not(peer: str | None) -> None:
    assert not asked(peer)


@pytest.mark.parametrize(
    "host",
    ["larkfield.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[", "@", "0"],
)
def test_a_name_that_was_pointed_here_from_elsewhere_is_not(host: str) -> None:
    assert not asked(host=host)


@pytest.mark.parametrize(
    "header", ["x_forwarded_for", "x_forwarded_host", "x_real_ip", "forwarded", "via"]
)
def test_what_a_proxy_passes_on_is_not_even_when_it_claims_to_be(header: str) -> None:
    assert not asked(**{header: "127.0.0.1"})


def test_a_proxy_that_adds_nothing_shows_by_its_old_version_of_http() -> None:
    assert not asked(version="1.0")


@pytest.mark.parametrize("name", ["localhost.", "127.0.0.1", "::1"])
def test_names_of_this_machine_are_known(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize("name", ["", ".", "local", "2130706433", "127.1", "example.com"])
def test_other_names_are_not_guessed_at(name: str) -> None:
    assert not is_loopback(name)
