"""Signatures: two verifiers that are not ours accept them, and nothing signed can be changed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose import Letter, Reader, Sender, Signer
from pipeline.config import Config, Site
from pipeline.errors import ConfigError
from tests.compose.test_message import CONTENTS, EDITION, NAMES, READER, READERS, SENDER
from tests.compose.wire import faults, field, fields
from tests.support.programs import need
from tests.support.signatures import Verify, by_dkimpy, by_opendkim, signer_of, with_keys

SENT_AT = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
FEEDBACK_ID = "7:digest:campaign:0123456789ab"
FULL = replace(SENDER, reply_to="desk@larkfield.example", rehearsal=True)
# What requirements of receivers name, and RFC 8058 4 for the two of unsubscribing.
IMPORTANT = {
    "from", "reply-to", "subject", "date", "to", "message-id", "mime-version", "content-type",
    "list-id", "list-help", "list-archive", "list-unsubscribe", "list-unsubscribe-post",
    "feedback-id",
}  # fmt: skip


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """An RSA key and an Ed25519 key."""
    site = Site(title="t", url="https://larkfield.example", email=SENDER.email)
    config = Config(root=tmp_path_factory.mktemp("site"), site=site)
    return signer_of(with_keys(config, "spring", "spring-ed"))


@pytest.fixture(params=["dkimpy", "opendkim"])
def verify(request: pytest.FixtureRequest, signer: Signer) -> Verify:
    """What a verifier says; each test asks two that have nothing in common."""
    if request.param == "dkimpy":
        return by_dkimpy(signer)
    return by_opendkim(signer, need("opendkim"))


def letter(signer: Signer, sender: Sender = FULL) -> Letter:
    return Letter(EDITION, sender, feedback_id=FEEDBACK_ID, signer=signer)


def write(signer: Signer, reader: Reader = READER, sender: Sender = FULL) -> bytes:
    return letter(signer, sender).write(reader, SENT_AT)


def tags(content: bytes) -> list[dict[str, str]]:
    """The tags of each signature, without blanks."""
    values = [value for name, value in fields(content) if name == "DKIM-Signature"]
    return [
        dict(tag.strip().split("=", 1) for tag in value.replace(" ", "").split(";"))
        for value in values
    ]


# --- what is signed -----------------------------------------------------------------------------


def test_both_signatures_hold(verify: Verify, signer: Signer) -> None:
    assert verify([write(signer), write(signer, sender=SENDER)]) == [[True, True], [True, True]]


@pytest.mark.parametrize("number", [0, 1])
def test_one_key_makes_one_signature(verify: Verify, signer: Signer, number: int) -> None:
    alone = replace(signer, keys=(signer.keys[number],))

    assert verify([write(alone)]) == [[True]]


def test_every_field_is_signed_once_and_from_twice(signer: Signer) -> None:
    content = write(signer)
    present = [name.lower() for name, _ in fields(content) if name != "DKIM-Signature"]

    for found in tags(content):
        assert sorted(found["h"].split(":")) == sorted([*present, "from"])
        assert set(found["h"].split(":")) >= IMPORTANT


def test_what_the_tags_say(signer: Signer) -> None:
    rsa, ed25519 = tags(write(signer))

    assert (rsa["a"], rsa["s"]) == ("rsa-sha256", "spring")
    assert (ed25519["a"], ed25519["s"]) == ("ed25519-sha256", "spring-ed")
    for found in (rsa, ed25519):
        assert (found["v"], found["c"], found["d"]) == ("1", "relaxed/relaxed", "larkfield.example")
        assert found["t"] == str(int(SENT_AT.timestamp()))
        assert set(found) == {"v", "a", "c", "d", "s", "h", "t", "bh", "b"}  # no l=


def test_signatures_stand_before_the_message_as_it_would_be_without(signer: Signer) -> None:
    bare = Letter(EDITION, FULL, feedback_id=FEEDBACK_ID).write(READER, SENT_AT)

    assert write(signer).endswith(bare)
    assert write(signer).startswith(b"DKIM-Signature: ")


@pytest.mark.parametrize("domain", ["larkfield.example", f"{'a' * 60}.{'b' * 60}.example"])
def test_a_signature_keeps_to_the_width_of_a_line(signer: Signer, domain: str) -> None:
    content = write(replace(signer, domain=domain))
    lines = content.partition(b"\r\nDate: ")[0].split(b"\r\n")

    assert max(len(line) for line in lines if b"d=" not in line) <= 78
    assert domain != "larkfield.example" or list(faults(content)) == []


# --- what is changed on the way -----------------------------------------------------------------


def changed(content: bytes) -> dict[str, bytes]:
    """The message with one octet of one field changed, by the field's name."""
    found = {}
    for name, _ in fields(content):
        if name != "DKIM-Signature":
            end = re.search(rb"\r\n%s:(?:[^\r]|\r\n )*" % name.encode(), content)
            assert end is not None
            at = end.end() - 2  # inside a closing bracket or quote: the field stays a field
            found[name] = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    return found


