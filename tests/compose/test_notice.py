"""The mail that asks whether somebody wants to join a list."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from pipeline.compose import Sender, make_confirmation, write_notice
from pipeline.config import Config, Site

SITE = Site("Larkfield", "https://larkfield.example", "letter@larkfield.example")
SENDER = Sender(
    "Larkfield", "letter@larkfield.example", "desk@larkfield.example", "", "", False
)  # no rehearsal
LINK = "https://larkfield.example/confirm/1-aaaaaaaaaaaaaaaaaaaaaa"
HOSTILE = 'Käse & "Wein"\r\nBcc: eve@example.com\0 <b>\ue000email\ue001 {{ 7*7 }}'


def message(tmp_path: Path, title: str = "The Letter", language: str = "en") -> EmailMessage:
    config = Config(root=tmp_path, site=replace(SITE, language=language))
    notice = make_confirmation(title, LINK, date(2026, 3, 10), date(2026, 3, 3), config)
    sent_at = datetime(2026, 3, 3, 14, tzinfo=UTC)
    octets = write_notice(
        notice, SENDER, "ada@example.com", "notice.1.a@larkfield.example", sent_at
    )
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    assert not any(line.startswith(b".") for line in octets.split(b"\r\n"))
    assert b"\n" not in octets.replace(b"\r\n", b"")
    return email.message_from_bytes(octets, policy=email.policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_it_says_who_asks_what_and_until_when(tmp_path: Path) -> None:
    mail = message(tmp_path)

    assert mail["Subject"] == "Please confirm: The Letter"
    assert mail["To"].addresses[0].addr_spec == "ada@example.com"
    assert mail["Reply-To"].addresses[0].addr_spec == "desk@larkfield.example"
    for kind in ("plain", "html"):
        text = part(mail, kind)
        assert LINK in text
        assert "until March 10, 2026" in text
        assert "Larkfield" in text


def test_it_has_nothing_of_a_mailing_list(tmp_path: Path) -> None:
    mail = message(tmp_path)

    assert [name for name in mail if name.lower().startswith(("list-", "precedence"))] == []
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "X-Rehearsal" not in mail


def test_it_is_german_for_a_german_site(tmp_path: Path) -> None:
    mail = message(tmp_path, language="de-AT")

    assert mail["Subject"] == "Bitte bestätigen: The Letter"
    assert "bis zum 10. März 2026" in part(mail, "plain")


def test_a_hostile_title_stays_a_title(tmp_path: Path) -> None:
    mail = message(tmp_path, HOSTILE)

    assert "Bcc" not in mail
    assert "<b>" not in part(mail, "html")
    assert "{{ 7*7 }}" in part(mail, "plain")
    assert "\ue000" not in mail.as_string()


def test_a_site_can_write_it_in_its_own_words(tmp_path: Path) -> None:
    own = tmp_path / "templates" / "notices"
    own.mkdir(parents=True)
    (own / "confirmation.txt").write_text("Own words: {{ notice.url }}\n")

    assert part(message(tmp_path), "plain").strip() == f"Own words: {LINK}"


@pytest.mark.parametrize("count", [1, 300])
def test_long_titles_are_folded(tmp_path: Path, count: int) -> None:
    assert message(tmp_path, "x" * count)["Subject"] == f"Please confirm: {'x' * count}"
