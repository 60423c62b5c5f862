"""Letters: each reader's own link, and a Message-ID that stays and cannot be guessed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.audience import read_unsubscribe_token
from pipeline.compose import Signer
from pipeline.config import Dkim
from pipeline.delivery import LetterBook
from pipeline.errors import ConfigError
from pipeline.ledger import Recipient, Start
from tests.delivery.sending import EDITION, KEYS, NEWSLETTER, NOW, Sending, some_people
from tests.support.signatures import by_dkimpy, signer_of, with_keys
from tests.support.smtp import CapturingServer

ANNA = Recipient(1, "anna@readers.example", "Anna")
BERT = Recipient(2, "bert@readers.example", "Bert")


def message_id(sending: Sending, recipient: Recipient, keys: tuple[bytes, ...] = KEYS) -> str:
    book = LetterBook(sending.engine, sending.config, keys)
    wish = Start(sending.campaign_id, recipient.subscriber_id)
    return book.reader(wish, recipient).message_id


def test_a_message_id_is_the_same_for_ever(sending: Sending) -> None:
    sending.launch(some_people(2))

    assert message_id(sending, ANNA) == message_id(sending, ANNA)
    assert message_id(sending, ANNA) == message_id(sending, ANNA, (b"a newer key" * 3, *KEYS))


def test_a_message_id_differs_from_reader_to_reader_and_cannot_be_guessed(
    sending: Sending,
) -> None:
    sending.launch(some_people(2))
    anna, bert = message_id(sending, ANNA), message_id(sending, BERT)

    assert re.fullmatch(r"1\.1\.[0-9a-f]{20}@larkfield\.example", anna)
    assert anna.split(".")[2] != bert.split(".")[2]
    assert message_id(sending, ANNA, (b"somebody else's key, just as long",)) != anna


def test_each_link_takes_its_reader_off_and_nobody_else(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(3))
    sending.worker(smtp_server).run()
    people = []
    for received in smtp_server.received:
        link = received.message["List-Unsubscribe"].strip("<>")
        start, _, token = link.rpartition("/")
        assert start == "https://letter.larkfield.example/unsubscribe"
        text = received.message.get_body(("plain",))
        assert text is not None
        assert link in text.get_content()
        claim = read_unsubscribe_token(KEYS, token)
        assert claim.list_id == sending.list_id
        people.append(claim.subscriber_id)

    assert people == [1, 2, 3]


def test_a_book_knows_when_trying_began_and_where_reports_go(sending: Sending) -> None:
    sending.launch(some_people(1))
    book = LetterBook(sending.engine, sending.config, KEYS)

    assert book.launched_at(sending.campaign_id) == NOW
    assert book.envelope_sender(sending.campaign_id) == "letter@larkfield.example"
    assert book.letter(sending.campaign_id) is book.letter(sending.campaign_id)


# --- Feedback-ID --------------------------------------------------------------------------------


def feedback_ids(sending: Sending, server: CapturingServer) -> set[str]:
    sending.worker(server).run()
    return {received.message["Feedback-ID"] for received in server.received}


def test_complaints_can_be_counted_by_campaign_newsletter_and_site(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(3))

    (found,) = feedback_ids(sending, smtp_server)  # one for all: it names no reader
    campaign, newsletter, kind, site = found.split(":")
    assert (campaign, newsletter, kind) == (str(sending.campaign_id), "digest", "campaign")
    assert re.fullmatch(r"[0-9a-f]{5,15}", site)


def test_the_part_that_stands_for_the_site_stays_when_its_address_changes(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(1))
    feedback_ids(sending, smtp_server)
    moved = replace(sending.config.site, url="https://new.example")
    sending.config = replace(sending.config, site=moved)
    sending.launch(some_people(2), replace(EDITION, id="1" * 64), replace(NEWSLETTER, name="other"))

    first, second = sorted(feedback_ids(sending, smtp_server))
    assert first.split(":")[0] != second.split(":")[0]
    assert first.split(":")[3] == second.split(":")[3]


# --- signatures ---------------------------------------------------------------------------------


def test_with_keys_set_every_message_that_arrives_verifies(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.config = with_keys(sending.config, "spring", "spring-ed")
    sending.launch(some_people(5))
    sending.worker(smtp_server, connections=2).run()

    verify = by_dkimpy(signer_of(sending.config))
    assert verify([received.content for received in smtp_server.received]) == [[True, True]] * 5


def test_a_key_that_cannot_be_used_sends_nothing(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.config = with_keys(sending.config, "spring-ed")
    sending.launch(some_people(1))
    (sending.config.var / "dkim" / "spring-ed.pem").unlink()

    with pytest.raises(ConfigError, match=r"spring-ed\.pem cannot be read"):
        sending.worker(smtp_server)

    assert smtp_server.received == []


def test_a_campaign_of_a_sender_we_cannot_sign_for_waits_until_that_is_mended(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(3))
    sending.config = with_keys(sending.config, "spring-ed", domain="elsewhere.example")

    with pytest.raises(ConfigError, match="cannot sign for the sender letter@larkfield"):
        sending.worker(smtp_server).run()
    assert sending.counts == {"planned": 3}
    assert sending.lent == 0
    assert smtp_server.received == []

    dkim = Dkim("larkfield.example", ("var/dkim/spring-ed.pem",))
    sending.config = replace(sending.config, dkim=dkim)
    sending.worker(smtp_server).run()
    assert sending.counts == {"sent": 3}


def test_whether_we_can_sign_for_a_sender_is_seen_once_a_campaign(
    sending: Sending, smtp_server: CapturingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    monkeypatch.setattr(Signer, "check_sender", lambda _, email: checked.append(email))
    sending.config = with_keys(sending.config, "spring-ed")
    sending.launch(some_people(5))
    sending.worker(smtp_server).run()

    assert sending.counts == {"sent": 5}
    assert checked == ["letter@larkfield.example"]


def test_rows_in_doubt_have_their_message_ids_though_we_cannot_sign(sending: Sending) -> None:
    sending.launch(some_people(1))
    before = message_id(sending, ANNA)
    sending.config = with_keys(sending.config, "spring-ed", domain="elsewhere.example")

    assert message_id(sending, ANNA) == before