def test_one_changed_octet_of_any_field_breaks_both(verify: Verify, signer: Signer) -> None:
    messages = changed(write(signer))

    said = dict(zip(messages, verify(list(messages.values())), strict=True))
    assert said == {name: [False, False] for name in messages}
    assert len(said) == len(IMPORTANT) + 3  # List-Owner, List-Post and X-Rehearsal


def test_one_changed_octet_anywhere_in_the_body_breaks_both(verify: Verify, signer: Signer) -> None:
    content = write(signer)
    start = content.index(b"\r\n\r\n") + 4
    letters = [at for at in range(start, len(content)) if content[at : at + 1].isalnum()]
    messages = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in letters[::9]]

    assert verify(messages) == [[False, False]] * len(messages)


def test_nothing_can_be_taken_away_or_put_in(verify: Verify, signer: Signer) -> None:
    content = write(signer)
    messages = [
        b"From: Evil <evil@elsewhere.example>\r\n" + content,
        content.replace(b"\r\nDate: ", b"\r\nFrom: evil@elsewhere.example\r\nDate: "),
        content.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        content + b"One more line.\r\n",
        content.replace(b" t=", b" t=1"),
    ]

    assert verify(messages) == [[False, False]] * len(messages)


def test_folding_anew_and_blanks_at_the_end_break_nothing(verify: Verify, signer: Signer) -> None:
    content = write(signer)
    head, _, body = content.partition(b"\r\n\r\n")
    folded = re.sub(rb"(?m)^(Subject|To): (\S+) ", rb"\1:  \2\r\n\t", head)
    assert folded != head

    assert verify([folded + b"\r\n\r\n" + body, content + b"\r\n\r\n"]) == [[True, True]] * 2


# --- whoever reads it ---------------------------------------------------------------------------


@given(st.lists(READERS, min_size=20, max_size=40))
def test_the_message_of_any_reader_verifies(signer: Signer, readers: list[Reader]) -> None:
    written = letter(signer)
    messages = [written.write(reader, SENT_AT) for reader in readers]

    assert by_dkimpy(signer)(messages) == [[True, True]] * len(messages)


def test_the_messages_of_odd_readers_verify_elsewhere_too(signer: Signer) -> None:
    names = ["", ".", "a  b   c", " x ", "\t\t", "漢字 🎉", "n" * 300, "x\r\nBcc: v@e.example"]
    messages = [write(signer, READER._replace(name=name)) for name in names]
    messages.append(write(signer, READER._replace(email="jörg@readers.example", name="")))

    verify = by_opendkim(signer, need("opendkim"))
    assert verify(messages) == [[True, True]] * len(messages)


@given(CONTENTS, NAMES, NAMES)
def test_whatever_an_edition_says_verifies(
    signer: Signer, content: str, subject: str, name: str
) -> None:
    edition = replace(EDITION, text=content, html=content, subject=subject)
    message = Letter(edition, replace(FULL, name=name), signer=signer).write(READER, SENT_AT)

    assert by_dkimpy(signer)([message]) == [[True, True]]


# --- who may sign for whom ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "email",
    ["letter@larkfield.example", "a@letters.larkfield.example", "a@LARKFIELD.example"],
)
def test_a_domain_signs_for_itself_and_those_below(signer: Signer, email: str) -> None:
    signer.check_sender(email)


@pytest.mark.parametrize(
    "email",
    ["a@elsewhere.example", "a@notlarkfield.example", "a@example", "larkfield.example@e.de"],
)
def test_and_for_nobody_else(signer: Signer, email: str) -> None:
    with pytest.raises(ConfigError, match=r"^dkim\.domain: 'larkfield\.example' cannot") as caught:
        signer.check_sender(email)

    assert email.rpartition("@")[2] in caught.value.hint


# --- Feedback-ID --------------------------------------------------------------------------------


def test_a_letter_has_the_feedback_id_that_it_is_given() -> None:
    content = Letter(EDITION, SENDER, feedback_id=FEEDBACK_ID).write(READER, SENT_AT)

    assert field(content, "Feedback-ID") == FEEDBACK_ID
    assert "Feedback-ID" not in dict(fields(Letter(EDITION, SENDER).write(READER, SENT_AT)))
