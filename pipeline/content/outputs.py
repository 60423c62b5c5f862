"""One sanitised fragment, shown to three kinds of reader: on the web, in feeds, in mail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.content.faults import Faults, UnusableError
from pipeline.content.markdown import Rendered
from pipeline.content.plain import shorten
from pipeline.content.plain_text import note_mark, plain_text, sentence_text
from pipeline.content.post import Image
from pipeline.content.references import References

_ALIGN = re.compile(r"text-align:\s*(left|right|center|justify)")
_MAIL_WIDTH = 552  # pixels: 600 less the air at both sides
_SUMMARY = 200  # characters


@dataclass(frozen=True)
class Outputs:
    """The renderings of a body; see Post."""

    web_html: str
    feed_html: str
    email_html: str
    text: str
    summary: str


def make_outputs(
    fragment: str, rendered: Rendered, references: References, faults: Faults
) -> Outputs:
    """Resolve every address of `fragment` and render it thrice; dead ones become faults."""
    tree = _tree(fragment)
    _resolve_links(tree, rendered, references, faults)
    _resolve_images(tree, rendered, references, faults)
    web = _html(tree)
    text = plain_text(tree)
    summary = _summary(tree) or shorten(" ".join(text.split()), _SUMMARY)
    mail = _tree(web)
    return Outputs(web, _for_feeds(tree, references), _for_mail(mail, references), text, summary)


def _tree(html: str) -> LexborNode:
    root = LexborHTMLParser(f"<div>{html}</div>", is_fragment=True).root
    if root is None:
        raise AssertionError  # a div was just put there
    return root


def _html(tree: LexborNode) -> str:
    # "&nbsp;" is no entity of XML; text that looks like it is "&amp;nbsp;" here, so this is safe.
    return (tree.inner_html or "").replace("&nbsp;", "\u00a0").strip()


def _summary(tree: LexborNode) -> str:
    for paragraph in tree.css("p:not(section.footnotes p)"):
        if text := sentence_text(paragraph):
            return shorten(text, _SUMMARY)
    return ""


def _resolve_links(
    tree: LexborNode, rendered: Rendered, references: References, faults: Faults
) -> None:
    for node in tree.css("a[href]"):
        address = node.attributes.get("href") or ""
        if address.startswith("#"):
            continue
        try:
            node.attrs["href"] = references.link(address, sentence_text(node))
        except UnusableError as error:
            faults.add(str(error), rendered.line_of(address), error.hint)


def _resolve_images(
    tree: LexborNode, rendered: Rendered, references: References, faults: Faults
) -> None:
    for node in tree.css("img"):
        source = node.attributes.get("src") or ""
        alt = node.attributes.get("alt") or ""
        if not source.strip():
            hint = "name a PNG, JPEG or GIF file beside the post, or an https address"
            faults.add("an image has no address that may be used", rendered.line_of("data:"), hint)
            continue
        try:
            _show(node, references.image(source, alt))
        except UnusableError as error:
            faults.add(str(error), rendered.line_of(source), error.hint)


def _show(node: LexborNode, image: Image) -> None:
    node.attrs["src"] = image.url
    node.attrs["alt"] = image.alt
    given = (_pixels(node, "width"), _pixels(node, "height"))
    if image.width and image.height and given == (None, None):
        node.attrs["width"] = str(image.width)  # so that the page does not jump when it arrives
        node.attrs["height"] = str(image.height)


def _for_feeds(tree: LexborNode, references: References) -> str:
    """Absolute addresses, no ids, classes or styles: nothing that needs the page around it."""
    _absolute_anchors(tree, references)
    for node in tree.css("a.footnote-backref"):
        node.decompose()
    _strip_page(tree)
    return _html(tree)


def _for_mail(tree: LexborNode, references: References) -> str:
    """As for feeds, with footnotes as plain numbers and pictures of a width that mail keeps."""
    for node in tree.css("sup.footnote-ref"):
        node.replace_with(note_mark(node))
    for node in tree.css("a.footnote-backref"):
        node.decompose()
    _absolute_anchors(tree, references)
    for node in tree.css("img"):
        _fit(node, references)
    _strip_page(tree)
    return _html(tree)


def _absolute_anchors(tree: LexborNode, references: References) -> None:
    for node in tree.css('a[href^="#"]'):
        node.attrs["href"] = references.page + (node.attributes.get("href") or "")


def _fit(node: LexborNode, references: References) -> None:
    """Give a width, as Outlook needs one, and no height, so that no client can distort it."""
    image = references.images.get(node.attributes.get("src") or "")
    natural = image.width if image else None
    width = _pixels(node, "width") or natural or _MAIL_WIDTH
    node.attrs["width"] = str(min(width, _MAIL_WIDTH))
    if "height" in node.attributes:
        del node.attrs["height"]


def _pixels(node: LexborNode, name: str) -> int | None:
    written = (node.attributes.get(name) or "").strip().removesuffix("px")
    return int(written) or None if re.fullmatch(r"\d{1,5}", written, re.ASCII) else None


def _strip_page(tree: LexborNode) -> None:
    for node in tree.css("[style]"):
        match = _ALIGN.search(node.attributes.get("style") or "")
        if match:
            node.attrs["align"] = match.group(1)
    for node in tree.css("[id], [class], [style]"):
        for name in ("id", "class", "style"):
            if name in node.attributes:
                del node.attrs[name]
