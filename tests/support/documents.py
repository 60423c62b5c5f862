"""The project's Markdown files, read for what they promise: links, commands, headings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, deeper headings with their text included."""

    heading: str
    text: str


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Where it stands in the project: docs/commands.md."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """Its source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def _tokens(self) -> list[Token]:
        blocks = MarkdownIt("commonmark").enable("table").parse(self.text)
        return [token for block in blocks for token in (block, *(block.children or []))]

    @property
    def links(self) -> Iterator[str]:
        """Targets of its links and pictures that stay inside the project."""
        for token in self._tokens:
            target = str(token.attrs.get("href") or token.attrs.get("src") or "")
            if target and not urlsplit(target).scheme and not target.startswith("//"):
                yield unquote(target)

    @property
    def code(self) -> list[str]:
        """What it shows as code, in a line of text or in a block."""
        kinds = {"code_inline", "code_block", "fence"}
        return [token.content for token in self._tokens if token.type in kinds]

    @cached_property
    def sections(self) -> list[Section]:
        """Its headings, each with all that stands below it."""
        parts = re.split(r"^(#+) +(.*?) *#* *$", _without_fences(self.text), flags=re.MULTILINE)
        heads = list(zip(map(len, parts[1::3]), parts[2::3], parts[3::3], strict=True))
        return [
            Section(heading, text + "".join(_deeper(heads[number:])))
            for number, (_, heading, text) in enumerate(heads)
        ]

    @property
    def anchors(self) -> set[str]:
        """What a link to one of its headings ends with."""
        return {anchor(section.heading) for section in self.sections}

    @property
    def entries(self) -> set[str]:
        """What it explains one by one: first cells of table rows, headings and bold openings."""
        cells = re.findall(r"^\| *([^|]+?) *\|", self.text, flags=re.MULTILINE)
        openings = re.findall(r"^(?:[-*] )?\*\*(.+?)\*\*", self.text, flags=re.MULTILINE)
        listed = ",".join([*cells, *openings, *[section.heading for section in self.sections]])
        return {re.sub(r"[`*]| *\(.*?\)", "", entry).strip().lower() for entry in listed.split(",")}

    def section_about(self, words: str) -> str:
        """The text below every heading that names `words` as code or in full; "" without one."""
        named = re.compile(rf"(?<![\w-]){re.escape(words)}(?![\w-])")
        return "\n".join(each.text for each in self.sections if named.search(each.heading))


def anchor(heading: str) -> str:
    """The anchor that code hosts give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _deeper(heads: list[tuple[int, str, str]]) -> Iterator[str]:
    """What belongs to the first of `heads` because it stands deeper."""
    below = itertools.takewhile(lambda head: head[0] > heads[0][0], heads[1:])
    for _, heading, text in below:
        yield f"{heading}\n{text}"


def _without_fences(text: str) -> str:
    # A "#" inside a block of code opens a comment, not a section.
    return re.sub(
        r"^(```|~~~).*?^\1",
        lambda block: re.sub(r"^#", " #", block[0], flags=re.MULTILINE),
        text,
        flags=re.MULTILINE | re.DOTALL,
    )


def read_documents() -> list[Document]:
    """Every Markdown file that people read: those at the top and those in docs/."""
    return [Document(path) for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])]
