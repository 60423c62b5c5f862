"""Messages: what a reader's mail program takes out of them is what was composed for that reader."""

from __future__ import annotations

import locale
import re
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import lxml.html
import markupsafe
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.compose import (
    Edition,
    Letter,
    Reader,
    Sender,
    fill,
    reader_values,
    sample_reader,
)
from pipeline.compose.slots import SLOT_NAMES, slot
from pipeline.config import Config
from tests.compose.wire import (
    faults,
    field,
    fields,
    is_quoted_printable,
    parsed,
    parts,
)
from tests.support.golden import Golden
from tests.support.names import CUNNING
from tests.support.programs import lack, need

SENT_AT = datetime(2026, 10, 13, 13, 5, tzinfo=UTC)
EDITION = Edition(
    id="0" * 64,
    newsletter="digest",
    subject="Moving helps more than rest",
    preheader="Walk for ten minutes, twice.",
    html=f'<p class="to">Dear {slot("name")},</p><p>.dots\n..</p><a href="'
    f'{slot("unsubscribe_url")}">Leave</a> <i>{slot("email")}</i>\n',
    text=f"Dear {slot('name')},\n.\n.. dots\n{slot('unsubscribe_url')}\n-- \n{slot('email')}",
    language="en",
    post_ids=("one",),
    private=False,
    view_url="https://letter.larkfield.example/editions/0000000000000000/",
    issued_on=date(2026, 10, 13),
)
SENDER = Sender(
    name="Larkfield Pain Practice",
    email="letter@larkfield.example",
    reply_to="",
    list_name="The Larkfield Letter",
    list_id="readers.larkfield.example",
    rehearsal=False,
)
READER = Reader(
    email="anna@readers.example",
    name="Anna Lee",
    unsubscribe_url="https://letter.larkfield.example/unsubscribe/1-2-abcdefghijklmnopqrstuv",
    preferences_url="https://letter.larkfield.example/preferences/1-2-abcdefghijklmnopqrstuv",
    message_id="7.2.0123456789abcdef0123@larkfield.example",
)
FIELDS = [
    "Date",
    "Message-ID",
    "To",
    "List-Unsubscribe",
    "From",
    "Subject",
    "List-Id",
    "List-Help",
    "List-Owner",
    "List-Post",
    "List-Archive",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
]

