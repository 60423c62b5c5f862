"""`pipeline dkim`, and what the other commands say of keys that cannot sign."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.config import read_config
from tests.cli.conftest import Pipeline
from tests.support.signatures import by_dkimpy, signer_of
from tests.support.site import SiteFolder

RECORD = re.compile(r"^(\S+)\. IN TXT (.*)$", re.MULTILINE)


@pytest.fixture
def filled(site: SiteFolder) -> SiteFolder:
    """A site with something to send."""
    site.add_post("first")
    site.add_subscribers("readers", ["ada@example.com"])
    return site


def mails(site: SiteFolder) -> list[Path]:
    return list((site.root / "var/mailbox").glob("*/*.eml"))


def published(output: str) -> tuple[str, str]:
    """The name in DNS and what it says, from the line of a zone file."""
    match = RECORD.search(output)
    assert match is not None, output
    strings = re.findall(r'"([^"]*)"', match[2])
    assert max(map(len, strings)) <= 255
    return match[1], "".join(strings)


def test_a_new_key_comes_with_its_record_and_its_settings(
    pipeline: Pipeline, filled: SiteFolder
) -> None:
    made = pipeline("dkim", "new", "spring")
    filled.configure_more(made.stdout[made.stdout.index("[dkim]") :])
    name, record = published(made.stdout)

    assert name == "spring._domainkey.larkfield.example"
    assert record.startswith("v=DKIM1; k=rsa; p=")
    assert published(pipeline("dkim").stdout) == (name, record)
    (row,) = json.loads(pipeline("dkim", "list", "--json").stdout)
    assert row == {
        "selector": "spring",
        "algorithm": "rsa-sha256",
        "name": name,
        "record": record,
    }
    assert pipeline("check").exit_code == 0
    assert pipeline("run").exit_code == 0
    (mail,) = mails(filled)  # a rehearsal
    verify = by_dkimpy(signer_of(read_config(filled.root, {})))
    assert verify([mail.read_bytes()]) == [[True]]


def test_a_second_key_may_be_of_the_other_kind(pipeline: Pipeline, filled: SiteFolder) -> None:
    made = pipeline("dkim", "new", "spring-ed", "--type", "ed25519")

    assert published(made.stdout)[1].startswith("v=DKIM1; k=ed25519; p=")
    assert (filled.root / "var/dkim/spring-ed.pem").stat().st_mode & 0o777 == 0o600


def test_a_selector_is_used_once(pipeline: Pipeline) -> None:
    pipeline("dkim", "new", "spring", "--type", "ed25519")
    again = pipeline("dkim", "new", "spring", "--type", "ed25519")

    assert again.exit_code == 1
    assert "spring.pem is there already, so no key was made" in again.stderr


def test_without_keys_signing_is_the_providers(pipeline: Pipeline) -> None:
    assert "left to the provider" in pipeline("dkim").stdout
    assert json.loads(pipeline("dkim", "--json").stdout) == []


def test_a_key_that_cannot_be_used_is_told_and_nothing_is_launched(
    pipeline: Pipeline, filled: SiteFolder
) -> None:
    filled.configure_more('[dkim]\ndomain = "larkfield.example"\nkeys = ["spring.pem"]')

    checked, done = pipeline("check"), pipeline("run")

    assert (checked.exit_code, done.exit_code) == (1, 1)
    assert checked.stdout.count("spring.pem cannot be read") == 1
    assert "spring.pem cannot be read" in done.stderr
    assert json.loads(pipeline("campaigns", "--json").stdout) == []
    assert mails(filled) == []


def test_a_newsletter_of_another_domain_is_named_and_the_others_go_out(
    pipeline: Pipeline, filled: SiteFolder
) -> None:
    filled.configure_more('[[newsletter]]\nname = "odd"\nlist = "readers"\nfrom_email = "a@e.de"')
    pipeline("dkim", "new", "spring", "--type", "ed25519")
    filled.configure_more('[dkim]\ndomain = "larkfield.example"\nkeys = ["var/dkim/spring.pem"]')

    checked, done = pipeline("check"), pipeline("run")

    assert (checked.exit_code, done.exit_code) == (1, 1)
    assert "newsletter 'odd': dkim.domain: 'larkfield.example' cannot sign" in checked.stdout
    assert "cannot sign for the sender a@e.de" in done.stderr
    assert [one["newsletter"] for one in json.loads(pipeline("status", "--json").stdout)] == [
        "digest"
    ]
    assert len(mails(filled)) == 1
