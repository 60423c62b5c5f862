"""Quoted-printable pieces: any text comes back, and pieces can be joined as they are."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose.quoted_printable import SOFT_BREAK, encode
from tests.compose.wire import is_quoted_printable

TEXTS = st.text(
    st.one_of(
        st.sampled_from("\n\n.= \t\r\x00éü漢🎉abc"),
        st.characters(codec="utf-8"),
    ),
    max_size=300,
)


def decode(body: bytes) -> str:
    return quopri.decodestring(body).decode()


@given(TEXTS)
def test_any_text_comes_back_with_crlf_for_its_line_ends(text: str) -> None:
    assert decode(encode(text)) == text.replace("\n", "\r\n")


@given(TEXTS)
def test_any_text_is_within_the_grammar_and_76_octets(text: str) -> None:
    assert is_quoted_printable(encode(text))


@given(TEXTS)
def test_no_line_begins_with_a_dot(text: str) -> None:
    assert not any(line.startswith(b".") for line in encode(text).split(b"\r\n"))


@given(st.lists(TEXTS, max_size=6))
def test_pieces_join_between_soft_breaks_to_the_whole(pieces: list[str]) -> None:
    joined = SOFT_BREAK.join(map(encode, pieces))

    assert decode(joined) == "".join(pieces).replace("\n", "\r\n")
    assert is_quoted_printable(joined)
    assert not any(line.startswith(b".") for line in joined.split(b"\r\n"))


@pytest.mark.parametrize("width", range(60, 90))
@pytest.mark.parametrize("last", [" ", ".", "=", "é", "🎉"])
def test_a_character_that_meets_the_edge_of_a_line_stays_whole(width: int, last: str) -> None:
    text = "a" * width + last
    encoded = encode(text)

    assert decode(encoded) == text
    assert is_quoted_printable(encoded)


def test_a_line_of_blanks_keeps_them() -> None:
    assert decode(encode("   \nx  \n")) == "   \r\nx  \r\n"
    assert encode("x ") == b"x=20"


def test_a_line_of_dots_is_never_a_lone_dot() -> None:
    assert encode(".\n..\n") == b"=2E\r\n=2E.\r\n"


def test_an_escape_is_never_cut_by_a_soft_break() -> None:
    for line in encode("漢" * 500).split(b"\r\n"):
        assert len(line.rstrip(b"=")) % 3 == 0


def test_nothing_encodes_to_nothing() -> None:
    assert encode("") == b""
