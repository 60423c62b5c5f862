"""A letter whose text and page Jinja2 can also render alone, for each reader anew."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

from jinja2 import Environment

from pipeline.compose import Edition
from pipeline.compose.slots import Reader

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")
_PAGE = """\
<p title="{{ reader.name }}">Dear {{ reader.name }},</p>
<p>.dots {{ reader.name }}{{ reader.name }}. {{ "{{ reader.name }}" }}</p>
.
..{{ reader.name }}
<a href="{{ reader.unsubscribe_url }}">Leave</a> &amp; <i>{{ reader.email }}</i>  漢字 🎉
{{ "wide " * 300 }}
"""
_TEXT = """\
Dear {{ reader.name }},
.
{{ reader.name }}
.{{ reader.name }}.
{{ reader.unsubscribe_url }}
-- \n{{ reader.email }} 漢字 =3D {{ "{{ 7*7 }}" }} {{ reader.name }}"""


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        autoescape=autoescape,  # noqa: S701  # plain text has nothing to escape
        newline_sequence="\r\n",  # as in mail
        keep_trailing_newline=True,
    )


_page = _environment(autoescape=True).from_string(_PAGE)
_text = _environment(autoescape=False).from_string(_TEXT)


def letter_of(edition: Edition) -> Edition:
    """The edition with that text and page, composed once for all readers."""
    for_all = Reader()
    return replace(edition, html=_page.render(reader=for_all), text=_text.render(reader=for_all))


def rendered(name: str, email: str, unsubscribe_url: str) -> tuple[str, str]:
    """Text and page as Jinja2 renders them for one reader.

    Control characters of a name are blanks, and half a character is none: mail cannot hold them.
    """
    clean = re.sub("[\ud800-\udfff]", "\ufffd", _CONTROL.sub(" ", name))
    reader = SimpleNamespace(name=clean, email=email, unsubscribe_url=unsubscribe_url)
    return _text.render(reader=reader), _page.render(reader=reader)
