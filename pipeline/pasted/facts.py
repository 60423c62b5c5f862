"""Title, date, category, author, tags and summary, found among the lines of a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pipeline.pasted.dates import read_date
from pipeline.pasted.lines import Found, category_of, has_label, is_bare_name, read_line
from pipeline.pasted.post import Guess

_LONGEST_TITLE = 150  # characters
_LEAD = 12  # lines at the top, and
_TAIL = 5  # lines at the end, where a labelled line counts
_UPDATED = re.compile(
    r"(?i:last\s+)?(?i:updated|modified|reviewed|aktualisiert)(?i:\s+on)?\s*:?\s+"
)


@dataclass(frozen=True)
class SourceLine:
    """One line of words; `number` counts from 1, `heading` is its level where the source says."""

    number: int
    text: str
    heading: int = 0


@dataclass(frozen=True)
class Facts:
    """What was found; `taken` are the positions of the lines that are used up by it."""

    title: str = ""
    date: date | None = None
    category: str = ""
    summary: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()  # what stands above the category in a trail
    guesses: tuple[Guess, ...] = ()
    taken: frozenset[int] = field(default_factory=frozenset)

    def with_fact(self, guess: Guess, value: object) -> Facts:
        """Return the facts with one more, and why; a field that is known already stays."""
        if getattr(self, guess.field):
            return self
        known = {name: getattr(self, name) for name in ("taken", "topics", *_FIELDS)}
        return Facts(**{**known, guess.field: value}, guesses=(*self.guesses, guess))

    def with_note(self, guess: Guess) -> Facts:
        """Return the facts with one more guess that sets no field."""
        return replace(self, guesses=(*self.guesses, guess))


_FIELDS = ("title", "date", "category", "summary", "author", "tags")


def find_facts(lines: Sequence[SourceLine], *, today: date) -> Facts:
    """Find what the lines say about the document.

    Read are the lines around the title until the text starts, and labelled ones ("Filed
    under: …") near both ends. Each field is taken once: a second date stays in the text.
    """
    title_at = _title_position(lines, today)
    facts = _take_title(lines, title_at)
    lead = _lead(lines, title_at, today)
    for position in lead:
        facts = _take_line(facts, lines, position, today)
    facts = _take_bare_category(facts, lines, lead, title_at)
    for position in _labelled(lines, facts):
        facts = _take_line(facts, lines, position, today)
    return facts if facts.date else _take_update(facts, lines, today)


def _title_position(lines: Sequence[SourceLine], today: date) -> int:
    for position, line in enumerate(lines):
        if line.heading == 1:
            return position
    for position, line in enumerate(lines[:_LEAD]):
        if not read_line(line.text, today=today):
            return position + _is_kicker(lines, position, today)
    return 0


def _is_kicker(lines: Sequence[SourceLine], position: int, today: date) -> bool:
    """Whether a line is a name in capitals above the title: TREATMENTS, title, date."""
    following = [line.text for line in lines[position + 1 : position + 3]]
    name = lines[position].text
    return (
        len(following) == 2
        and name.isupper()
        and is_bare_name(name)
        and len(following[0]) <= _LONGEST_TITLE
        and not following[0].isupper()
        and not read_line(following[0], today=today)
        and bool(read_line(following[1], today=today))
    )


def _take_title(lines: Sequence[SourceLine], position: int) -> Facts:
    line = lines[position]
    if len(line.text) <= _LONGEST_TITLE:
        guess = Guess("title", line.text, line.number, f"took line {line.number} as the title")
        return Facts(title=line.text, guesses=(guess,), taken=frozenset({position}))
    title = line.text[:80].rpartition(" ")[0] or line.text[:80]
    reason = (
        f"copied the first words of line {line.number} as the title, as no line is short enough"
    )
    return Facts(title=title, guesses=(Guess("title", title, line.number, reason),))


def _lead(lines: Sequence[SourceLine], title_at: int, today: date) -> list[int]:
    lead = list(range(max(0, title_at - 4), title_at))
    for position in range(title_at + 1, min(title_at + _LEAD, len(lines))):
        line = lines[position]
        if line.heading or (_is_prose(line.text) and not read_line(line.text, today=today)):
            break
        lead.append(position)
    return lead


def _is_prose(text: str) -> bool:
    words = len(text.split())
    return words > 25 or (words > 6 and text.endswith((".", "?", "!", ":")))


def _labelled(lines: Sequence[SourceLine], facts: Facts) -> list[int]:
    near_the_ends = {*range(min(_LEAD, len(lines))), *range(max(0, len(lines) - _TAIL), len(lines))}
    return [p for p in sorted(near_the_ends - facts.taken) if has_label(lines[p].text)]


def _take_line(facts: Facts, lines: Sequence[SourceLine], position: int, today: date) -> Facts:
    line = lines[position]
    found = read_line(line.text, today=today)
    fields = {"category" if fact.field == "trail" else fact.field for fact in found}
    if not found or any(getattr(facts, name) for name in fields & set(_FIELDS)):
        return facts
    for fact in found:
        facts = _take(facts, fact, line.number, today)
    return replace(facts, taken=facts.taken | {position})


def _take(facts: Facts, fact: Found, line: int, today: date) -> Facts:
    if fact.field == "trail" and isinstance(fact.value, tuple):
        return take_trail(facts, fact.value, line)
    if fact.field == "reading time":
        reason = f"left out {_quoted(fact.words)} of line {line}, as it is counted anew"
        return facts.with_note(Guess("body", fact.words, line, reason))
    note = f", {fact.note}" if fact.note else ""
    if isinstance(fact.value, date) and fact.value > today:
        note += ", which is still to come: the post appears then"
    words = "" if fact.field == "summary" else f", {_quoted(fact.words)},"
    reason = f"took line {line}{words} as the {fact.field}{note}"
    return facts.with_fact(Guess(fact.field, fact.words, line, reason), fact.value)


def take_trail(facts: Facts, trail: tuple[str, ...], line: int | None) -> Facts:
    """Take the end of "Home > Treatments > Nerve blocks" as category, and note what is above."""
    category, topics = category_of(trail, facts.title)
    words = " > ".join(trail)
    if not category:
        reason = f"left out the trail in line {line}, {_quoted(words)}, which names no category"
        return facts.with_note(Guess("body", words, line, reason))
    reason = f"took the end of the trail in line {line}, {_quoted(words)}, as the category"
    facts = facts.with_fact(Guess("category", words, line, reason), category)
    return replace(facts, topics=topics)


def take_topics(facts: Facts) -> Facts:
    """Take what stands above the category in the trail as tags, if nothing else names any."""
    if not facts.topics:
        return facts
    reason = f"took what stands above it in the trail, {_quoted(', '.join(facts.topics))}, as tags"
    return facts.with_fact(Guess("tags", ", ".join(facts.topics), None, reason), facts.topics)


def _take_bare_category(
    facts: Facts, lines: Sequence[SourceLine], lead: Sequence[int], title_at: int
) -> Facts:
    """Take a few bare words between the title and a date or author line, or right above a title."""
    last = max(facts.taken, default=-1)
    for position in lead:
        line = lines[position]
        is_above = position == title_at - 1 and not line.text.lower().startswith("skip")
        is_between = title_at < position < last
        if facts.category or position in facts.taken or not is_bare_name(line.text):
            continue
        if is_above or is_between:
            place = "stands above the title" if is_above else "stands beside the date or author"
            reason = f"took line {line.number}, {_quoted(line.text)}, as the category: it {place}"
            facts = facts.with_fact(Guess("category", line.text, line.number, reason), line.text)
            facts = replace(facts, taken=facts.taken | {position})
    return facts


def _take_update(facts: Facts, lines: Sequence[SourceLine], today: date) -> Facts:
    for line in (*lines[:_LEAD], *lines[-_TAIL:]):
        if (label := _UPDATED.match(line.text)) is None:
            continue
        if (day := read_date(line.text[label.end() :], today=today)) is not None:
            reason = (
                f"took line {line.number}, {_quoted(line.text)}, as the date, "
                "as no other date stands there; the line stays in the text"
            )
            return facts.with_fact(Guess("date", "", line.number, reason), day.day)
    return facts


def _quoted(words: str) -> str:
    return f"'{words}'"
