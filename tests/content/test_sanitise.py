from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.content.markdown import render
from pipeline.content.sanitise import sanitise

SAFE_ADDRESSES = ("http:", "https:", "mailto:", "tel:")

# One of each family of tricks that sanitisers have fallen for.
ATTACKS = [
    "<IMG SRC=JaVaScRiPt:alert(1)>",
    "<img src=`javascript:alert(1)`>",
    '<img src="jav&#x0A;ascript:alert(1)">',
    "<img src=x:x onerror=alert(1)//",
    "<img/src/onerror=alert(1)>",
    "<img src=1 onerror\x0b=alert(1)>",
    "<<script>alert(1);//<</script>",
    "<script/xss src=//evil.example/x.js></script>",
    "<script\x00>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href=x onmouseover=alert(1)>x</a>",
    "<a href=x style='background:url(javascript:alert(1))'>x</a>",
    "<td style='text-align:left;position:fixed;behavior:url(x.htc)'>x</td>",
    "<table background='javascript:alert(1)'><td>x</table>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<link rel=stylesheet href='javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='javascript:/a/-alert(1)//'>",
    "<object data='javascript:alert(1)'></object>",
    "<embed src='javascript:alert(1)'>",
    "<embed src=' javascript:alert(1)'>",
    "<iframe src='java\nscript:alert(1)'></iframe>",
    "<video poster=javascript:alert(1)//></video>",
    "<video><source onerror=alert(1) src=x></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<picture><source srcset=x onerror=alert(1)><img src=x></picture>",
    "<textarea><script>alert(1)</script></textarea>",
    "<select><option><script>alert(1)</script></select>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<template><img src=x onerror=alert(1)></template>",
    "<x onclick=alert(1)>x</x>",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](y \"onerror='alert(1)'\")",
    '[x](y "&quot; onclick=&quot;alert(1)")',
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_known_trick_leaves_anything_active(attack: str) -> None:
    html = sanitise(render(f"Before\n\n{attack}\n\nAfter", 1, "slug").html)
    nodes = LexborHTMLParser(html, is_fragment=True).css("*")
    active = {
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "svg",
        "math",
        "link",
    }
    assert not active & {str(node.tag) for node in nodes}
    for node in nodes:
        assert not [name for name in node.attributes if name.startswith("on")]
        for name in ("href", "src"):
            address = (node.attributes.get(name) or "").strip().lower()
            assert ":" not in address.split("/")[0] or address.startswith(SAFE_ADDRESSES)
        assert "url(" not in (node.attributes.get("style") or "")


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://a.example/" title="t">x</a>',
        '<a href="#fn" class="footnote-backref">x</a>',
        '<ol start="3"><li value="4">x</li></ol>',
        '<table><tbody><tr><td colspan="2" style="text-align:right">x</td></tr></tbody></table>',
        '<p dir="rtl" lang="ar" id="a" class="b">x</p>',
        '<img src="https://a.example/x.png" alt="x" width="3" height="4">',
        "<kbd>x</kbd><mark>y</mark><ruby>z<rt>z</rt></ruby>",
        "<details><summary>x</summary>y</details>",
        '<code class="language-python">x</code>',
    ],
)
def test_what_a_text_needs_comes_through_as_it_was(html: str) -> None:
    assert sanitise(html) == html


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a<script>b</script>c</p>", "<p>ac</p>"),
        ("<style>p{}</style>a", "a"),
        ("<form>a<input>b</form>", "ab"),
        ("<textarea>a</textarea>b", "b"),
        ("<font color=red>a</font>", "a"),
        ("<center><b>a</b></center>", "<b>a</b>"),
        ("a<!-- b -->c", "ac"),
        ("<p onclick=x>a</p>", "<p>a</p>"),
        ('<th style="color:red;text-align:center">a</th>', "a"),
        ('<img src="x.png" srcset="y.png 2x" loading="lazy">', '<img src="x.png">'),
    ],
)
def test_what_is_dropped_takes_no_words_of_the_text_with_it(html: str, left: str) -> None:
    assert sanitise(html) == left


@pytest.mark.parametrize(
    ("html", "left"),
    [
        (
            '<p>See <iframe src="https://v.example/1"></iframe> now</p>',
            '<p>See <a href="https://v.example/1">https://v.example/1</a> now</p>',
        ),
        (
            '<iframe src="//v.example/1" title="A &lt;b&gt;">x</iframe>',
            '<p><a href="//v.example/1">A &lt;b&gt;</a></p>',
        ),
        (
            '<object data="https://v.example/1">instead</object>',
            '<p><a href="https://v.example/1">https://v.example/1</a></p>',
        ),
        (
            '<audio controls><source src="https://v.example/1.mp3">instead</audio>',
            '<p><a href="https://v.example/1.mp3">https://v.example/1.mp3</a></p>',
        ),
        ('<iframe src="local.html"></iframe>', ""),
        ("<video></video>a", "a"),
        ('<iframe srcdoc="<b>x</b>"></iframe>', ""),
    ],
)
def test_what_is_embedded_from_the_web_becomes_a_link(html: str, left: str) -> None:
    assert sanitise(html) == left


def test_one_embed_within_another_becomes_one_link() -> None:
    html = '<object data="https://v.example/1"><embed src="https://v.example/2"></object>'
    assert sanitise(html) == '<p><a href="https://v.example/1">https://v.example/1</a></p>'
