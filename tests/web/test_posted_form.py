"""Reading small forms in both encodings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.posted_form import read_form

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = 'multipart/form-data; boundary="b"'


def part(name: str, value: str, boundary: str = "b") -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()


def test_urlencoded_fields_are_read() -> None:
    assert read_form(b"List-Unsubscribe=One-Click&x=a+b%C3%A9&empty=", URLENCODED) == {
        "List-Unsubscribe": "One-Click",
        "x": "a bé",
        "empty": "",
    }


def test_multipart_fields_are_read() -> None:
    body = part("List-Unsubscribe", "One-Click") + part("x", "a b\r\né") + b"--b--\r\n"

    assert read_form(body, MULTIPART) == {"List-Unsubscribe": "One-Click", "x": "a b\r\né"}


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json"])
def test_a_body_of_another_kind_is_read_as_urlencoded(kind: str) -> None:
    assert read_form(b"List-Unsubscribe=One-Click", kind) == {"List-Unsubscribe": "One-Click"}


def test_a_media_type_is_known_in_any_case() -> None:
    body = part("x", "1") + b"--b--\r\n"

    assert read_form(body, 'Multipart/Form-Data; Boundary="b"') == {"x": "1"}


@pytest.mark.parametrize(
    "body",
    [b"", b"--b", b"--b--", b"no boundary at all", b"--b\r\n\r\nvalue\r\n--b--\r\n"],
)
def test_a_broken_multipart_body_has_no_fields(body: bytes) -> None:
    assert read_form(body, MULTIPART) == {}


def test_a_multipart_body_cut_short_still_gives_what_came() -> None:
    assert read_form(part("x", "1"), MULTIPART) == {"x": "1"}


def test_parts_within_parts_are_no_fields() -> None:
    nested = "".join(
        f"--{depth}\r\nContent-Type: multipart/mixed; boundary={depth + 1}\r\n\r\n"
        for depth in range(200)
    )

    assert read_form(nested.encode(), "multipart/form-data; boundary=0") == {}


@given(st.binary(max_size=300), st.sampled_from([URLENCODED, MULTIPART, "multipart/form-data"]))
def test_any_body_is_read_without_failing(body: bytes, kind: str) -> None:
    assert all(isinstance(value, str) for value in read_form(body, kind).values())


@given(
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60),
    st.binary(max_size=100),
)
def test_any_content_type_is_read_without_failing(kind: str, body: bytes) -> None:
    read_form(b"--b\r\n" + body, f"multipart/form-data; {kind}")
