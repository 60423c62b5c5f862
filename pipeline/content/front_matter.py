"""The YAML between the two `---` lines, read as text: no value changes its type behind one's back.

`title: no`, `title: 012` and `title: 2026-01-01` are the texts they look like. An empty value or
`~` counts as not written. Anchors, aliases, tags and nesting beyond what a field needs are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from pipeline.content.faults import Faults
from pipeline.content.plain import strip_forbidden

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAKS = str.maketrans(dict.fromkeys("\x85\u2028\u2029", " "))  # YAML would count them as lines
_DEEPEST = 4
_SENTENCES = ("title", "summary", "author", "image_alt", "alt")  # texts in which "#" may well stand
MINIMAL = "begin the file with\n---\ntitle: Your title\ndate: 2026-03-08\n---"


@dataclass(frozen=True)
class Text:
    """A scalar as written, at `line` of the file."""

    value: str
    line: int


@dataclass(frozen=True)
class Texts:
    """A list."""

    items: tuple[Value, ...]
    line: int


@dataclass(frozen=True)
class Table:
    """Keys and their values; `lines` says where each key stands."""

    items: dict[str, Value]
    lines: dict[str, int]
    line: int


Value = Text | Texts | Table


@dataclass(frozen=True)
class Parts:
    """A file taken apart; `body_line` is the line of the file on which the body starts."""

    header: str
    body: str
    body_line: int


class _RefusedError(Exception):
    def __init__(self, message: str, line: int, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.hint = hint


def decode(data: bytes, faults: Faults) -> str | None:
    """Decode UTF-8, with or without a byte order mark, and make every line end in LF.

    Bytes that are not UTF-8 are a fault at their line. Forbidden characters, NUL among them, are
    dropped.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _lf(error.object[: error.start].decode("latin-1")).count("\n") + 1
        byte = f"0x{error.object[error.start]:02x}"
        faults.add(f"the byte {byte} is not UTF-8 text", line, "save the file as UTF-8")
        return None
    return strip_forbidden(_lf(text))


def split(text: str, faults: Faults) -> Parts | None:
    """Part the front matter from the body; without both of its `---` lines that is a fault."""
    if not re.match(r"---[ \t]*(?:\n|\Z)", text):
        faults.add("has no front matter", 1, MINIMAL)
        return None
    lines = text.split("\n")
    for number in range(1, len(lines)):
        if lines[number].rstrip(" \t") in ("---", "..."):
            header, body = "\n".join(lines[1:number]), "\n".join(lines[number + 1 :])
            return Parts(header.translate(_BREAKS), body, number + 2)
    faults.add("the front matter is never closed", 1, "end it with a line of three dashes: ---")
    return None


def parse(header: str, faults: Faults) -> Table | None:
    """Read the front matter; None, and a fault with its line, if it cannot be read.

    A key given twice is a fault that names both lines; the first one counts then.
    """
    try:
        return _Reader(header, faults).read()
    except _RefusedError as error:
        faults.add(str(error), error.line, error.hint)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        problem = getattr(error, "problem", None) or "it cannot be read"
        hint = "put a text that holds a colon, or starts with a sign, in quotes"
        faults.add(f"the front matter is no valid YAML: {problem}", line, hint)
    return None


class _Reader:
    """Builds values from YAML's events, so that nothing gets a type and nothing is expanded."""

    def __init__(self, header: str, faults: Faults) -> None:
        self.events: Iterator[Any] = iter(yaml.parse(header, Loader=_LOADER))
        self.faults = faults
        self.lines = header.split("\n")

    def read(self) -> Table:
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                value = self.value(event, 1)
                if isinstance(value, Table):
                    return value
                hint = "write one `key: value` a line"
                raise _RefusedError("the front matter holds no keys", value.line, hint)
        return Table({}, {}, 2)

    def value(self, event: Any, depth: int) -> Value:
        line = event.start_mark.line + 2
        self.refuse_cleverness(event, line, depth)
        if isinstance(event, yaml.ScalarEvent):
            plain_null = event.implicit[0] and event.value == "~"
            return Text("" if plain_null else strip_forbidden(event.value), line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Texts(tuple(self.items(depth)), line)
        return self.table(line, depth)

    def items(self, depth: int) -> Iterator[Value]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self.value(event, depth + 1)

    def table(self, line: int, depth: int) -> Table:
        made = Table({}, {}, line)
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.value(event, depth + 1)
            given = next(self.events)
            value = self.value(given, depth + 1)
            if not isinstance(key, Text):
                raise _RefusedError("a key must be one word", key.line, "write `key: value`")
            if key.value in made.items:
                first = made.lines[key.value]
                message = f"the key {key.value!r} stands on line {first} already"
                self.faults.add(message, key.line, "keep one of the two")
                continue
            self.refuse_lost_words(key.value, given)
            made.items[key.value] = value
            made.lines[key.value] = key.line
        return made

    def refuse_lost_words(self, key: str, event: Any) -> None:
        """A title such as `Our #1 tip` would silently end before what YAML takes for a comment."""
        plain = isinstance(event, yaml.ScalarEvent) and event.implicit[0]
        if key in _SENTENCES and plain and " #" in self.lines[event.start_mark.line]:
            message = f"YAML reads what follows ' #' in {key} as a comment"
            hint = f'put the {key} in quotes, as in {key}: "Our #1 tip"'
            self.faults.add(message, event.start_mark.line + 2, hint)

    def refuse_cleverness(self, event: Any, line: int, depth: int) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            hint = "write the value out; put a text that starts with this sign in quotes"
            raise _RefusedError(f"{sign}{event.anchor} is a YAML reference", line, hint)
        if event.tag is not None:
            hint = "put a text that starts with an exclamation mark in quotes"
            raise _RefusedError(f"{event.tag} is a YAML tag", line, hint)
        if depth > _DEEPEST:
            hint = "no key wants more than one level"
            raise _RefusedError("the values are nested too deeply", line, hint)


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
