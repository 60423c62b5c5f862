"""A signed link does what it was made for, for whom it was made, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience import (
    Keys,
    UnsubscribeClaim,
    read_unsubscribe_token,
    tokens,
    unsubscribe_token,
)
from pipeline.errors import TokenError

KEYS: Keys = (b"n" * 32,)
IDS = st.integers(1, 2**63 - 1)
URL_SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(list_id=IDS, subscriber_id=IDS)
def test_a_token_says_who_leaves_what(list_id: int, subscriber_id: int) -> None:
    token = unsubscribe_token(KEYS, list_id, subscriber_id)

    assert read_unsubscribe_token(KEYS, token) == UnsubscribeClaim(list_id, subscriber_id)


@given(list_id=IDS, subscriber_id=IDS)
def test_a_token_fits_into_an_address_as_it_is(list_id: int, subscriber_id: int) -> None:
    assert set(unsubscribe_token(KEYS, list_id, subscriber_id)) <= URL_SAFE


@given(data=st.data())
def test_a_token_altered_anywhere_is_refused(data: st.DataObject) -> None:
    token = unsubscribe_token(KEYS, 12, 345)
    place = data.draw(st.integers(0, len(token) - 1))
    char = data.draw(st.sampled_from(sorted(URL_SAFE)) | st.characters())
    altered = data.draw(
        st.sampled_from(
            [
                token[:place] + char + token[place + 1 :],
                token[:place] + char + token[place:],
                token[:place] + token[place + 1 :],
                token + char,
            ]
        )
    )
    if altered == token:
        return

    with pytest.raises(TokenError):
        read_unsubscribe_token(KEYS, altered)


@pytest.mark.parametrize(("list_id", "subscriber_id"), [(1, 3), (2, 2), (12, 3), (2, 1)])
def test_a_token_for_one_opens_no_other(list_id: int, subscriber_id: int) -> None:
    mac = unsubscribe_token(KEYS, 1, 2)[len("1-2-") :]

    with pytest.raises(TokenError):
        read_unsubscribe_token(KEYS, f"{list_id}-{subscriber_id}-{mac}")


@pytest.mark.parametrize(
    "spelling", ["\u0661-2", "01-2", "1-02", "+1-2", " 1-2", "1-2 ", "\uff11-2"]
)
def test_a_number_has_one_spelling(spelling: str) -> None:
    mac = unsubscribe_token(KEYS, 1, 2)[len("1-2-") :]

    with pytest.raises(TokenError):
        read_unsubscribe_token(KEYS, f"{spelling}-{mac}")


def test_a_token_for_another_purpose_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_UNSUBSCRIBE", b"confirm-1")
    confirming = unsubscribe_token(KEYS, 1, 2)
    monkeypatch.undo()

    with pytest.raises(TokenError):
        read_unsubscribe_token(KEYS, confirming)


def test_links_in_old_mail_outlive_a_change_of_key() -> None:
    old, new = b"o" * 32, b"n" * 32
    token = unsubscribe_token((old,), 1, 2)

    assert read_unsubscribe_token((new, old), token) == UnsubscribeClaim(1, 2)
    with pytest.raises(TokenError):
        read_unsubscribe_token((new,), token)


def test_the_newest_key_signs() -> None:
    old, new = b"o" * 32, b"n" * 32

    assert unsubscribe_token((new, old), 1, 2) == unsubscribe_token((new,), 1, 2)


@given(token=st.text(st.characters(codec=None, exclude_categories=[])))
def test_garbage_is_refused_in_words_for_the_reader(token: str) -> None:
    with pytest.raises(TokenError, match="not complete or was not made by us") as caught:
        read_unsubscribe_token(KEYS, token)

    assert "copy the whole link" in caught.value.hint


def test_a_token_with_a_line_break_behind_it_is_refused() -> None:
    with pytest.raises(TokenError):
        read_unsubscribe_token(KEYS, unsubscribe_token(KEYS, 1, 2) + "\n")
