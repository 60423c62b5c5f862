"""Styles, element by element, for the HTML of a post: many mail clients drop <style>."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser, LexborNode


def style_fragment(html: str, styles: Mapping[str, str], width: int) -> Markup:
    """Write each selector's style on the elements it matches; a later selector wins.

    Declarations already there (a table cell's alignment) are kept after the new ones. Pictures
    are made no wider than `width` pixels, which Outlook takes from the attribute alone.
    """
    tree = LexborHTMLParser(html)
    own = {node.mem_id: node.attributes.get("style") or "" for node in tree.css("[style]")}
    for selector, style in styles.items():
        for node in tree.css(selector):
            node.attrs["style"] = ";".join(filter(None, (style, own.get(node.mem_id, ""))))
    for node in tree.css("img"):
        _narrow(node, width)
    body = tree.body
    return Markup((body.inner_html if body else "") or "")  # noqa: S704  # sanitised by content


def _narrow(image: LexborNode, width: int) -> None:
    """Scale the attributes of a picture that is wider than the column."""
    given = _pixels(image, "width")
    if given is None or given <= width:
        return
    height = _pixels(image, "height")
    image.attrs["width"] = str(width)
    if height is not None:
        image.attrs["height"] = str(round(height * width / given))


def _pixels(image: LexborNode, name: str) -> int | None:
    value = image.attributes.get(name) or ""
    return int(value) if value.isdecimal() else None
