"""A pasted document understood as a post, and the guesses behind it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Guess:
    """One decision about the document, so that a person can check it."""

    field: str  # "title", "date", "body" ...
    value: str  # the words it rests on, as they stand in the document; "" when there are none
    line: int | None  # counts from 1; None when it rests on no single line
    reason: str  # "took line 3, 'Nov 30, 2023', as the date"


@dataclass(frozen=True)
class PastedPost:
    """A pasted document, understood as a post. `date` is None when none was found."""

    title: str
    date: dt.date | None
    category: str
    summary: str
    author: str
    tags: tuple[str, ...]
    body_markdown: str
    guesses: tuple[Guess, ...]
    read_on: dt.date  # stands in for the date, in a draft, until a person fills it in
