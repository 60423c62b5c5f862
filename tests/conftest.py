"""What every test can ask for: databases, golden files, a site, a mail server.

What a machine lacks is said through tests.support.programs.need, and once more at the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from pipeline.config import Config
from pipeline.db import make_engine
from tests.support import databases, postgresql, programs
from tests.support.golden import Golden
from tests.support.programs import need
from tests.support.shelf import SITE, Shelf
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer, Certificate, make_certificate

# Deadlines measure the machine, not the code.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile(
    "ci",
    max_examples=150,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-golden", action="store_true", help="write the golden files instead of comparing"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Keep the name of a missing program with the test's report, for the list at the end."""
    report = yield
    if call.excinfo is not None:
        report.lacks = getattr(call.excinfo.value, "program", "")
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Close with what this machine lacks, where nobody overlooks it."""
    yield
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    names = [name for report in reports if (name := getattr(report, "lacks", ""))]
    if not names:
        return
    terminalreporter.write_sep("=", "NOT EVERYTHING WAS TESTED: this machine lacks", red=True)
    for line in programs.summary(names):
        terminalreporter.write_line(line, red=True)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden(path, content)` compares bytes with a kept file; --renew-golden writes it."""
    return Golden(renewing=bool(request.config.getoption("--renew-golden")))


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    """A minimal site in a folder of its own."""
    return SiteFolder.make(tmp_path / "site")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A folder of posts to write into and to read."""
    (tmp_path / "site" / "posts").mkdir(parents=True)
    return Shelf(Config(root=tmp_path / "site", site=SITE))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """A private PostgreSQL server; one for each test process."""
    with postgresql.run_server(need("postgresql").parent) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: postgresql.Server) -> str:
    """The name of a migrated database on that server, to be copied."""
    databases.migrate(postgresql_server.create(databases.MIGRATED))
    return databases.MIGRATED


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "pipeline.db"
    databases.migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database; the test runs once for each kind."""
    if request.param == "sqlite":
        yield databases.copy_of(request.getfixturevalue("migrated_sqlite"), tmp_path)
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("migrated_postgresql")
    with databases.database_on(server, request.node.name, template) as url:
        yield url


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table, for tests of the migrations themselves."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgresql_server")
    with databases.database_on(server, request.node.name, "template0") as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh, migrated database; the test runs once for each kind."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost and 127.0.0.1 that signs itself."""
    return make_certificate(need("openssl"), tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def start_smtp_server() -> Iterator[Callable[..., CapturingServer]]:
    """Start mail servers as a test needs them: `start_smtp_server(login=("user", "word"))`."""
    started: list[CapturingServer] = []

    def start(**options: Any) -> CapturingServer:
        started.append(CapturingServer(**options))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def smtp_server(start_smtp_server: Callable[..., CapturingServer]) -> CapturingServer:
    """A mail server on loopback that takes everything, until told otherwise."""
    return start_smtp_server()
