"""Who is who, and which links hold."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience import (
    UnsubscribeClaim,
    read_address,
    read_keys,
    read_unsubscribe_token,
    unsubscribe_token,
)
from pipeline.config import Config, Security, Site
from pipeline.errors import AudienceError, ConfigError, TokenError

KEYS = (b"a new key of at least thirty-two characters", b"the old key of thirty-two characters")


@pytest.mark.parametrize(
    ("written", "email", "identity"),
    [
        ("ada@example.com", "ada@example.com", "ada@example.com"),
        (" Ada.L@Example.COM ", "Ada.L@example.com", "ada.l@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("o'hara+news@example.org", "o'hara+news@example.org", "o'hara+news@example.org"),
        ("дина@example.com", "дина@example.com", "дина@example.com"),
    ],
)
def test_an_address_has_one_form_to_mail_and_one_to_compare(
    written: str, email: str, identity: str
) -> None:
    address = read_address(written)

    assert (address.email, address.identity) == (email, identity)


@given(st.text(max_size=80))
def test_any_text_is_an_address_that_stays_itself_or_a_sentence(text: str) -> None:
    try:
        address = read_address(text)
    except AudienceError:
        return
    assert read_address(address.email) == address


@given(st.integers(1, 2**62), st.integers(1, 2**62))
def test_a_link_holds_for_its_list_and_its_person(list_id: int, subscriber_id: int) -> None:
    token = unsubscribe_token(KEYS, list_id, subscriber_id)

    assert read_unsubscribe_token(KEYS, token) == UnsubscribeClaim(list_id, subscriber_id)


def test_a_link_of_an_older_key_still_holds() -> None:
    old = unsubscribe_token(KEYS[1:], 3, 7)

    assert read_unsubscribe_token(KEYS, old) == UnsubscribeClaim(3, 7)


def test_a_link_of_a_strange_key_does_not() -> None:
    with pytest.raises(TokenError):
        read_unsubscribe_token(KEYS[:1], unsubscribe_token(KEYS[1:], 3, 7))


@given(st.data())
def test_a_link_altered_anywhere_does_not_hold(data: st.DataObject) -> None:
    token = unsubscribe_token(KEYS, 3, 7)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda char: char != token[place]))

    with pytest.raises(TokenError):
        read_unsubscribe_token(KEYS, token[:place] + other + token[place + 1 :])


@given(st.text())
def test_whatever_is_no_token_is_one_sentence(text: str) -> None:
    with pytest.raises(TokenError, match="was not made by us"):
        read_unsubscribe_token(KEYS, text)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    site = Site(title="Larkfield", url="https://larkfield.example", email="a@larkfield.example")
    return Config(root=tmp_path, site=site)


def test_a_key_is_made_once_and_for_the_owner_alone(config: Config) -> None:
    first, again = read_keys(config), read_keys(config)

    assert first == again
    assert len(first[0]) == 64
    assert stat.S_IMODE((config.var / "secret.key").stat().st_mode) == 0o600


def test_a_short_key_is_refused_with_the_way_to_make_one(config: Config) -> None:
    with pytest.raises(ConfigError, match="at least 32 characters") as caught:
        read_keys(replace(config, security=Security(secret="short")))
    assert "secrets.token_hex" in caught.value.hint
