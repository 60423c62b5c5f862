"""The letter that the sending benchmarks send: about 40 kB of HTML, 5 kB of text, seven slots."""

from __future__ import annotations

from datetime import date

from pipeline.compose import Edition
from pipeline.compose.slots import slot
from tests.benchmarks.posts import sentence

BLOCKS = 55
CELL = (
    '<tr><td align="left" style="padding:10px 25px;word-break:break-word;font-size:16px;'
    'line-height:1.5;color:#1c2b2b;font-family:Georgia,serif">'
)
LINK = '<a href="https://larkfield.example/posts/{}/" style="color:#0f6b6b">Weiterlesen …</a>'


def make_edition() -> Edition:
    """The edition, the same one on every machine."""
    return Edition(
        id="0" * 64,
        newsletter="digest",
        subject="Bewegung hilft mehr als Schonung",
        preheader="Zehn Minuten gehen, zweimal am Tag.",
        html=_html(),
        text=_text(),
        language="de",
        post_ids=(),
        private=True,
        view_url="",
        issued_on=date(2026, 10, 13),
    )


def _html() -> str:
    leave = f'<a href="{slot("unsubscribe_url")}">Abbestellen</a>'
    blocks = [f"{CELL}Guten Tag {slot('name')}! {leave}</td></tr>"]
    blocks += [
        f"{CELL}{_paragraph(number, 72)} {LINK.format(number)}</td></tr>"
        for number in range(BLOCKS)
    ]
    blocks.append(f"{CELL}An {slot('email')} geschickt. {leave}</td></tr>")
    return f"<!doctype html><html><body><table>{chr(10).join(blocks)}</table></body></html>"


def _text() -> str:
    paragraphs = "\n\n".join(_paragraph(number, 72) for number in range(10))
    name, email, leave = map(slot, ("name", "email", "unsubscribe_url"))
    return f"Guten Tag {name}!\n\n{paragraphs}\n\nAn {email} geschickt.\n{leave}\n"


def _paragraph(number: int, words: int) -> str:
    return f"„{sentence(number, words)}“ Überall für alle, täglich."
