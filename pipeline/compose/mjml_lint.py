"""Finds what is wrong in MJML before it is rendered, as the renderer itself reports nothing.

The same scan reads the rendered MJML, which is exact, and a template's source with its Jinja2
blanked out, which has the line numbers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

# fmt: off
# Their content is HTML, CSS or text and goes through as it is.
_ENDING = frozenset({
    "mj-accordion-text", "mj-accordion-title", "mj-button", "mj-navbar-link", "mj-preview",
    "mj-raw", "mj-social-element", "mj-style", "mj-table", "mj-text", "mj-title",
})
_HEAD = frozenset({
    "mjml", "mj-head", "mj-body", "mj-all", "mj-class", "mj-attributes", "mj-html-attributes",
    "mj-html-attribute", "mj-selector",
})
# fmt: on
# In the standard and working, but missing from the tables of the renderer.
_MORE_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "mj-body": frozenset({"width"}),
    "mj-group": frozenset({"vertical-align", "width", "direction", "background-color"}),
    "mj-raw": frozenset({"position"}),
    "mj-table": frozenset({"role"}),
    "mj-button": frozenset({"title"}),
    "mj-wrapper": frozenset({"gap"}),
}
_REFUSED = {
    "mj-include": 'write {% include "parts/name.mjml" %}: Jinja2 stays inside templates/',
    "mj-font": "remove it: mail clients show the reader's own fonts, and a web font tells a"
    " third party who reads",
}
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^'\">])*?)"
    r"(?P<void>/?)>"
)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True)
class Fault:
    """One mistake; `line` counts from 1 in the text that was scanned."""

    message: str
    line: int
    hint: str = ""


def find_fault(mjml: str) -> Fault | None:
    """The first mistake in rendered MJML, or None."""
    return next(_faults(_COMMENT.sub(_blank, mjml)), None)


def locate(fault: Fault, sources: Mapping[str, str]) -> tuple[str, int] | None:
    """Template and line where a fault of the rendered MJML was written, if that can be seen."""
    for name, source in sources.items():
        blanked = _COMMENT.sub(_blank, _JINJA.sub(_blank, source))
        for found in _faults(blanked):
            if found.message == fault.message:
                return name, found.line
    return None


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _faults(mjml: str) -> Iterator[Fault]:
    """Unknown tags and attributes, and tags that open and close in the wrong order."""
    open_tags: list[tuple[str, int]] = []
    for tag in _TAG.finditer(mjml):
        name, line = tag["name"].lower(), mjml.count("\n", 0, tag.start()) + 1
        inside = open_tags[-1][0] if open_tags else ""
        if not name.startswith("mj"):
            if inside.startswith("mj") and inside not in _ENDING and not tag["end"]:
                yield Fault(
                    f"<{name}> stands directly in <{inside}>, which drops it",
                    line,
                    "put it into <mj-text>, or into <mj-raw>",
                )
            continue
        if tag["end"]:
            yield from _closing(name, line, open_tags)
            continue
        yield from _wrong_tag(name, line)
        yield from _wrong_attributes(name, tag["attributes"], line, inside)
        if not tag["void"]:
            open_tags.append((name, line))
    for unclosed in open_tags:
        yield _unclosed(*unclosed)


def _closing(name: str, line: int, open_tags: list[tuple[str, int]]) -> Iterator[Fault]:
    if name not in [opened for opened, _ in open_tags]:
        within = f"inside <{open_tags[-1][0]}>" if open_tags else "where nothing is open"
        yield Fault(f"</{name}> closes {within}", line, "close tags in the order they were opened")
        return
    while (inner := open_tags.pop())[0] != name:
        yield _unclosed(*inner)


def _unclosed(name: str, line: int) -> Fault:
    return Fault(f"<{name}> is never closed", line, f"add </{name}>, or write <{name} />")


def _wrong_tag(name: str, line: int) -> Iterator[Fault]:
    if name in _REFUSED:
        yield Fault(f"<{name}> is not allowed", line, _REFUSED[name])
    elif name not in _known():
        close = difflib.get_close_matches(name, _known(), n=1)
        yield Fault(
            f"<{name}> is no MJML tag", line, f"did you mean <{close[0]}>?" if close else ""
        )


def _wrong_attributes(name: str, written: str, line: int, inside: str) -> Iterator[Fault]:
    if name in _HEAD or inside == "mj-attributes" or name not in _known():
        return
    for attribute in _ATTRIBUTE.findall(written):
        if attribute not in _known()[name] and attribute not in ("css-class", "mj-class"):
            close = difflib.get_close_matches(attribute, _known()[name], n=1)
            hint = f"did you mean {close[0]}?" if close else ""
            yield Fault(f"<{name}> has no attribute {attribute}", line, hint)


@cache
def _known() -> Mapping[str, frozenset[str]]:
    """Every tag with its attributes."""
    from mjml.core.registry import components, register_core_components

    register_core_components()
    rendered = {
        name: frozenset(part.allowed_attrs()) | frozenset(part.default_attrs())
        for name, part in components.items()
    }
    return {
        name: rendered.get(name, frozenset()) | _MORE_ATTRIBUTES.get(name, frozenset())
        for name in _HEAD | set(rendered)
    }
