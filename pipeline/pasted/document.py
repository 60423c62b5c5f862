"""A page or document as people paste it, plain text or HTML, turned into a post."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

from pipeline.errors import ContentError
from pipeline.pasted.blocks import Block, Heading, Listing, Paragraph, plain, words_of
from pipeline.pasted.facts import Facts, SourceLine, find_facts, take_topics, take_trail
from pipeline.pasted.markdown import write_blocks
from pipeline.pasted.outline import read_outline
from pipeline.pasted.page import Page, read_page
from pipeline.pasted.post import Guess, PastedPost
from pipeline.pasted.text import Kind, clean, read_lines

_LONGEST_SUMMARY = 300  # characters
_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|etc|approx|No|Fig|e\.g|i\.e|z\.B|d\.h|ca|\w))\.$"
)


def parse_document(source: str, *, html: bool, today: date) -> PastedPost:
    """Turn one document into a post and say what was guessed.

    `today` is the editor's day: it dates what has no year and marks what is still to come.
    Raises ContentError when no word is left, or HTML is nested too deeply to be read.
    """
    text = clean(source)
    facts, blocks, notes = _read_html(text, today) if html else _read_text(text, today)
    facts = _summarise(take_topics(facts), blocks)
    return PastedPost(
        title=facts.title,
        date=facts.date,
        category=facts.category,
        summary=facts.summary,
        author=facts.author,
        tags=facts.tags,
        body_markdown=write_blocks(blocks),
        guesses=(*facts.guesses, *_missing(facts), *notes),
        read_on=today,
    )


def to_markdown(post: PastedPost) -> str:
    """Return the whole file: front matter, with the guesses as its comments, then the body.

    Without a date the post is a draft, dated on the day it was read until a person mends it.
    """
    reasons = _reasons(post)
    fields = {
        "title": _quoted(post.title),
        "date": (post.date or post.read_on).isoformat(),
        "category": _quoted(post.category),
        "summary": _quoted(post.summary),
        "author": _quoted(post.author),
        "tags": f"[{', '.join(_quoted(tag) for tag in post.tags)}]",
        "status": "published" if post.date else "draft",
    }
    optional = {name for name in ("category", "author", "tags") if not getattr(post, name)}
    lines = [
        f"{name}: {value}{reasons.get(name, '')}"
        for name, value in fields.items()
        if name not in optional
    ]
    lines += [f"# {guess.reason}" for guess in post.guesses if guess.reason.startswith("left out")]
    return "\n".join(["---", *lines, "---", "", post.body_markdown, ""])


def _reasons(post: PastedPost) -> dict[str, str]:
    told = {guess.field: f"  # {guess.reason}" for guess in post.guesses if guess.field != "title"}
    return {name: " ".join(reason.splitlines()) for name, reason in told.items()}


def _quoted(text: str) -> str:
    # A JSON string is a YAML string too; `clean` has removed what YAML does not allow.
    return json.dumps(text, ensure_ascii=False)


def _read_text(text: str, today: date) -> tuple[Facts, tuple[Block, ...], tuple[Guess, ...]]:
    lines = read_lines(text)
    worded = [p for p, line in enumerate(lines) if line.kind not in {Kind.BLANK, Kind.RULE}]
    source = [SourceLine(lines[p].number, " ".join(lines[p].raw.split())) for p in worded]
    facts = _find(source, today)
    taken = {worded[position] for position in facts.taken}
    rest = [
        replace(line, kind=Kind.BLANK) if position in taken else line
        for position, line in enumerate(lines)
    ]
    outline = read_outline(rest)
    return facts, outline.blocks, outline.guesses


def _read_html(text: str, today: date) -> tuple[Facts, tuple[Block, ...], tuple[Guess, ...]]:
    page = read_page(text)
    places, source = _source_lines(page.blocks)
    facts = _with_head(_find(source, today), page)
    taken = {places[position] for position in facts.taken}
    return facts, _levelled(_without(page.blocks, taken)), page.notes


def _source_lines(
    blocks: tuple[Block, ...],
) -> tuple[list[tuple[int, int]], list[SourceLine]]:
    """Return the lines of the blocks, and for each its place: (block, line or item in it)."""
    places: list[tuple[int, int]] = []
    source: list[SourceLine] = []
    for number, block in enumerate(blocks):
        for part, (text, heading) in enumerate(_parts(block)):
            if text:
                places.append((number, part))
                source.append(SourceLine(block.line, text, heading))
    return places, source


def _parts(block: Block) -> list[tuple[str, int]]:
    match block:
        case Heading(level, spans):
            return [(plain(spans), level)]
        case Paragraph(lines):
            return [(plain(line), 0) for line in lines]
        case Listing(items, None):
            return [(" ".join(map(words_of, item)), 0) for item in items]
        case _:
            return [(words_of(block), 6)]


def _without(blocks: tuple[Block, ...], taken: set[tuple[int, int]]) -> tuple[Block, ...]:
    kept: list[Block] = []
    for number, block in enumerate(blocks):
        match block:
            case Heading() if (number, 0) in taken:
                continue
            case Paragraph(lines):
                rest = tuple(x for part, x in enumerate(lines) if (number, part) not in taken)
                kept += [replace(block, lines=rest)] if rest else []
            case Listing(items, None):
                left = tuple(x for part, x in enumerate(items) if (number, part) not in taken)
                kept += [replace(block, items=left)] if left else []
            case _:
                kept.append(block)
    return tuple(kept)


def _levelled(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Shift the headings so that the highest is of level 2: the title is the only one above."""
    highest = min((block.level for block in blocks if isinstance(block, Heading)), default=2)
    return tuple(
        replace(block, level=min(block.level + 2 - highest, 6))
        if isinstance(block, Heading)
        else block
        for block in blocks
    )


