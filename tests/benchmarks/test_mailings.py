"""The sending benchmarks send what they say, to everybody they say."""

from __future__ import annotations

from pathlib import Path

from pipeline.compose.slots import SLOT
from tests.benchmarks.clients import Spent, into_sink
from tests.benchmarks.letters import make_edition
from tests.benchmarks.mailings import make_mailing
from tests.benchmarks.sink import compile_sink
from tests.support.programs import need

PEOPLE = 30


def test_a_mailing_arrives_as_often_as_it_has_people(tmp_path: Path) -> None:
    sink = compile_sink(need("cc"), tmp_path)
    mailing = make_mailing(tmp_path / "site", PEOPLE).copy(tmp_path / "copy")

    def send(port: int) -> Spent:
        return mailing.send(port, 3)

    sent = into_sink(sink, send, PEOPLE)

    assert sent.messages == PEOPLE
    assert mailing.sending_seconds() > 0  # raises unless the ledger has everybody as sent


def test_the_letter_weighs_what_the_documents_say() -> None:
    edition = make_edition()

    assert 38_000 < len(edition.html.encode()) < 42_000
    assert 4_500 < len(edition.text.encode()) < 5_500
    assert len(SLOT.findall(edition.html + edition.text)) == 7
