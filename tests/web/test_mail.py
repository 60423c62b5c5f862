"""Opening a captured message."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.mail import open_mail

LETTER = b"""\
Date: Tue, 03 Mar 2026 09:00:00 -0500\r
From: Larkfield <letter@larkfield.example>\r
To: =?utf-8?b?zprOsc+E?= =?utf-8?b?zrXPgc6vzr3OsQ==?=\r
 <reader@example.com>\r
Subject: =?utf-8?q?Caf=C3=A9?=\r
X-Rehearsal: yes\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
A caf=C3=A9\r
--b\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>A caf=C3=A9</p>\r
--b--\r
"""


def test_both_parts_and_the_headers_are_decoded() -> None:
    mail = open_mail(LETTER)

    assert mail.subject == "Café"
    assert mail.sender == "Larkfield <letter@larkfield.example>"
    assert mail.date == datetime(2026, 3, 3, 14, tzinfo=UTC)
    assert mail.rehearsal
    assert mail.text is not None
    assert mail.text.strip() == "A café"
    assert mail.html is not None
    assert mail.html.strip() == "<p>A café</p>"


def test_a_name_in_two_encoded_words_has_no_blank_between_them() -> None:
    assert open_mail(LETTER).recipient == "Κατερίνα <reader@example.com>"


def test_a_message_of_text_alone_has_no_html() -> None:
    mail = open_mail(b"Subject: x\r\n\r\nhello")

    assert (mail.text, mail.html) == ("hello", None)
    assert not mail.rehearsal
    assert mail.date is None


def test_what_cannot_be_decoded_is_shown_as_far_as_it_can() -> None:
    head = b"Subject: =?no-such-charset?q?x?=\r\nTo: \xc3\xa9\xff\r\nDate: soon\r\n"
    mail = open_mail(
        head + b"Content-Type: text/plain; charset=no-such-charset\r\n\r\n\xc3\xa9\xff"
    )

    assert mail.subject == "=?no-such-charset?q?x?="
    assert mail.recipient == "é\ufffd"
    assert mail.text == "é\ufffd"
    assert mail.date is None


PIECES = st.sampled_from(
    [
        *LETTER.splitlines(keepends=True),
        b"\r\n",
        b"--b--",
        b"Content-Type: ;\r\n",
        b"Subject: =?\r\n",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=20), max_size=30))
def test_any_message_can_be_opened(pieces: list[bytes]) -> None:
    mail = open_mail(b"".join(pieces))

    shown = (mail.subject, mail.sender, mail.recipient, mail.html or "", mail.text or "")
    assert all(part.encode() is not None for part in shown)
