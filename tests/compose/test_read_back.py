"""Two parsers that share no code read the same out of a message, and just what was meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from pipeline.compose import Letter, Reader, Sender
from tests.compose.test_message import (
    EDITION,
    FIELDS,
    NAMES,
    READER,
    SENDER,
    SENT_AT,
    write,
)
from tests.compose.wire import PARSERS, Seen, faults, fields, parsed, shown
from tests.support.like_jinja import letter_of, rendered
from tests.support.names import many_names

Parse = Callable[[bytes], Seen]
INJECTION = "x\r\nBcc: v@e.example"
MANY = 3000


@pytest.fixture(params=PARSERS, ids=lambda parse: parse.__name__)
def parse(request: pytest.FixtureRequest) -> Parse:
    """One parser after the other."""
    return request.param  # type: ignore[no-any-return]  # pytest's


def test_what_thousands_read_is_what_jinja2_alone_would_have_rendered(parse: Parse) -> None:
    letter = Letter(letter_of(EDITION), SENDER)

    for number, name in enumerate(many_names(MANY)):
        reader = Reader(
            f"r{number}@e.example",
            name,
            unsubscribe_url=f"https://e.example/{number}",
            preferences_url=f"https://e.example/p/{number}",
            message_id="1@e.example",
        )
        content = letter.write(reader, SENT_AT)
        seen = parse(content)
        wanted = rendered(name, reader.email, reader.unsubscribe_url)

        assert (seen.text, seen.page) == wanted
        assert seen.recipient == (shown(name), reader.email)
        assert [field for field, _ in fields(content)] == FIELDS


@given(NAMES, NAMES, NAMES.filter(lambda subject: shown(subject) != ""))
def test_both_see_the_same_names_and_subject(reader: str, sender: str, subject: str) -> None:
    edition = replace(EDITION, subject=subject)
    content = write(READER._replace(name=reader), edition, replace(SENDER, name=sender))

    for parse in PARSERS:
        seen = parse(content)
        assert seen.subject == shown(subject)
        assert seen.sender == (shown(sender), SENDER.email)
        assert seen.recipient == (shown(reader), READER.email)


@pytest.mark.parametrize("subject", ["漢" * 300, "🎉 漢" * 100, f"{'漢' * 299}.", "é" * 300])
def test_a_subject_of_300_characters_comes_back(parse: Parse, subject: str) -> None:
    content = write(edition=replace(EDITION, subject=subject))

    assert parse(content).subject == parsed(content)["Subject"] == subject
    assert list(faults(content)) == []


@pytest.mark.parametrize("line", ["x" * 50_000, "漢" * 17_000, "<b>word</b> " * 4_500])
def test_a_line_of_50_kilobytes_comes_back(parse: Parse, line: str) -> None:
    content = write(edition=replace(EDITION, html=line, text=line))
    seen = parse(content)

    assert (seen.text, seen.page) == (line, line)
    assert list(faults(content)) == []


def test_a_message_holds_one_of_each_field_and_none_that_marks_an_automatic_reply() -> None:
    names = [name for name, _ in fields(write())]

    assert len(set(names)) == len(names)  # RFC 5322 3.6
    assert not {"Auto-Submitted", "Precedence", "Cc", "Bcc"} & set(names)  # RFC 3834


# --- nobody adds a field ------------------------------------------------------------------------


def injected(name: str) -> dict[str, Any]:
    return {name: INJECTION}


def texts(kind: type) -> list[str]:
    return [item.name for item in fields_of(kind) if item.type == "str"]


@pytest.mark.parametrize("name", [one for one in texts(Sender) if one != "reply_to"])
def test_nothing_of_a_sender_adds_a_field(name: str) -> None:
    content = write(sender=replace(SENDER, **injected(name)))

    assert [name for name, _ in fields(content)] == FIELDS


@pytest.mark.parametrize("name", Reader._fields)
def test_nothing_of_a_reader_adds_a_field(name: str) -> None:
    content = write(READER._replace(**injected(name)))

    assert [name for name, _ in fields(content)] == FIELDS


@pytest.mark.parametrize("name", ["subject", "view_url", "id", "language", "preheader"])
def test_nothing_of_an_edition_adds_a_field(name: str) -> None:
    content = write(edition=replace(EDITION, **injected(name)))

    assert [name for name, _ in fields(content)] == FIELDS


def test_neither_reply_to_nor_feedback_id_adds_a_field() -> None:
    sender = replace(SENDER, reply_to=INJECTION)
    content = Letter(EDITION, sender, feedback_id=INJECTION).write(READER, SENT_AT)

    assert sorted(name for name, _ in fields(content)) == sorted(
        [*FIELDS, "Reply-To", "Feedback-ID"]
    )
