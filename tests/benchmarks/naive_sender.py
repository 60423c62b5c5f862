"""A sender as one writes it first: python -m tests.benchmarks.naive_sender PORT MESSAGES DATABASE.

Jinja2 renders each mail, EmailMessage encodes it, smtplib sends it over one connection, and each
message is committed to SQLite.
"""

from __future__ import annotations

import smtplib
import sqlite3
import sys
from email.message import EmailMessage

from jinja2 import Environment, Template

from pipeline.compose.slots import SLOT
from tests.benchmarks.letters import make_edition


def main(port: str, messages: str, database: str) -> None:
    """Send so many messages to 127.0.0.1."""
    edition = make_edition()
    html, text = (_template(source) for source in (edition.html, edition.text))
    ledger = sqlite3.connect(database)
    ledger.execute("CREATE TABLE sent (number INTEGER PRIMARY KEY, reply TEXT)")
    with smtplib.SMTP("127.0.0.1", int(port)) as server:
        for number in range(int(messages)):
            server.send_message(_write(edition.subject, html, text, number))
            ledger.execute("INSERT INTO sent VALUES (?, ?)", (number, "250"))
            ledger.commit()
    ledger.close()


def _template(source: str) -> Template:
    return Environment(autoescape=True).from_string(SLOT.sub(r"{{ \1 }}", source))


def _write(subject: str, html: Template, text: Template, number: int) -> EmailMessage:
    values = {
        "name": f"Jörg Reader {number}",
        "email": f"reader-{number:07}@readers.example",
        "unsubscribe_url": f"https://larkfield.example/unsubscribe/{number}",
    }
    message = EmailMessage()
    message["From"] = "Larkfield Pain Practice <letter@larkfield.example>"
    message["To"] = values["email"]
    message["Subject"] = subject
    message.set_content(text.render(values))
    message.add_alternative(html.render(values), subtype="html")
    return message


if __name__ == "__main__":
    main(*sys.argv[1:])
