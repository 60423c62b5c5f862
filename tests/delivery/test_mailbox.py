"""The local mailbox: a real server, a Maildir, and nothing left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.compose.headers import address
from pipeline.delivery import LocalMailbox, list_mails, mailbox, probe, read_mail
from pipeline.errors import MessageRefused, TransportUnavailable
from tests.delivery.conftest import Line

ROOT = Path(__file__).parents[2]
MESSAGE = (
    b"From: Larkfield <letter@larkfield.example>\r\nTo: anna@readers.example\r\n"
    b"Subject: =?utf-8?q?Z=C3=A4hne?=\r\n\r\n=2E dot\r\nlast line\r\n"
)


def put(folder: Path, subject: str, **more: str) -> str:
    """Store a message as the server does; its key."""
    lines = [f"Subject: {subject}", *(f"{name}: {value}" for name, value in more.items())]
    path = mailbox.store(folder, ("\r\n".join(lines) + "\r\n\r\nbody\r\n").encode())
    return path.name.removesuffix(".eml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mailbox.make_maildir(tmp_path / "mailbox")
    return tmp_path / "mailbox"


# --- the server ---------------------------------------------------------------------------------


def test_a_message_that_is_handed_over_is_in_the_maildir_byte_for_byte(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "mailbox"
    with LocalMailbox(folder) as local:
        line = Line(local.provider)
        for _ in range(3):
            line.send("anna@readers.example", MESSAGE)
        line.send("jörg@readers.example", "To: jörg@x.example\r\n\r\nö\r\n".encode())
        line.close()

    files = sorted(folder.glob("new/*.eml"))
    assert [file.read_bytes() for file in files[:3]] == [MESSAGE] * 3
    assert files[3].read_bytes() == "To: jörg@x.example\r\n\r\nö\r\n".encode()
    assert list(folder.glob("tmp/*")) == []


def test_the_server_listens_on_this_machine_alone(folder: Path) -> None:
    with LocalMailbox(folder) as local:
        assert local.provider.host == "127.0.0.1"
        assert local.provider.security == "none"


def test_the_server_ends_with_the_block(folder: Path) -> None:
    with LocalMailbox(folder) as local:
        provider = local.provider

    with pytest.raises(TransportUnavailable, match="cannot be reached"):
        probe(provider, "larkfield.example")


def test_the_server_ends_when_the_process_that_started_it_is_killed(folder: Path) -> None:
    program = (
        "import os, pathlib, signal, sys\n"
        "from pipeline.delivery import LocalMailbox\n"
        "with LocalMailbox(pathlib.Path(sys.argv[1])) as local:\n"
        "    print(local._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # The server holds the pipe of its errors open as long as it lives.
    reading, writing = os.pipe()
    killed = subprocess.Popen(
        [sys.executable, "-c", program, folder], cwd=ROOT, stdout=subprocess.PIPE, stderr=writing
    )
    os.close(writing)
    with killed, os.fdopen(reading, "rb") as errors:
        said, _ = killed.communicate(timeout=60)
        assert killed.returncode == -signal.SIGKILL
        assert int(said) > 0
        assert select.select([errors], [], [], 20)[0], "the server still lives"
        assert errors.read() == b""


def test_a_mailbox_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mailbox").write_text("a file is in the way")

    with pytest.raises(TransportUnavailable, match="local mailbox") as caught:
        LocalMailbox(tmp_path / "mailbox").__enter__()
    assert str(tmp_path / "mailbox") in str(caught.value) + caught.value.hint


def test_a_message_that_cannot_be_stored_is_put_off_and_not_refused(tmp_path: Path) -> None:
    with LocalMailbox(tmp_path / "mailbox") as local:
        (tmp_path / "mailbox" / "tmp").rmdir()
        line = Line(local.provider)
        with pytest.raises(MessageRefused, match=r"452 4\.3\.1 cannot be stored") as caught:
            line.send("anna@readers.example", MESSAGE)
        line.close()

    assert not caught.value.permanent


# --- reading it ---------------------------------------------------------------------------------


def test_mails_are_listed_newest_first_with_what_a_list_shows(folder: Path) -> None:
    before = datetime.now(UTC)
    put(folder, "first")
    put(folder, "second", **{"X-Rehearsal": "yes; no provider is set"})
    key = put(folder, "=?utf-8?b?8J+OiQ==?= third", From="a@b.example", To="c@d.example")

    mails, count = list_mails(folder)
    assert [mail.subject for mail in mails] == ["🎉 third", "second", "first"]
    assert [mail.rehearsal for mail in mails] == [False, True, False]
    assert count == 3
    newest = mails[0]
    assert (newest.key, newest.sender, newest.recipient) == (key, "a@b.example", "c@d.example")
    assert before <= newest.received_at <= datetime.now(UTC)
    assert newest.size == (folder / "new" / f"{key}.eml").stat().st_size


def test_a_long_list_is_cut_and_says_how_many_there_are(folder: Path) -> None:
    for number in range(5):
        put(folder, f"{number}")

    mails, count = list_mails(folder, limit=2)
    assert [mail.subject for mail in mails] == ["4", "3"]
    assert count == 5


@pytest.mark.parametrize("name", ["漢字" * 40, "🎉" * 30, "Zoë", 'Anna "Ann" Lee, MD', ""])
def test_a_long_name_is_listed_without_blanks_of_its_encoding(folder: Path, name: str) -> None:
    mailbox.store(folder, f"{address('To', name, 'anna@readers.example')}\r\n\r\n".encode())

    ((mail,), _) = list_mails(folder)
    assert "anna@readers.example" in mail.recipient
    assert name in mail.recipient.replace('\\"', '"')


def test_a_folder_that_is_not_there_holds_no_mail(tmp_path: Path) -> None:
    assert list_mails(tmp_path / "nowhere") == ((), 0)


def test_a_file_of_another_program_does_not_break_the_list(folder: Path) -> None:
    (folder / "new" / "1690000000.M1P2.host.eml").write_bytes(b"\xff\xfe\x00 no mail at all")
    (folder / "cur" / "odd.eml").write_bytes(b"")
    put(folder, "ours")

    mails, count = list_mails(folder)
    assert (mails[0].subject, count) == ("ours", 3)


def test_a_mail_is_read_as_it_arrived_wherever_it_lies(folder: Path) -> None:
    path = mailbox.store(folder, MESSAGE)
    key = path.name.removesuffix(".eml")
    assert read_mail(folder, key) == MESSAGE

    path.rename(folder / "cur" / path.name)
    assert read_mail(folder, key) == MESSAGE


@pytest.mark.parametrize(
    "key",
    [
        "",
        ".",
        "..",
        "../secret",
        "../new/known",
        "../../secret",
        "sub/known",
        "new/../../secret",
        "..%2Fsecret",
        "known\x00",
        "known\n",
        "k" * 5000,
        "漢" * 200,
        "\ud800",
    ],
)
def test_no_key_leads_out_of_the_mailbox(folder: Path, key: str) -> None:
    (folder / "secret.eml").write_bytes(b"secret")
    (folder.parent / "secret.eml").write_bytes(b"secret")
    (folder / "new" / "known.eml").write_bytes(b"known")
    (folder / "new" / "sub").mkdir()
    (folder / "new" / "sub" / "known.eml").write_bytes(b"below")

    assert read_mail(folder, key) is None


def test_an_absolute_key_leads_nowhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_bytes(b"secret")

    assert read_mail(folder, str(tmp_path / "secret")) is None
