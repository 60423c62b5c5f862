"""Names that people have, type by mistake, or choose to break something."""

from __future__ import annotations

import random
from collections.abc import Iterator

CUNNING = (
    "",
    " ",
    ".",
    "..",
    " .lead",
    "trailing blanks   ",
    "many   blanks   between ",
    "Zoë",
    'Anna "Ann" O\'Neil, MD; <x@y.example>',
    "back\\slash\\",
    "{{ 7*7 }}",
    "{% raw %}{{ name }}",
    "x\r\nBcc: victim@example.org",
    "x\r\n\r\n<script>",
    "x\r\n.\r\nMAIL FROM:<evil@example.org>",
    "x\u2028Bcc: victim@example.org\x85Cc: b@example.org",
    "=?utf-8?q?=41?=",
    "=01=2E=",
    "\x01\x00",
    "NUL\x00inside",
    "\ue000email\ue001",
    '<script>alert("&amp;")</script>',
    "\ud800 alone \udfff",
    "\u202eright to left override",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 漢字" * 20,
    "漢字" * 150,
    "w" * 300,
    '"' * 56,
    "a" * 55 + '"',
    "a" * 71 + ".",
    "a" * 72 + ".",
    "a" * 73 + ".",
)
_PIECES = (
    *("Anna", "Bert", "Zoë", "O'Neil", "Müller-Lüdenscheidt", "Søren", "Ngô", "李", "王小明"),
    *("مريم", "שרה", "👩‍👩‍👧‍👦", "🎉", "é", "\u0301", "\u200f", "\u202e", "\xa0", "\u2028"),
    *(" ", "  ", ".", "..", "-", ",", ";", ":", "'", '"', "\\", "&", "&amp;", "<", ">", "<b>", "="),
    *("=3D", "=2E", "=\r\n", "\r\n", "\n", "\t", "\r\nBcc: v@e.example", "{{ 7*7 }}", "{%", "%}"),
    *("{{ name }}", "{#", "=?utf-8?b?QQ==?=", "漢" * 30, "w" * 60, "?", "_", "%s", "$name", "\x07"),
)


def many_names(count: int) -> Iterator[str]:
    """So many names, the same each time: first the cunning ones, then those made of pieces."""
    yield from CUNNING[:count]
    dice = random.Random(4711)  # the same ones each time is what is wanted
    for _ in range(count - len(CUNNING)):
        yield "".join(dice.choices(_PIECES, k=dice.randint(1, 12)))
