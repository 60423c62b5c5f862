"""Logging in: each mechanism over TLS, and a password or token that a program prints."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.delivery import passwords, probe
from pipeline.delivery.passwords import PrintedPassword, printed_by
from pipeline.errors import TransportUnavailable
from tests.delivery.conftest import settings_for
from tests.support.smtp import CapturingServer, Certificate

StartServer = Callable[..., CapturingServer]
PASSWORD = "open-sesame-4711"
LONG_TOKEN = "t0ken-" * 100  # too long for a command of 512 octets


@pytest.fixture
def locked(start_smtp_server: StartServer, trusted: Certificate) -> StartServer:
    """Start a server that lets `us` in over STARTTLS: `locked(PASSWORD, mechanisms=("PLAIN",))`."""

    def start(password: str = PASSWORD, **options: tuple[str, ...]) -> CapturingServer:
        return start_smtp_server(certificate=trusted, login=("us", password), **options)

    return start


def log_in(server: CapturingServer, auth: str = "", password: str = "", *command: str) -> None:
    settings = settings_for(
        server,
        host="localhost",
        security="starttls",
        auth=auth,
        username="us",
        password=password,
        password_command=command,
    )
    probe(settings, "larkfield.example")


def why_not(server: CapturingServer, *how: str) -> TransportUnavailable:
    with pytest.raises(TransportUnavailable) as caught:
        log_in(server, *how)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    told = "".join(traceback.format_exception(caught.value)) + caught.value.hint
    assert PASSWORD not in told
    assert LONG_TOKEN not in told
    return caught.value


# --- mechanisms ---------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["plain", "login", "xoauth2"])
def test_the_mechanism_that_is_set_is_used(locked: StartServer, auth: str) -> None:
    server = locked()

    log_in(server, auth, PASSWORD)

    assert server.script.logins == [auth.upper()]


@pytest.mark.parametrize(
    ("offered", "used"), [(("PLAIN", "LOGIN", "XOAUTH2"), "PLAIN"), (("LOGIN",), "LOGIN")]
)
def test_without_one_the_server_decides(
    locked: StartServer, offered: tuple[str, ...], used: str
) -> None:
    server = locked(mechanisms=offered)

    log_in(server, "", PASSWORD)

    assert server.script.logins == [used]


@pytest.mark.parametrize("auth", ["plain", "login", "xoauth2"])
def test_a_mechanism_that_is_not_offered_is_not_tried(locked: StartServer, auth: str) -> None:
    others = tuple(one for one in ("PLAIN", "LOGIN", "XOAUTH2") if one != auth.upper())
    server = locked(mechanisms=others)
    error = why_not(server, auth, PASSWORD)

    assert f"offers no login by {auth.upper()}, but by {', '.join(sorted(others))}" in str(error)
    assert "AUTH" not in server.script.commands


def test_a_server_without_logins_is_told(locked: StartServer) -> None:
    error = why_not(locked(mechanisms=()), "xoauth2", PASSWORD)

    assert "offers no login by XOAUTH2, but by nothing" in str(error)


@pytest.mark.parametrize("auth", ["plain", "login", "xoauth2"])
def test_a_refused_login_is_one_clear_sentence(locked: StartServer, auth: str) -> None:
    error = why_not(locked("another"), auth, PASSWORD)

    assert "does not accept the login: 535 5.7.8" in str(error)
    assert error.permanent
    assert "PIPELINE_SMTP_PASSWORD" in error.hint


# --- XOAUTH2 ------------------------------------------------------------------------------------


def test_what_the_server_says_against_a_token_is_told(locked: StartServer) -> None:
    error = why_not(locked("another"), "xoauth2", PASSWORD)

    assert 'credentials invalid: {"status":"401","schemes":"bearer"}' in str(error)


def test_a_token_too_long_for_a_command_follows_it(locked: StartServer) -> None:
    server = locked(LONG_TOKEN)

    log_in(server, "xoauth2", LONG_TOKEN)  # RFC 4954 4; aiosmtpd refuses a longer command

    assert server.script.logins == ["XOAUTH2"]


def test_a_long_token_can_be_refused_too(locked: StartServer) -> None:
    assert '{"status":"401"' in str(why_not(locked("another"), "xoauth2", LONG_TOKEN))


@pytest.mark.parametrize("auth", ["", "login", "xoauth2"])
def test_a_challenge_that_is_none_ends_the_opening(locked: StartServer, auth: str) -> None:
    server = locked(mechanisms=("LOGIN", "XOAUTH2"))
    server.answer("AUTH", "334 %%%a")

    assert "is no Base64" in str(why_not(server, auth, PASSWORD))


# --- a program that prints ----------------------------------------------------------------------


class Printing:
    """A program that prints what a file holds, and notes each time it is asked."""

    def __init__(self, folder: Path) -> None:
        self._file, self._asked = folder / "password", folder / "asked"
        script = 'echo . >> "$2"; cat "$1"'
        self.command = ("/bin/sh", "-c", script, "sh", str(self._file), str(self._asked))

    def will_print(self, text: str) -> None:
        self._file.write_text(text)

    @property
    def times_asked(self) -> int:
        return self._asked.read_text().count(".") if self._asked.exists() else 0


@pytest.fixture
def program(tmp_path: Path) -> Printing:
    made = Printing(tmp_path)
    made.will_print(f"{PASSWORD}\nand what is for people\n")
    return made


@pytest.mark.parametrize("auth", ["", "plain", "login", "xoauth2"])
def test_the_first_line_that_a_program_prints_is_the_password(
    locked: StartServer, program: Printing, auth: str
) -> None:
    log_in(locked(), auth, "", *program.command)


def test_connections_share_what_was_printed(locked: StartServer, program: Printing) -> None:
    server = locked()

    log_in(server, "xoauth2", "", *program.command)
    log_in(server, "xoauth2", "", *program.command)

    assert program.times_asked == 1


def test_a_token_that_has_expired_is_renewed_at_once(
    locked: StartServer, program: Printing
) -> None:
    server = locked()
    program.will_print("stale")
    assert printed_by(program.command).read() == "stale"
    program.will_print(PASSWORD)

    log_in(server, "xoauth2", "", *program.command)

    assert server.script.logins == ["XOAUTH2", "XOAUTH2"]
    assert program.times_asked == 2


def test_a_token_that_is_no_other_when_renewed_is_not_tried_again(
    locked: StartServer, program: Printing
) -> None:
    server = locked("another")
    error = why_not(server, "xoauth2", "", *program.command)

    assert "does not accept the login: 535" in str(error)
    assert "what its password_command prints" in error.hint
    assert server.script.logins == ["XOAUTH2"]


def test_a_login_refused_for_now_renews_nothing(locked: StartServer, program: Printing) -> None:
    server = locked()
    server.answer("AUTH", "454 4.7.0 try later")

    assert not why_not(server, "xoauth2", "", *program.command).permanent
    assert program.times_asked == 1


def test_a_printed_password_is_kept_for_five_minutes(program: Printing) -> None:
    clock = [0.0]
    printed = PrintedPassword(program.command, lambda: clock[0])
    printed.read()
    program.will_print("another")

    clock[0] = 299.9
    assert printed.read() == PASSWORD
    clock[0] = 300.0
    assert printed.read() == "another"


def test_one_that_was_refused_is_renewed_once_for_all_who_had_it(program: Printing) -> None:
    printed = PrintedPassword(program.command)
    old = printed.read()
    program.will_print("another")

    assert [printed.read(refused=old), printed.read(refused=old)] == ["another", "another"]
    assert program.times_asked == 2


def test_a_failure_is_not_kept(program: Printing) -> None:
    printed = PrintedPassword(program.command)
    program.will_print("")
    with pytest.raises(TransportUnavailable):
        printed.read()
    program.will_print(PASSWORD)

    assert printed.read() == PASSWORD


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (f"print({PASSWORD!r}); raise SystemExit(3)", "failed with status 3"),
        (f"raise SystemExit({PASSWORD!r})", "failed with status 1"),
        (f"print(); print({PASSWORD!r})", "printed nothing in its first line"),
        ("", "printed nothing in its first line"),
    ],
)
def test_a_program_that_fails_is_told_without_what_it_said(
    locked: StartServer, capfd: pytest.CaptureFixture[str], code: str, why: str
) -> None:
    server = locked()
    error = why_not(server, "xoauth2", "", sys.executable, "-c", code)

    assert str(error) == f"the password command {sys.executable!r} {why}"
    assert PASSWORD not in "".join(capfd.readouterr())
    assert "AUTH" not in server.script.commands


def test_a_program_that_is_not_there_is_told(locked: StartServer, tmp_path: Path) -> None:
    error = why_not(locked(), "xoauth2", "", str(tmp_path / "gone"))

    assert "gone' cannot be run: No such file or directory" in str(error)


def test_a_program_that_never_ends_is_ended(
    locked: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "LONGEST_SECONDS", 0.01)
    error = why_not(locked(), "xoauth2", "", "tail", "-f", "/dev/null")

    assert "'tail' gave no answer" in str(error)


@pytest.fixture
def typed() -> Iterator[None]:
    """Somebody has typed a line into our standard input."""
    reads, writes = os.pipe()
    os.write(writes, b"a line\n")
    os.close(writes)
    before = os.dup(0)
    os.dup2(reads, 0)
    yield
    os.dup2(before, 0)
    os.close(before)
    os.close(reads)


@pytest.mark.usefixtures("typed")
def test_a_program_cannot_read_what_is_typed(locked: StartServer) -> None:
    server = locked()
    error = why_not(server, "xoauth2", "", sys.executable, "-c", "print(input())")

    assert "failed with status 1" in str(error)
    assert "AUTH" not in server.script.commands
