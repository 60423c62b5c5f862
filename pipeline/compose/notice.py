"""Notices: mail to one person outside campaigns, composed and encoded for each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

from pipeline.compose import headers
from pipeline.compose.dkim import Seal, Signer
from pipeline.compose.jinja_engine import environment_for, render
from pipeline.compose.message import Sender
from pipeline.compose.mjml_engine import render_mjml
from pipeline.compose.multipart import join_lines, part_headers
from pipeline.compose.quoted_printable import encode
from pipeline.compose.strings import strings_for
from pipeline.compose.template_files import TemplateFiles
from pipeline.compose.values import site_values, without_reserved
from pipeline.config import Config
from pipeline.language import direction, format_date

_OWN = ("Date", "Message-ID", "To")  # the fields that a signature covers one by one


@dataclass(frozen=True)
class Notice:
    """One composed notice, addressed to nobody yet."""

    subject: str
    html: str
    text: str


def make_confirmation(title: str, url: str, until: date, today: date, config: Config) -> Notice:
    """The mail that asks whether somebody wants the list called `title`; `url` is the answer.

    The link holds to the end of `until`, or nearly. Raises TemplateError.
    """
    config, title = without_reserved(config), without_reserved(title)
    language = config.site.language
    strings = strings_for(language)
    subject = " ".join(strings["confirm_subject"].format(title=title).split())
    values = {
        **site_values(config),
        "strings": dict(strings),
        "newsletter": SimpleNamespace(title=title),
        "notice": SimpleNamespace(
            title=strings["confirm_title"].format(title=title),
            asked=strings["confirm_asked"].format(site=config.site.title),
            until=strings["confirm_until"].format(date=format_date(until, language)),
            url=url,
        ),
        "edition": _edition(subject, strings["confirm_preheader"], language, today),
    }
    return _render("notices/confirmation", subject, values, config)


def _edition(subject: str, preheader: str, language: str, today: date) -> SimpleNamespace:
    """What the parts that newsletters share want to know of an edition."""
    way = direction(language)
    return SimpleNamespace(
        subject=subject,
        preheader=preheader,
        language=language,
        issued_on=format_date(today, language),
        direction=way,
        start="right" if way == "rtl" else "left",
        end="left" if way == "rtl" else "right",
    )


def _render(name: str, subject: str, values: dict[str, Any], config: Config) -> Notice:
    environment = environment_for(config.templates)
    template = f"{name}.mjml"
    sources = TemplateFiles(config.templates).load_family(template)
    html = render_mjml(render(environment, template, values), template, sources)
    text = render(environment, f"{name}.txt", values).strip("\n") + "\n"
    return Notice(subject, html, text)


def write_notice(
    notice: Notice,
    sender: Sender,
    email: str,
    message_id: str,
    sent_at: datetime,
    signer: Signer | None = None,
) -> bytes:
    """The whole message: CRLF line ends, no body line over 76 octets or with a dot in front.

    Nothing in it is for mailing lists (RFC 2369): there is nothing to leave yet. `message_id` is
    without the angle brackets, `sent_at` aware.
    """
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
    head = join_lines(_head(notice, sender, boundary))
    own = join_lines(
        [
            f"Date: {format_datetime(sent_at.replace(microsecond=0))}",
            headers.token("Message-ID", f"<{message_id}>"),
            headers.address("To", "", email),
            "",
        ]
    )
    body = b"".join(
        (
            part_headers(boundary, "plain"),
            encode(notice.text.replace("\r\n", "\n")),
            b"\r\n",
            part_headers(boundary, "html"),
            encode(notice.html.replace("\r\n", "\n")),
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
    signed = Seal(signer, head, _OWN).sign(own, body, sent_at) if signer else b""
    return signed + own + head + body


def _head(notice: Notice, sender: Sender, boundary: str) -> list[str]:
    lines = [
        headers.address("From", sender.name, sender.email),
        headers.text("Subject", notice.subject),
        "Auto-Submitted: auto-generated",  # RFC 3834 5: no vacation message shall answer
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
    ]
    if sender.reply_to:
        lines.append(headers.address("Reply-To", "", sender.reply_to))
    if sender.rehearsal:
        lines.append("X-Rehearsal: yes; no provider is set, so this went to the local mailbox")
    return [*lines, "", ""]
