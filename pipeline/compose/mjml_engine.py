"""MJML to HTML through the one function that knows what the renderer gets wrong.

The renderer (PyPI `mjml`) is pixel-equal to the reference where it renders; but it reports
nothing, raises its own accidents, leaves attributes unescaped and can drop text. The guards
here turn each of these into a TemplateError or mend it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from importlib.metadata import version

import mjml

from pipeline.compose.mjml_lint import find_fault, locate
from pipeline.errors import ConfigError, TemplateError

RENDERER = f"mjml {version('mjml')}"
_ACCIDENTS = (KeyError, AssertionError, TypeError, ValueError, AttributeError, RecursionError)
_START_TAG = re.compile(r"<mj-[a-z-]+(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")
_TITLE = re.compile(r"(<mj-title>)(.*?)(</mj-title>)", re.DOTALL)
_TITLE_TOKEN = "\ue002"  # noqa: S105  # it stands for the title, and is no password
_TAG = re.compile(r"<(?:\"[^\"]*\"|'[^']*'|[^'\">])*>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# A post that shows CSS is enough for the renderer to load its default fonts from a third party.
_WEB_FONTS = re.compile(
    r"<!--\[if !mso\]><!-->\s*(?:<link href=\"https://fonts[^>]*>\s*)+"
    r"<style type=\"text/css\">\s*(?:@import url\([^)]*\);\s*)+</style>\s*<!--<!\[endif\]-->"
)
_PRE = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
_BLANK = re.compile(r"[ \t\r\n\f]+")  # not \s: that takes no-break spaces too
_BLOCK = re.compile(
    r" ?(</?(?:!doctype|html|head|body|title|meta|link|style|noscript|xml|o:\w+|table|caption|"
    r"thead|tbody|tfoot|tr|td|th|div|p|h[1-6]|ul|ol|li|blockquote|hr|center)\b[^>]*>"
    r"|<!--\[if [^\]]*\]>(?:<!-->)?|(?:<!--)?<!\[endif\]-->) ?",
    re.IGNORECASE,
)
_OTHER_COMMENT = re.compile(r"<!--(?!\[if |<!\[endif|/?private-->|>).*?-->", re.DOTALL)


def render_mjml(source: str, template: str, sources: Mapping[str, str]) -> str:
    """MJML without any Jinja2 to compact HTML.

    `sources` are the templates it came from, by name: errors point into them.
    Raises TemplateError.
    """
    _refuse_faults(source, template, sources)
    title = match[2].strip().replace('"', "&quot;") if (match := _TITLE.search(source)) else ""
    # The renderer writes the title into an attribute unescaped: it gets a token instead.
    prepared = _TITLE.sub(rf"\1{_TITLE_TOKEN}\3", source)
    # It also unescapes attributes and writes them as they come, so a quote in a post's title
    # would end the attribute: escape them once more.
    prepared = _START_TAG.sub(lambda tag: tag[0].replace("&", "&amp;"), prepared)
    rendered = _render(prepared, template).replace(
        _TITLE_TOKEN, (title or "").replace('"', "&quot;")
    )
    _refuse_loss(source, rendered, template)
    return _compact(_WEB_FONTS.sub("", rendered))


def _render(source: str, template: str) -> str:
    if not hasattr(mjml, "mjml_to_html"):
        raise ConfigError(
            "the package mjml-python has replaced the package mjml; both are imported as 'mjml'",
            hint="uninstall both, then install newsletter-pipeline again",
        )
    try:
        return str(mjml.mjml_to_html(source, keep_comments=False).html)
    except _ACCIDENTS as error:
        raise TemplateError(
            f"is MJML that the renderer cannot take ({type(error).__name__}: {error})",
            template=template,
            hint="take out the last part that was added, and put it back piece by piece",
        ) from error


def _refuse_faults(source: str, template: str, sources: Mapping[str, str]) -> None:
    if not re.search(r"<mjml\b.*<mj-body\b", source, re.DOTALL):
        raise TemplateError(
            "has no <mjml> with an <mj-body>",
            template=template,
            hint='start it with {% extends "base.mjml" %}',
        )
    fault = find_fault(source)
    if fault is not None:
        place, line = locate(fault, sources) or (template, None)
        raise TemplateError(fault.message, template=place, line=line, hint=fault.hint)


def _refuse_loss(source: str, rendered: str, template: str) -> None:
    """Raise TemplateError when text of the body is not in the HTML."""
    body = source[source.index("<mj-body") :]
    kept = _flat("".join(_texts(rendered)))
    for text in _texts(body):
        if _flat(text) not in kept:
            raise TemplateError(
                f"loses a text on the way to HTML: {' '.join(text.split())[:60]!r}",
                template=template,
                hint="text belongs into <mj-text>, <mj-button> or <mj-table>",
            )


def _texts(markup: str) -> list[str]:
    return [html.unescape(text) for text in _TAG.split(_COMMENT.sub("", markup))]


def _flat(text: str) -> str:
    return "".join(text.split())


def _compact(page: str) -> str:
    """Take out what nobody sees: a third of the size, and Gmail cuts mails at 102 kB."""
    parts = _PRE.split(_OTHER_COMMENT.sub("", page))
    parts[::2] = [_BLOCK.sub(r"\1", _BLANK.sub(" ", part)) for part in parts[::2]]
    return "".join(parts).strip() + "\n"
