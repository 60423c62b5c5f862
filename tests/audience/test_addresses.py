"""Which addresses may be mailed, and which two are one person."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.audience import Address, read_address
from pipeline.errors import AudienceError

DOMAIN = "larkfield.example"


@pytest.mark.parametrize(
    "address",
    [
        f"ada@{DOMAIN}",
        f"ada.lovelace+news@{DOMAIN}",
        f"o'hara@{DOMAIN}",
        f"a_b-c=d/e!#$%&*?^`{{|}}~@{DOMAIN}",
        f"1@{DOMAIN}",
        "ada@mail.sub.larkfield.example",
        "ada@xn--bcher-kva.example",
    ],
)
def test_an_ordinary_address_is_mailed_as_it_stands(address: str) -> None:
    assert read_address(address) == Address(address, address)


def test_spaces_around_an_address_are_dropped() -> None:
    assert read_address(f" \tada@{DOMAIN}\u00a0\r\n").email == f"ada@{DOMAIN}"


def test_a_domain_is_mailed_in_letters_that_every_server_knows() -> None:
    assert read_address("ada@Bücher.example").email == "ada@xn--bcher-kva.example"


def test_the_same_domain_in_both_spellings_is_one_person() -> None:
    in_unicode, in_ascii = (
        read_address("ada@bücher.example"),
        read_address("ada@XN--BCHER-KVA.example"),
    )

    assert in_unicode.identity == in_ascii.identity


def test_capitals_are_mailed_as_written_and_name_the_same_person() -> None:
    address = read_address("Ada.Lovelace@LarkField.Example")

    assert address.email == "Ada.Lovelace@larkfield.example"
    assert address.identity == "ada.lovelace@larkfield.example"


@pytest.mark.parametrize("local", ["josé", "李小龍", "почта", "jose\u0301"])
def test_a_local_part_in_any_script_is_kept(local: str) -> None:
    address = read_address(f"{local}@{DOMAIN}")

    assert address.email.endswith(f"@{DOMAIN}")
    assert address.email.isascii() is False


def test_composed_and_decomposed_letters_are_one_person() -> None:
    assert read_address(f"jose\u0301@{DOMAIN}") == read_address(f"jos\u00e9@{DOMAIN}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@",
        f"@{DOMAIN}",
        "ada@",
        "ada@example",  # a domain has a dot
        f"ada@@{DOMAIN}",
        f"a@b@{DOMAIN}",
        f"ada lovelace@{DOMAIN}",
        f".ada@{DOMAIN}",
        f"ada.@{DOMAIN}",
        f"ada..l@{DOMAIN}",
        f"ada@-{DOMAIN}",
        f"ada@{DOMAIN}.",
        "ada@larkfield..example",
        "ada@lark_field.example",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        f'"ada lovelace"@{DOMAIN}',
        f'"ada"@{DOMAIN}',
        f"Ada <ada@{DOMAIN}>",
        f"ada@{DOMAIN}, bob@{DOMAIN}",
        f"mailto:ada@{DOMAIN}, x",
        f"ada@{DOMAIN}\r\nBcc: victim@{DOMAIN}",
        f"ada\n@{DOMAIN}",
        f"ada\r@{DOMAIN}",
        f"ada\x00@{DOMAIN}",
        f"ada@{DOMAIN}\x00",
        "ada@lark\x00field.example",
        "ada@lark\nfield.example",
        f"ada\u2028@{DOMAIN}",
        f"ada\u202e@{DOMAIN}",  # turns the direction of what follows
        f"ada\ud800@{DOMAIN}",
        "ada@lark\ud800field.example",
        "ada@localhost",
        "ada@larkfield.invalid",
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str) -> None:
    with pytest.raises(AudienceError) as caught:
        read_address(text)

    assert "\n" not in str(caught.value)


def test_64_octets_stand_before_the_at_and_not_one_more() -> None:
    assert read_address(f"{'a' * 64}@{DOMAIN}")
    with pytest.raises(AudienceError):
        read_address(f"{'a' * 65}@{DOMAIN}")


def test_they_are_octets_also_in_other_scripts() -> None:
    assert read_address(f"{'é' * 32}@{DOMAIN}")
    with pytest.raises(AudienceError, match="64 octets"):
        read_address(f"{'é' * 33}@{DOMAIN}")


def test_254_octets_are_the_whole_and_not_one_more() -> None:
    labels = ".".join(["d" * 60] * 3)  # 182, and 64 and the @ before it, make 247
    assert read_address(f"{'a' * 64}@{labels}.abcdef")
    with pytest.raises(AudienceError):
        read_address(f"{'a' * 64}@{labels}.abcdefg")


def test_a_long_text_is_not_repeated_in_full() -> None:
    with pytest.raises(AudienceError) as caught:
        read_address("x " * 5000)

    assert len(str(caught.value)) < 300


TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=40)
NEARLY = st.builds(
    "{}@{}".format,
    st.text("aÅßİ\u0131ﬁ.'+\"\\ éK\u0301\r\n", max_size=12),
    st.text("aB1-._üßİ。\u200d", max_size=12).map(lambda text: f"{text}.example"),
)


@given(text=TEXT | NEARLY)
@example(text="İ@a.example")
@example(text="a@ß.example")
def test_whatever_comes_is_an_address_or_refused(text: str) -> None:
    try:
        address = read_address(text)
    except AudienceError as error:
        told = str(error)
    else:
        told = "an address"
        assert not set(address.email) & set("\r\n\x00 ")
        assert address.email.rpartition("@")[2].isascii()

    assert told


@given(text=NEARLY)
@example(text="İ@a.example")
@example(text="\u212b@a.example")
def test_reading_an_address_again_changes_nothing(text: str) -> None:
    try:
        once = read_address(text)
    except AudienceError:
        return

    assert read_address(once.email) == once
    assert read_address(once.identity).identity == once.identity
