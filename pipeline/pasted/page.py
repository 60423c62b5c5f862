"""A saved page or a word processor's HTML: where its article stands, and what its head says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urljoin

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from pipeline.errors import ContentError
from pipeline.pasted.blocks import Block, Heading, Listing, Paragraph, words_of
from pipeline.pasted.flow import tag_of
from pipeline.pasted.html import NO_WORDS, read_element
from pipeline.pasted.lines import crumbs
from pipeline.pasted.post import Guess

_DEEPEST = 2000  # libxml2 drops words beyond 2,048 elements in each other, without an error
_PUBLISHED = (
    "//meta[@property='article:published_time']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//*[@itemprop='datePublished']/@content",
    "//time[@pubdate]/@datetime",
    "//time/@datetime",
    "//meta[@name='date' or @name='dc.date' or @name='dcterms.date' or @name='DC.date']/@content",
)
_SUMMARY = (
    "//meta[@name='description' or @name='Description']/@content",
    "//meta[@property='og:description']/@content",
)
_AUTHOR = ("//meta[@name='author' or @name='Author']/@content",)
_SECTION = ("//meta[@property='article:section']/@content",)
_TITLE = ("//meta[@property='og:title']/@content", "//head/title/text()")
_TAGS = "//meta[@property='article:tag']/@content"
_ADDRESS = ("//base/@href", "//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content")
_TRAIL = (
    "//*[contains(translate(concat(@class,' ',@aria-label,' ',@id),'BREADCUM','breadcum'),"
    "'breadcrumb')]"
)
_ARTICLE = ("//article", "//main", "//*[@role='main']", "//*[@itemprop='articleBody']")


@dataclass(frozen=True)
class Page:
    """The blocks of an article and what its page says about it; "" and None where it is silent."""

    blocks: tuple[Block, ...]
    title: str = ""
    day: date | None = None
    summary: str = ""
    author: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()
    trail_line: int | None = None
    notes: tuple[Guess, ...] = field(default_factory=tuple)


def read_page(text: str) -> Page:
    """Read an HTML document or fragment; words outside of its article are left out, and told.

    Raises ContentError when it is nested too deeply to be read whole.
    """
    tree = _parse(text)
    trail, trail_line = _cut_trail(tree)
    article = _article(tree)
    base = next((a for a in _texts(tree, _ADDRESS) if a.startswith(("http://", "https://"))), "")
    _resolve(article, base)
    read = read_element(article)
    blocks = _with_bold_headings(read)
    notes = (*_left_out(tree, article), *_pictures(article), *_made_headings(read, blocks))
    return Page(
        blocks,
        next(_texts(tree, _TITLE), ""),
        next(_days(tree), None),
        next(_texts(tree, _SUMMARY), ""),
        next(_texts(tree, _AUTHOR), ""),
        next(_texts(tree, _SECTION), ""),
        tuple(dict.fromkeys(_texts(tree, (_TAGS,)))),
        trail,
        trail_line,
        notes,
    )


def _parse(text: str) -> HtmlElement:
    parser = HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        tree = document_fromstring((text or " ").encode(), parser=parser)
    except ParserError:
        return document_fromstring("<p></p>")
    if any(_is_deep(element) for element in tree.iter() if len(element) == 0):
        raise ContentError(
            f"elements are nested more than {_DEEPEST} deep, and words would be lost",
            path="pasted document",
            hint="Paste the article's text instead, or save the page as plain text.",
        )
    return tree


def _is_deep(element: HtmlElement) -> bool:
    # Counting upwards from every leaf would take long in a deep tree; one look far up does not.
    return next((True for n, _ in enumerate(element.iterancestors()) if n >= _DEEPEST), False)


def _texts(tree: HtmlElement, paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        for value in tree.xpath(path):
            if words := " ".join(str(value).split()):
                yield words


def _days(tree: HtmlElement) -> Iterator[date]:
    for value in _texts(tree, _PUBLISHED):
        if match := re.match(r"\d{4}-\d{2}-\d{2}", value):
            try:
                yield date.fromisoformat(match[0])
            except ValueError:  # a day such as 2023-02-30; another place may name a real one
                continue


def _cut_trail(tree: HtmlElement) -> tuple[tuple[str, ...], int | None]:
    """Take the first breadcrumb trail out of the page: it is no part of the text."""
    for element in tree.xpath(_TRAIL):
        words = [" ".join(part.split()) for part in element.itertext()]
        parts = tuple(word for word in words if re.search(r"\w", word))
        trail = crumbs(" > ".join(parts)) or crumbs(" ".join(words))
        if trail and tag_of(element) not in {"body", "html", "main", "article"}:
            line = element.sourceline
            element.drop_tree()
            return trail, line
    return (), None


def _article(tree: HtmlElement) -> HtmlElement:
    for path in _ARTICLE:
        found = tree.xpath(path)
        if len(found) == 1 and len(_words(found[0])) >= 30:
            return found[0]
    return tree.body if tree.body is not None else tree


def _words(element: HtmlElement) -> list[str]:
    parts: list[str] = []
    for part in element.xpath(".//text()"):
        chain = [part.getparent(), *part.getparent().iterancestors()]
        if part.is_tail:
            chain = chain[1:]
        if not any(tag_of(holder) in NO_WORDS for holder in chain[:6]):
            parts += part.split()
    return parts


def _left_out(tree: HtmlElement, article: HtmlElement) -> Iterator[Guess]:
    if article is tree or tag_of(article) == "body":
        return
    around = len(_words(tree)) - len(_words(article))
    if around > 0:
        name, line = tag_of(article), article.sourceline
        reason = (
            f"left out {around} words around the <{name}> of line {line}, "
            "which hold the page's menus and notes"
        )
        yield Guess("body", "", line, reason)


def _resolve(article: HtmlElement, base: str) -> None:
    """Make addresses absolute where the page says where it stands."""
    if not base:
        return
    for element in article.iter("a", "img", "iframe", "video", "audio", "embed"):
        for name in ("href", "src", "data-src"):
            if value := (element.get(name) or "").strip():
                element.set(name, _joined(base, value))


def _joined(base: str, address: str) -> str:
    if address.startswith(("#", "data:")):
        return address
    try:
        return urljoin(base, address)
    except ValueError:  # "https://[" is no address, and stays what it is
        return address


def _pictures(article: HtmlElement) -> Iterator[Guess]:
    for picture in article.iter("img"):
        sources = [picture.get("data-src") or "", picture.get("src") or ""]
        if any(re.match(r"(?i)https?://\S", source) for source in sources):
            continue
        name = next((s for s in sources if s), "")[:60]
        reason = (
            f"left out the picture '{name}' of line {picture.sourceline}, as its file is not here"
        )
        yield Guess("body", "", picture.sourceline, reason)


def _with_bold_headings(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Make headings of short paragraphs in bold type before longer text."""
    following: tuple[Block | None, ...] = (*blocks[1:], None)[: len(blocks)]
    return tuple(
        _as_heading(block) if _is_bold_title(block) and _is_text(after) else block
        for block, after in zip(blocks, following, strict=True)
    )


def _made_headings(read: tuple[Block, ...], blocks: tuple[Block, ...]) -> Iterator[Guess]:
    for before, after in zip(read, blocks, strict=True):
        if before is not after:
            words = words_of(after)
            reason = f"took line {after.line}, '{words}', as a heading: it stands alone in bold"
            yield Guess("heading", words, after.line, reason)


def _is_bold_title(block: Block) -> bool:
    words = words_of(block)
    return (
        isinstance(block, Paragraph)
        and len(block.lines) == 1
        and all(span.strong or not span.text.strip() for span in block.lines[0])
        and 1 < len(words) <= 80
        and not words.endswith((".", ",", ";", ":", "!"))
    )


def _is_text(block: Block | None) -> bool:
    return isinstance(block, Listing) or (
        isinstance(block, Paragraph) and len(words_of(block)) > 80
    )


def _as_heading(block: Block) -> Block:
    if not isinstance(block, Paragraph):
        return block
    spans = tuple(replace(span, strong=False) for span in block.lines[0])
    return Heading(_level(words_of(block)), spans, block.line)


def _level(words: str) -> int:
    numbers = re.match(r"\d+(?:\.\d+)*", words)
    return min(2 + numbers[0].count("."), 6) if numbers else 2
