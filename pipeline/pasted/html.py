"""HTML of a page or a word processor, read as blocks; what Markdown lacks keeps its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from pipeline.pasted.blocks import (
    Block,
    Code,
    Heading,
    Inline,
    ListEntry,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    tidy,
    words_of,
)
from pipeline.pasted.flow import Flow, is_hidden, read_embedded, styled, tag_of
from pipeline.pasted.word import one_line, understood

NO_WORDS = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "svg",
        "math",
        "meta",
        "link",
        "title",
        "param",
        "source",
        "track",
        "col",
        "area",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "section",
        "select",
        "summary",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_DEEPEST = 80  # elements, after which the structure is given up and the words are kept
_DEEPEST_CONTAINER = 4  # lists and quotes in each other; Markdown readers stop near ten


def read_element(element: HtmlElement) -> tuple[Block, ...]:
    """Read everything inside `element`; line numbers are those of the source."""
    flow = Flow()
    _walk(element, Span(""), flow, 0)
    return flow.finish()


def _walk(element: HtmlElement, style: Span, flow: Flow, depth: int) -> None:
    line = element.sourceline or 0
    if element.text:
        flow.say(replace(style, text=element.text), line)
    for child in element:
        if depth < _DEEPEST:
            _read(child, style, flow, depth + 1)
        else:
            _read_words(child, flow)
        if child.tail:
            flow.say(replace(style, text=child.tail), child.sourceline or line)


def _read(element: HtmlElement, style: Span, flow: Flow, depth: int) -> None:
    tag = tag_of(element)
    if not tag or tag in NO_WORDS or is_hidden(element):
        return
    if tag == "br":
        flow.lines.append([])
    elif tag in {"img", "iframe", "embed", "video", "audio"}:
        read_embedded(element, tag, style, flow)
        if tag in {"video", "audio"}:
            _walk(element, style, flow, depth)
    elif (reader := _READERS.get(tag)) is not None:
        flow.end_paragraph()
        flow.blocks += reader(element, flow.containers, depth)
    elif tag in _BLOCKS:
        flow.end_paragraph()
        _read_container(element, style, flow, depth)
    else:
        _walk(element, styled(element, tag, style), flow, depth)


def _read_container(element: HtmlElement, style: Span, flow: Flow, depth: int) -> None:
    before = len(flow.blocks)
    _walk(element, style, flow, depth)
    flow.end_paragraph()
    is_paragraph = len(flow.blocks) == before + 1 and tag_of(element) in {"p", "div"}
    if is_paragraph and isinstance(paragraph := flow.blocks[-1], Paragraph):
        flow.blocks[-1:] = understood(element, paragraph)
    if tag_of(element) == "dt":
        flow.blocks[before:] = [_strong(block) for block in flow.blocks[before:]]


def _strong(block: Block | ListEntry) -> Block | ListEntry:
    if not isinstance(block, Paragraph):
        return block
    lines = (tuple(replace(span, strong=True) for span in line) for line in block.lines)
    return replace(block, lines=tuple(lines))


def _read_words(element: HtmlElement, flow: Flow) -> None:
    """Keep the words of what is nested too deeply, a paragraph for each block."""
    silent = 0
    for event, node in iterwalk(element, events=("start", "end", "comment", "pi")):
        tag = tag_of(node)
        is_silent = tag in NO_WORDS or not tag
        if tag in _BLOCKS or tag in _READERS or tag == "br":
            flow.end_paragraph()
        if event in {"start", "end"}:
            silent += is_silent if event == "start" else -is_silent
        words = node.text if event == "start" else node.tail if node is not element else ""
        if words and not silent:
            flow.say(Span(words), node.sourceline or 0)


def _inside(element: HtmlElement, containers: int, depth: int) -> tuple[Block, ...]:
    flow = Flow(containers)
    _walk(element, Span(""), flow, depth)
    return flow.finish()


def _read_heading(element: HtmlElement, containers: int, depth: int) -> list[Block]:
    level = int(tag_of(element)[1])
    return [
        Heading(level, tidy(replace(s, strong=False) for s in one_line(block)), block.line)
        if isinstance(block, Paragraph)
        else block
        for block in _inside(element, containers, depth)
    ]


def _read_quote(element: HtmlElement, containers: int, depth: int) -> list[Block]:
    blocks = _inside(element, containers + 1, depth)
    if containers >= _DEEPEST_CONTAINER or not blocks:
        return list(blocks)
    return [Quote(blocks, element.sourceline or 0)]


def _read_list(element: HtmlElement, containers: int, depth: int) -> list[Block]:
    items = [_loose(element.text, element)]
    for child in element:
        blocks = _read_item(child, containers + 1, depth)
        if tag_of(child) == "li":
            items.append(blocks)
        else:
            items[-1] += blocks  # a list right inside a list belongs to the item before it
        items[-1] += _loose(child.tail, child)
    if containers >= _DEEPEST_CONTAINER:
        return [block for item in items for block in item]
    start = element.get("start") or "1"
    first = int(start) if start.isdecimal() and start.isascii() and len(start) < 8 else 1
    number = first if tag_of(element) == "ol" else None
    worded = tuple(item for item in items if item)
    return [Listing(worded, number, ".", element.sourceline or 0)] if worded else []


def _read_item(element: HtmlElement, containers: int, depth: int) -> tuple[Block, ...]:
    flow = Flow(containers)
    if tag_of(element) == "li" and not is_hidden(element):
        _walk(element, Span(""), flow, depth)
    else:
        _read(element, Span(""), flow, depth)
    return flow.finish()


def _loose(text: str | None, near: HtmlElement) -> tuple[Block, ...]:
    spans = tidy([Span(text or "")])
    return (Paragraph((spans,), near.sourceline or 0),) if spans else ()


def _read_table(element: HtmlElement, containers: int, depth: int) -> list[Block]:
    """Read a table; one that only arranges a page, or holds one column, becomes its contents."""
    rows: list[list[tuple[Block, ...]]] = []
    around = Flow(containers)
    _gather_rows(element, rows, around, depth)
    blocks = list(around.finish())
    columns = max((len(row) for row in rows), default=0)
    if columns < 2 or len(rows) < 2 or any(_is_layout(cell) for row in rows for cell in row):
        return blocks + [block for row in rows for cell in row for block in cell]
    cells = [(*map(_flat, row), *[()] * (columns - len(row))) for row in rows]
    return [*blocks, Table(tuple(cells), element.sourceline or 0)]


def _gather_rows(
    element: HtmlElement, rows: list[list[tuple[Block, ...]]], around: Flow, depth: int
) -> None:
    """Sort what a table holds into rows of cells and, its caption among it, what is around them."""
    around.say(Span(element.text or ""), element.sourceline or 0)
    for child in element:
        tag = tag_of(child)
        if tag == "tr":
            rows.append([])
        around.end_paragraph()
        if tag in {"thead", "tbody", "tfoot", "tr"}:
            _gather_rows(child, rows, around, depth)
        elif tag in {"td", "th"} and rows:
            span = child.get("colspan") or "1"
            empty = min(int(span), 50) - 1 if span.isdecimal() and span.isascii() else 0
            rows[-1] += [_inside(child, around.containers, depth), *[()] * empty]
        else:
            _read(child, Span(""), around, depth)
        around.say(Span(child.tail or ""), child.sourceline or 0)


def _is_layout(cell: tuple[Block, ...]) -> bool:
    return len(cell) > 4 or not all(isinstance(block, Paragraph | Listing) for block in cell)


def _flat(cell: tuple[Block, ...]) -> Inline:
    spans: list[Span] = []
    for block in cell:
        line = one_line(block) if isinstance(block, Paragraph) else (Span(words_of(block)),)
        spans += [*line, Span(" ")]
    return tidy(spans)


def _read_rule(element: HtmlElement, containers: int, depth: int) -> list[Block]:
    return [Rule(element.sourceline or 0), *_inside(element, containers, depth)]


def _read_code(element: HtmlElement, _containers: int, _depth: int) -> list[Block]:
    text = "".join(element.itertext())
    return [Code(text, element.sourceline or 0)] if text.strip() else []


_Reader = Callable[[HtmlElement, int, int], list[Block]]
_READERS: dict[str, _Reader] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _read_heading),
    **dict.fromkeys(("ul", "ol", "menu"), _read_list),
    "blockquote": _read_quote,
    "hr": _read_rule,
    "pre": _read_code,
    "table": _read_table,
}
