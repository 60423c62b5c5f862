"""Words written so that Markdown shows exactly these words (CommonMark 0.31, tables, footnotes)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from pipeline.pasted.blocks import Inline, Span, plain

# An underscore between letters and a lone tilde mean nothing; "<" does before a letter, "&"
# before an entity's name. The rest of these characters is never left bare.
_ACTIVE = re.compile(
    r"[\\`*\[\]|]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~"
)
# Only what stands at the start of a line: headings, quotes, bullets, rules, underlines, numbers.
_LEADING = re.compile(r"#|>|[-+](?:[\s-]|$)|=+\s*$|:-")
_NUMBERED = re.compile(r"\d{1,9}[.)](?:\s|$)")
_UNSAFE_IN_ADDRESS = re.compile(r"[\s<>()\\|`\[\]\"]")


def escape(text: str) -> str:
    """Escape what Markdown would read as a sign anywhere in a line."""
    return _ACTIVE.sub(lambda match: "\\" + match[0], text)


def escape_start(line: str) -> str:
    """Escape what Markdown would read as a sign at the start of an already escaped line."""
    if _LEADING.match(line) is not None:
        return "\\" + line
    if _NUMBERED.match(line) is not None:
        return re.sub(r"^(\d+)", r"\1\\", line)
    return line


def address(url: str) -> str:
    """Return an address that can stand inside the parentheses of a link."""
    encoded = _UNSAFE_IN_ADDRESS.sub(
        lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode()), url
    )
    return re.sub(r"&(?=#?\w+;)", "&amp;", encoded)


def inline(spans: Inline) -> str:
    """Write spans as one line of Markdown that shows the same words.

    CommonMark does not close every emphasis that HTML can express (6.2, flanking delimiters).
    Where it would show asterisks instead, the emphasis is left out, and then the link: the
    words come first.
    """
    if all(span == Span(span.text) for span in spans):
        return escape(plain(spans))
    for attempt in (spans, _without_emphasis(spans), _without_links(spans)):
        line = _marked(_eased(attempt), ("href", "struck", "strong", "emphasis", "shift"))
        if attempt == _without_links(attempt) or _shown(line) == plain(spans):
            return line
    return escape(plain(spans))


def _without_emphasis(spans: Inline) -> Inline:
    return tuple(replace(s, strong=False, emphasis=False, struck=False) for s in spans)


def _without_links(spans: Inline) -> Inline:
    return tuple(Span(span.text, shift=span.shift) for span in spans)


def _marked(spans: Sequence[Span], marks: tuple[str, ...]) -> str:
    if not marks:
        return "".join(_leaf(span) for span in spans)
    written = ""
    for value, group in groupby(spans, key=lambda span: getattr(span, marks[0])):
        inner = _marked(tuple(group), marks[1:])
        written += _wrapped(inner, marks[0], value) if value else inner
    return written


def _wrapped(inner: str, mark: str, value: str) -> str:
    core = inner.strip(" ")
    if not core:
        return inner
    before, after = inner[: inner.index(core)], " " * (len(inner) - len(inner.rstrip(" ")))
    if mark == "href":
        return f"{before}[{core}]({address(value)}){after}"
    if mark == "shift":
        return f"{before}<{value}>{core}</{value}>{after}"
    sign = {"struck": "~~", "strong": "**", "emphasis": "*"}[mark]
    return f"{before}{sign}{core}{sign}{after}"


def _leaf(span: Span) -> str:
    if span.image:
        return f"![{escape(span.text)}]({address(span.image)})"
    if span.code and span.text.strip():
        return _code(span.text)
    return escape(span.text)


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    core = text.strip(" ")
    before, after = text[: text.index(core)], " " * (len(text) - len(text.rstrip(" ")))
    return f"{before}{fence}{padding}{core}{padding}{fence}{after}"


def _eased(spans: Inline) -> Inline:
    """Move punctuation out of an emphasis that touches a letter: **Note:**this does not close."""
    eased: list[Span] = []
    for position, span in enumerate(spans):
        rest = span
        if position and _emphasised(span) and _ends_in_letter(spans[position - 1].text):
            head = re.match(r"[\W_]*", rest.text)
            eased.append(_bare(span, head[0] if head else ""))
            rest = replace(rest, text=rest.text[len(eased[-1].text) :])
        following = spans[position + 1].text if position + 1 < len(spans) else ""
        if _emphasised(span) and following[:1].isalnum():
            tail = re.search(r"[\W_]*$", rest.text)
            outside = tail[0] if tail else ""
            eased += [replace(rest, text=rest.text.removesuffix(outside)), _bare(span, outside)]
        else:
            eased.append(rest)
    return tuple(span for span in eased if span.text or span.image)


def _emphasised(span: Span) -> bool:
    return (span.strong or span.emphasis or span.struck) and not (span.image or span.code)


def _ends_in_letter(text: str) -> bool:
    return text[-1:].isalnum()


def _bare(span: Span, text: str) -> Span:
    return Span(text, shift=span.shift, href=span.href)


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)


def _shown(line: str) -> str:
    """Return the words that a reader of `line` would see, alternative texts among them."""
    return " ".join(_words(_reader().parseInline(line)).split())


def _words(tokens: Sequence[Token]) -> str:
    return "".join(
        _words(token.children) if token.children else token.content
        for token in tokens
        if token.type != "html_inline"  # only <sup> and <sub>: every other "<" is escaped
    )