def _with_head(facts: Facts, page: Page) -> Facts:
    """Add what the page says in its trail and its head, where the text itself is silent."""
    told = (
        ("tags", page.tags, "took the tags from the page's head"),
        ("date", page.day, "took the date from the page's own mark-up"),
        ("author", page.author, "took the author from the page's head"),
        ("summary", page.summary, "took the page's description as the summary"),
    )
    for name, value, reason in told:
        if value:
            facts = facts.with_fact(Guess(name, _shown(value), None, reason), value)
    facts = take_trail(facts, page.trail, page.trail_line) if page.trail else facts
    if not page.section:
        return facts
    reason = "took the category from the page's head"
    return facts.with_fact(Guess("category", page.section, None, reason), page.section)


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _find(source: list[SourceLine], today: date) -> Facts:
    if not source:
        raise ContentError(
            "the document holds no words",
            path="pasted document",
            hint="Paste the article's text, or save the page again with its text in it.",
        )
    return find_facts(source, today=today)


def _summarise(facts: Facts, blocks: tuple[Block, ...]) -> Facts:
    """Copy the first sentence or two of the first paragraph when no line is a summary."""
    first = next((block for block in blocks if isinstance(block, Paragraph)), None)
    if facts.summary or first is None:
        return facts
    summary = first_sentences(words_of(first))
    reason = f"copied the beginning of line {first.line} as the summary"
    return facts.with_fact(Guess("summary", summary, first.line, reason), summary)


def first_sentences(text: str) -> str:
    """Return the first sentence, and the second when the first is short; cut at 300 characters."""
    summary = ""
    for sentence in _sentences(text):
        if summary and len(summary) + len(sentence) > 160:
            break
        summary = f"{summary} {sentence}".strip()
        if len(summary) >= 60:
            break
    if len(summary) <= _LONGEST_SUMMARY:
        return summary
    cut = summary[:_LONGEST_SUMMARY].rpartition(" ")[0] or summary[:_LONGEST_SUMMARY]
    return f"{cut}\u2026"


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for end in re.finditer(r"[.!?][\"\u201d\u2019)]*(?=\s|$)", text):
        if not _ABBREVIATION.search(text[max(start, end.start() - 8) : end.start() + 1]):
            sentences.append(text[start : end.end()].strip())
            start = end.end()
    return [*sentences, rest] if (rest := text[start:].strip()) else sentences


def _missing(facts: Facts) -> list[Guess]:
    """Say what was looked for and not found."""
    told = {
        "date": "found no date, so the post is a draft until one is filled in",
        "category": "found no category, so it stays empty",
    }
    return [Guess(name, "", None, told[name]) for name in told if not getattr(facts, name)]