NAMES = st.one_of(st.sampled_from(CUNNING), st.text(st.characters(), max_size=80))
READERS = st.builds(
    Reader,
    email=st.sampled_from(
        ["a@b.example", "o'neil+tag@b.example", f"{'x' * 64}@{'y' * 63}.example"]
    ),
    name=NAMES,
    unsubscribe_url=st.sampled_from(
        [READER.unsubscribe_url, f"https://e.example/{'u' * 90}?a=1&b=2"]
    ),
    preferences_url=st.just(READER.preferences_url),
    message_id=st.just(READER.message_id),
)
CONTENTS = st.lists(
    st.one_of(
        st.sampled_from([slot(name) for name in SLOT_NAMES]),
        st.sampled_from(
            [".", "\n.", "\r\n", "\r", "\n", " ", "\t", "=", "=01", "{{ reader.name }}"]
        ),
        st.sampled_from(["word " * 40, "x" * 1200, "漢字" * 60, "\nFrom here", "--=_0"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\ue000\ue001"), max_size=60),
    ),
    max_size=12,
).map("".join)


_NOT_IN_XML = "\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"  # which lxml may not keep


def write(reader: Reader = READER, edition: Edition = EDITION, sender: Sender = SENDER) -> bytes:
    return Letter(edition, sender).write(reader, SENT_AT)


def canonical(text: str) -> str:
    """Text with the line ends of mail."""
    return re.sub("\r\n|\r|\n", "\r\n", text)


# --- the two parts ------------------------------------------------------------------------------


@given(CONTENTS, CONTENTS, READERS)
@example("", "", READER)
@example(slot("name") + "." + slot("name"), "\n" + slot("name") + "\n.", READER._replace(name="."))
def test_both_parts_hold_exactly_what_filling_the_slots_gives(
    text: str, page: str, reader: Reader
) -> None:
    content = write(reader, replace(EDITION, text=text, html=page))
    values = reader_values(reader)

    assert parts(content) == [
        ("text/plain", fill(canonical(text), values)),
        ("text/html", fill(canonical(page), values, markupsafe.escape)),
    ]


@given(CONTENTS, CONTENTS, READERS)
def test_no_message_breaks_a_rule_of_the_wire(text: str, page: str, reader: Reader) -> None:
    content = write(reader, replace(EDITION, text=text, html=page))

    assert list(faults(content)) == []


@pytest.mark.parametrize("name", [".", "..", "é", *(f"{'n' * width}." for width in range(66, 78))])
def test_a_value_of_any_width_keeps_to_the_rules(name: str) -> None:
    page = f"{slot('name')}{slot('name')}.{slot('name')}\n{slot('name')}"
    content = write(READER._replace(name=name), replace(EDITION, text=page, html=page))

    assert list(faults(content)) == []
    assert parts(content)[0][1] == f"{name}{name}.{name}\r\n{name}"


@given(CONTENTS, READERS)
def test_each_body_is_quoted_printable_to_the_letter(page: str, reader: Reader) -> None:
    content = write(reader, replace(EDITION, html=page))
    boundary = parsed(content).get_boundary()
    bodies = content.split(f"--{boundary}".encode())[1:-1]

    assert len(bodies) == 2
    for body in bodies:
        assert is_quoted_printable(body.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n"))


@given(CONTENTS, READERS)
@example(f"two  blanks   and {slot('name')}", READER._replace(name="Anna  Lee"))
def test_a_body_is_its_own_relaxed_form(content: str, reader: Reader) -> None:
    body = write(reader, replace(EDITION, text=content, html=content)).partition(b"\r\n\r\n")[2]

    assert re.search(rb"[ \t]{2}|\t|[ \t]\r\n|\r\n\r\n\Z", body) is None  # RFC 6376 3.4.4


@given(CONTENTS, READERS)
def test_the_boundary_stands_where_parts_meet_and_nowhere_else(page: str, reader: Reader) -> None:
    content = write(reader, replace(EDITION, text=page, html=page))
    boundary = parsed(content).get_boundary()
    assert boundary is not None

    lines = [line for line in content.split(b"\r\n") if boundary.encode() in line]
    opening = b"--" + boundary.encode()
    assert lines == [f' boundary="{boundary}"'.encode(), opening, opening, opening + b"--"]


@given(NAMES.filter(lambda name: re.search(f"[{_NOT_IN_XML}]", name) is None))
def test_a_name_is_text_in_the_page_and_never_markup(name: str) -> None:
    (_, page) = parts(write(READER._replace(name=name)))[1]
    tree = lxml.html.fromstring(page)

    assert tree.xpath("string(//p[@class='to'])") == f"Dear {name},"
    assert tree.xpath("count(//script)") == 0
    assert tree.xpath("string(//a/@href)") == READER.unsubscribe_url


def test_what_looks_like_a_slot_in_a_name_is_not_filled() -> None:
    sly = READER._replace(name=slot("unsubscribe_url"))

    assert f"Dear {slot('unsubscribe_url')}," in parts(write(sly))[0][1]


def test_plain_text_comes_first_and_both_parts_are_utf8_in_quoted_printable() -> None:
    message = parsed(write())

    assert message.get_content_type() == "multipart/alternative"
    assert [
        (part["Content-Type"], part["Content-Transfer-Encoding"]) for part in message.iter_parts()
    ] == [
        ('text/plain; charset="utf-8"', "quoted-printable"),
        ('text/html; charset="utf-8"', "quoted-printable"),
    ]
    assert message.get("Content-Transfer-Encoding") is None  # of a multipart: 7bit
    assert not list(message.defects)


def test_one_letter_serves_many_readers_without_mixing_them() -> None:
    letter = Letter(EDITION, SENDER)
    names = ["Anna", "Bert", "", "漢", "."]
    written = [letter.write(READER._replace(name=name), SENT_AT) for name in names]

    for name, content in zip(names, written, strict=True):
        assert f"Dear {name}," in parts(content)[0][1]


# --- the header ---------------------------------------------------------------------------------


@given(READERS)
def test_every_field_stands_once_and_no_reader_adds_one(reader: Reader) -> None:
    assert [name for name, _ in fields(write(reader))] == FIELDS


@given(NAMES, NAMES, NAMES.filter(lambda subject: subject.strip() != ""))
def test_no_setting_adds_a_field(name: str, list_name: str, subject: str) -> None:
    sender = replace(SENDER, name=name, list_name=list_name)
    content = write(edition=replace(EDITION, subject=subject), sender=sender)

    assert [name for name, _ in fields(content)] == FIELDS
    assert list(faults(content)) == []


def test_the_fields_of_one_message() -> None:
    found = dict(fields(write()))

    assert found["From"] == "Larkfield Pain Practice <letter@larkfield.example>"
    assert found["To"] == "Anna Lee <anna@readers.example>"
    assert found["Subject"] == "Moving helps more than rest"
    assert found["Message-ID"] == "<7.2.0123456789abcdef0123@larkfield.example>"
    assert found["List-Id"] == "The Larkfield Letter <readers.larkfield.example>"
    assert found["List-Unsubscribe"] == f"<{READER.unsubscribe_url}>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found["List-Help"] == "<mailto:letter@larkfield.example?subject=help>"
    assert found["List-Owner"] == "<mailto:letter@larkfield.example>"
    assert found["List-Post"] == "NO"
    assert found["List-Archive"] == "<https://letter.larkfield.example/editions/>"
    assert found["MIME-Version"] == "1.0"


def test_one_click_stands_to_the_letter() -> None:
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in write()  # RFC 8058 3.1


def test_replies_go_where_the_newsletter_says() -> None:
    content = write(sender=replace(SENDER, reply_to="desk@larkfield.example"))

    assert field(content, "Reply-To") == "desk@larkfield.example"
    assert field(content, "List-Owner") == "<mailto:desk@larkfield.example>"
    assert field(content, "List-Help") == "<mailto:desk@larkfield.example?subject=help>"
    assert "Reply-To" not in dict(fields(write()))


def test_only_a_rehearsal_says_that_it_is_one() -> None:
    content = write(sender=replace(SENDER, rehearsal=True))

    assert field(content, "X-Rehearsal").startswith("yes; no provider is set")
    assert "X-Rehearsal" not in dict(fields(write()))


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("news+help@larkfield.example", "news%2Bhelp@larkfield.example"),
        ("who?cc=x&y@larkfield.example", "who%3Fcc%3Dx%26y@larkfield.example"),
        ("jörg@larkfield.example", "j%C3%B6rg@larkfield.example"),
    ],
)
def test_an_address_to_ask_stands_in_a_link_as_links_want_it(address: str, written: str) -> None:
    found = dict(fields(write(sender=replace(SENDER, email=address))))

    assert found["List-Owner"] == f"<mailto:{written}>"


def test_a_private_edition_names_no_archive() -> None:
    assert "List-Archive" not in dict(fields(write(edition=replace(EDITION, view_url=""))))


def test_an_address_with_letters_beyond_ascii_stands_in_utf8() -> None:
    content = write(READER._replace(email="jörg@readers.example", name=""))

    assert "\r\nTo: jörg@readers.example\r\n".encode() in content


# --- its date -----------------------------------------------------------------------------------


def test_the_date_has_a_numeric_zone() -> None:
    assert field(write(), "Date") == "Tue, 13 Oct 2026 13:05:00 +0000"

    new_york = SENT_AT.astimezone(timezone(timedelta(hours=-4)))
    content = Letter(EDITION, SENDER).write(READER, new_york)
    assert field(content, "Date") == "Tue, 13 Oct 2026 09:05:00 -0400"
    assert parsed(content)["Date"].datetime == SENT_AT


def test_the_date_is_english_where_the_machine_is_german(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ["-i", "de_DE", "-f", "ISO-8859-1", str(tmp_path / "de_DE")]
    if subprocess.run([need("locales"), *made], check=False, capture_output=True).returncode:
        lack("locales")  # the program is there, and nothing to make a locale from
    monkeypatch.setenv("LOCPATH", str(tmp_path))
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "de_DE")
        assert SENT_AT.strftime("%a, %b") == "Di, Okt"
        assert field(write(), "Date") == "Tue, 13 Oct 2026 13:05:00 +0000"
    finally:
        locale.setlocale(locale.LC_TIME, before)


# --- as bytes -----------------------------------------------------------------------------------


def test_a_message_byte_for_byte(golden: Golden) -> None:
    reader = READER._replace(name="Zoë O'Neil & <Söhne>, 漢字 🎉")
    sender = replace(SENDER, reply_to="desk@larkfield.example", rehearsal=True)

    golden(Path(__file__).parent / "golden" / "message.eml", write(reader, sender=sender))


def test_the_same_edition_and_reader_give_the_same_bytes() -> None:
    assert write() == write()


def test_a_preview_is_addressed_to_nobody(config: Config) -> None:
    reader = sample_reader(config)

    assert reader.email.endswith("@example.com")  # RFC 2606: nobody's
    assert list(faults(write(reader))) == []
