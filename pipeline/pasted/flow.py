"""What gathers while HTML is walked: styled words, the lines of a paragraph, finished blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml.html import HtmlElement

from pipeline.pasted.blocks import Block, ListEntry, Paragraph, Span, nest, tidy

_STRONG, _EMPHASIS, _STRUCK = (
    {"b", "strong"},
    {"i", "em", "cite", "dfn", "var"},
    {"s", "strike", "del"},
)
_CODE = {"code", "kbd", "samp", "tt"}
# To the web, by mail or telephone, or relative: no colon before the first "/", "?" or "#".
_SAFE_ADDRESS = re.compile(r"(?i:https?://|mailto:|tel:)\S|(?!#|$)[^:/?#]*(?:[/?#]|$)")


@dataclass
class Flow:
    """Collects blocks while an element is walked; `lines` is the paragraph not yet ended."""

    containers: int = 0
    blocks: list[Block | ListEntry] = field(default_factory=list)
    lines: list[list[Span]] = field(default_factory=lambda: [[]])
    line: int = 0

    def say(self, span: Span, line: int) -> None:
        """Add words to the paragraph."""
        if not any(self.lines) and (span.text.strip() or span.image):
            self.line = line
        self.lines[-1].append(span)

    def end_paragraph(self) -> None:
        """Make a paragraph of what has gathered, if it holds anything."""
        lines = tuple(tidied for line in self.lines if (tidied := tidy(line)))
        self.lines = [[]]
        if lines:
            self.blocks.append(Paragraph(lines, self.line))

    def finish(self) -> tuple[Block, ...]:
        """End the last paragraph and join what looks like one list."""
        self.end_paragraph()
        return tuple(_joined(self.blocks))


def tag_of(element: HtmlElement) -> str:
    """Return the lower-case name, without a namespace prefix as in "o:p"; "" for a comment."""
    tag = element.tag
    return tag.lower().rpartition(":")[2] if isinstance(tag, str) else ""


def _joined(blocks: list[Block | ListEntry]) -> Iterator[Block]:
    entries: list[ListEntry] = []
    for block in blocks:
        if isinstance(block, ListEntry):
            entries.append(block)
            continue
        yield from nest(tuple(entries))
        entries = []
        yield block
    yield from nest(tuple(entries))


def is_hidden(element: HtmlElement) -> bool:
    """Whether a page does not show this element, as far as it says so itself."""
    style = "".join((element.get("style") or "").lower().split())
    return element.get("hidden") is not None or "display:none" in style


def styled(element: HtmlElement, tag: str, style: Span) -> Span:
    """Return the style of the words inside an inline element, by its name and its CSS."""
    css = "".join((element.get("style") or "").lower().split())
    href = (element.get("href") or "").strip() if tag == "a" else ""
    return replace(
        style,
        strong=style.strong
        or tag in _STRONG
        or bool(re.search(r"font-weight:(bold|[6-9]00)", css)),
        emphasis=style.emphasis or tag in _EMPHASIS or "font-style:italic" in css,
        struck=style.struck or tag in _STRUCK or "text-decoration:line-through" in css,
        code=style.code or tag in _CODE,
        shift=tag if tag in {"sup", "sub"} else style.shift,
        href=style.href or (href if _SAFE_ADDRESS.match(href) else ""),
    )


def read_embedded(element: HtmlElement, tag: str, style: Span, flow: Flow) -> None:
    """Add a picture, or a link to what is embedded; without a web address only its words."""
    source = next(
        (s for name in ("data-src", "src") if (s := element.get(name)) and _is_web(s)), ""
    )
    words = " ".join((element.get("alt") or element.get("title") or "").split())
    span = (
        replace(style, text=words, image=source)
        if tag == "img"
        else replace(style, text=words or source, href=source)
    )
    flow.say(span, element.sourceline or 0)


def _is_web(address: str) -> bool:
    return re.match(r"(?i)https?://\S", address) is not None
