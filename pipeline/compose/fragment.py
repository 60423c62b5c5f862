"""Styles, element by element, for the HTML of a post: many mail clients drop <style>."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

_MOST_COLUMNS_ON_A_PHONE = 2
_PHONE = 288  # pixels of text on the narrowest


def style_fragment(html: str, styles: Mapping[str, str], width: int) -> Markup:
    """Write each selector's style on the elements it matches; a later selector wins.

    Declarations already there (a table cell's alignment) are kept after the new ones. Pictures
    are made no wider than `width` pixels, which Outlook takes from the attribute alone; those
    wider than a phone get the class "wide", for a stylesheet to fit them to one. Tables
    of three or more columns get the class "stack" and, hidden in each cell, its column's head
    with the class "label": a phone can show each row as a list. Raises ValueError for what is no
    selector.
    """
    tree = LexborHTMLParser(html)
    own = {node.mem_id: node.attributes.get("style") or "" for node in tree.css("[style]")}
    for selector, style in styles.items():
        for node in _select(tree, selector):
            node.attrs["style"] = ";".join(filter(None, (style, own.get(node.mem_id, ""))))
    for node in tree.css("img"):
        _narrow(node, width)
    for node in tree.css("table"):
        _label_cells(tree, node)
    body = tree.body
    return Markup((body.inner_html if body else "") or "")  # noqa: S704  # sanitised by content


def _select(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    try:
        return tree.css(selector)
    except SelectolaxError:
        raise ValueError(f"{selector!r} is no CSS selector") from None


def _narrow(image: LexborNode, width: int) -> None:
    """Scale the attributes of a picture that is wider than the column."""
    given = _pixels(image, "width")
    if given is not None and given > _PHONE:
        image.attrs["class"] = "wide"
    if given is None or given <= width:
        return
    height = _pixels(image, "height")
    image.attrs["width"] = str(width)
    if height is not None:
        image.attrs["height"] = str(round(height * width / given))


def _label_cells(tree: LexborHTMLParser, table: LexborNode) -> None:
    heads = [head.text(strip=True) for head in table.css("thead th")]
    if len(heads) < _MOST_COLUMNS_ON_A_PHONE + 1:
        return
    table.attrs["class"] = "stack"
    for row in table.css("tbody tr"):
        for head, cell in zip(heads[1:], row.css("td")[1:], strict=False):
            if head and cell.child is not None:
                cell.child.insert_before(_label(tree, head))


def _label(tree: LexborHTMLParser, head: str) -> LexborNode:
    label = tree.create_node("span")
    label.attrs["class"] = "label"
    label.attrs["style"] = "display:none;mso-hide:all"
    label.insert_child(f"{head}: ")
    return label


def _pixels(image: LexborNode, name: str) -> int | None:
    value = image.attributes.get(name) or ""
    return int(value) if value.isdecimal() else None
