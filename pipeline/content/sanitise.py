"""What of a post's HTML is let through: text, structure, pictures and links; nothing active."""

from __future__ import annotations

import re

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode, create_tag

from pipeline.content.plain import strip_forbidden

_TAG_NAMES = (
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp "
    "section small span strong sub summary sup table tbody td tfoot th thead tr tt u ul var "
    "wbr"
)
_CELL = {"align", "colspan", "rowspan", "style"}
_ATTRIBUTES = {
    "*": {"id", "class", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type"},
    "li": {"value"},
    "td": _CELL,
    "th": _CELL | {"scope"},
    "col": {"span"},
    "colgroup": {"span"},
}
# Their content is no text for a reader.
_SILENT = "script style iframe noembed noframes template title textarea select svg math object"
_CLEANER = nh3.Cleaner(
    tags=set(_TAG_NAMES.split()),
    clean_content_tags=set(_SILENT.split()),
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    filter_style_properties={"text-align"},
    link_rel=None,
)
_EMBED = re.compile(r"<(?:iframe|video|audio|embed|object)\b", re.IGNORECASE)


def sanitise(html: str) -> str:
    """The safe part of `html`: an allow-list decides, by an HTML5 parser (nh3).

    An embedded frame, film or sound from the web becomes a plain link to it.
    """
    if _EMBED.search(html):
        html = _link_embeds(html)
    return strip_forbidden(_CLEANER.clean(html))


def _link_embeds(html: str) -> str:
    tree = LexborHTMLParser(html, is_fragment=True)
    for node in tree.css("iframe, video, audio, embed, object"):
        address = _address(node)
        if not address.lower().startswith(("http://", "https://", "//")):
            node.decompose()
            continue
        link = create_tag("a")
        link.attrs["href"] = address
        link.insert_child(node.attributes.get("title") or address)
        node.replace_with(_paragraph(link) if _stands_alone(node) else link)
    return tree.html or ""


def _address(node: LexborNode) -> str:
    attributes = node.attributes
    found = attributes.get("src") or attributes.get("data")
    if not found and (source := node.css_first("source[src]")):
        found = source.attributes.get("src")
    return (found or "").strip()


def _stands_alone(node: LexborNode) -> bool:
    return node.parent is None or node.parent.tag in ("html", "body", "div", "figure", "section")


def _paragraph(link: LexborNode) -> LexborNode:
    paragraph = create_tag("p")
    paragraph.insert_child(link)
    return paragraph
