"""Connections to the scripted server, closed again; and trust in the certificate it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.config import Smtp
from pipeline.delivery import opening
from pipeline.delivery.smtp import Connection
from tests.delivery.lines import Place
from tests.delivery.sending import Sending, make_sending
from tests.support.smtp import Certificate

Connect = Callable[..., Connection]


def settings_for(server: Place, **values: Any) -> Smtp:
    """Provider settings that lead to `server`."""
    plain = Smtp(host=server.host, port=server.port, security="none", timeout_seconds=20)
    return replace(plain, **values)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Make a connection to a server: `connect(server, messages_per_connection=2)`."""
    made: list[Connection] = []

    def make(server: Place, **values: Any) -> Connection:
        made.append(Connection(settings_for(server, **values), "larkfield.example"))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certificate]:
    """The server's certificate, in a world that trusts it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    opening._tls_context.cache_clear()
    yield certificate
    opening._tls_context.cache_clear()


@pytest.fixture
def sending(engine: Engine, tmp_path: Path) -> Sending:
    """A campaign to be launched; the test runs once for each kind of database."""
    return make_sending(engine, tmp_path)
