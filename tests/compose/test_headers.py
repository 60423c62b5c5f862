"""Header fields: read back as they were meant, folded, and never two for one."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.compose import headers
from tests.compose.wire import decoded, faults, field, fields, mailbox, parsed, shown
from tests.support.names import CUNNING

EMAIL = "anna@readers.example"
HOSTILE = st.one_of(st.sampled_from(CUNNING), st.text(st.characters(), max_size=120))


def field_of(written: str) -> bytes:
    return f"{written}\r\n\r\n\r\n".encode()


@given(HOSTILE)
def test_a_text_comes_back_in_both_parsers(value: str) -> None:
    content = field_of(headers.text("Subject", value))

    assert decoded(field(content, "Subject")).strip() == shown(value).strip()
    assert parsed(content)["Subject"].strip() == shown(value).strip()


@given(HOSTILE)
@example("\x1f漢")
def test_a_display_name_comes_back_beside_its_address(value: str) -> None:
    content = field_of(headers.address("To", value, EMAIL))

    assert mailbox(field(content, "To")) == (shown(value), EMAIL)
    (address,) = parsed(content)["To"].addresses
    assert address.addr_spec == EMAIL


@given(HOSTILE)
def test_no_value_makes_a_second_field_or_breaks_a_line(value: str) -> None:
    for written in (
        headers.text("Subject", value),
        headers.address("To", value, EMAIL),
        headers.list_id(value, "readers.example.org"),
        headers.url("List-Unsubscribe", f"https://example.org/{value}"),
    ):
        content = field_of(written)
        assert len(fields(content)) == 1
        if not written.startswith("List-Unsubscribe"):
            assert list(faults(content)) == []


@pytest.mark.parametrize("email", ["a\r\nBcc: v@e.example", "a\nb@e.example", "a\x00@e.example"])
def test_not_even_an_address_can_start_a_field(email: str) -> None:
    content = field_of(headers.address("To", "Anna", email))

    assert [name for name, _ in fields(content)] == ["To"]
    assert list(faults(content)) == []


def test_plain_words_stay_readable_in_the_source() -> None:
    assert headers.text("Subject", "Moving helps") == "Subject: Moving helps"
    assert headers.address("To", "Anna Lee", EMAIL) == f"To: Anna Lee <{EMAIL}>"
    assert headers.address("To", "Dr. Lee", EMAIL) == f'To: "Dr. Lee" <{EMAIL}>'
    assert headers.address("To", "", EMAIL) == f"To: {EMAIL}"


def test_a_long_plain_subject_folds_at_its_blanks() -> None:
    subject = " ".join(["moving"] * 60)
    written = headers.text("Subject", subject)

    assert max(map(len, written.split("\r\n"))) <= 78
    assert written.replace("\r\n", "") == f"Subject: {subject}"


def test_an_encoded_word_never_cuts_a_character() -> None:
    written = headers.text("Subject", "🎉é漢" * 40)
    words = re.findall(r"=\?utf-8\?b\?[^?]*\?=", written)

    assert len(words) > 5
    assert "".join(map(decoded, words)) == "🎉é漢" * 40
    assert "\ufffd" not in "".join(map(decoded, words))


def test_text_that_looks_encoded_stays_what_it_is() -> None:
    written = headers.text("Subject", "=?utf-8?q?=41?=")

    assert decoded(field(field_of(written), "Subject")) == "=?utf-8?q?=41?="


def test_a_name_of_quotes_stays_within_a_line() -> None:
    content = field_of(headers.address("To", '"' * 56, EMAIL))

    assert list(faults(content)) == []
    assert mailbox(field(content, "To")) == ('"' * 56, EMAIL)


@pytest.mark.parametrize("width", range(40, 80))
def test_a_word_of_any_width_stays_within_a_line(width: int) -> None:
    for value in ("w" * width, f"a {'w' * width} z", f"{'w' * width}. {'w' * width}"):
        content = field_of(headers.address("Reply-To", value, EMAIL))

        assert list(faults(content)) == []
        assert mailbox(field(content, "Reply-To")) == (value, EMAIL)


def test_an_address_with_letters_beyond_ascii_stands_as_it_is() -> None:
    written = headers.address("To", "Jörg", "jörg@readers.example")

    assert written.endswith("<jörg@readers.example>")  # RFC 6532 3.2; never encoded (RFC 2047 5)


def test_a_list_id_is_its_label_in_angle_brackets() -> None:
    content = field_of(headers.list_id("Praxis für Schmerz", "readers.example.org"))

    assert field(content, "List-Id").endswith("<readers.example.org>")
    assert decoded(field(content, "List-Id")).startswith("Praxis für Schmerz")


def test_a_url_is_never_folded() -> None:
    target = "https://example.org/" + "a" * 200

    assert headers.url("List-Unsubscribe", target) == f"List-Unsubscribe: <{target}>"
    assert headers.url("List-Archive", "https://e.example/a b") == (
        "List-Archive: <https://e.example/a%20b>"
    )
