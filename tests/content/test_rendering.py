from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.config import Config
from pipeline.content.drafts import finish_post, open_draft
from pipeline.content.faults import Faults
from pipeline.content.markdown import render
from pipeline.content.sanitise import sanitise
from tests.support.shelf import SITE, Shelf

NOTE = "One[^a] and two[^a].\n\n[^a]: A note.\n"


def test_markdown_is_commonmark_with_tables_and_strikethrough(shelf: Shelf) -> None:
    post = shelf.render("# A\n\n~~b~~ *c*\n\n| x | y |\n|:-:|--:|\n| 1 | 2 |\n")
    assert "<h1>A</h1>" in post.web_html
    assert "<s>b</s> <em>c</em>" in post.web_html
    assert '<td style="text-align:right">2</td>' in post.web_html


def test_alignment_of_cells_survives_without_styles_in_feeds_and_mail(shelf: Shelf) -> None:
    post = shelf.render("| x | y |\n|:-:|--:|\n| 1 | 2 |\n")
    for html in (post.feed_html, post.email_html):
        assert '<td align="center">1</td>' in html
        assert "style" not in html


def test_footnotes_work_on_a_page_with_several_posts(shelf: Shelf) -> None:
    shelf.add(NOTE, name="one.md")
    shelf.add(NOTE, name="two.md")
    ids = [set(re.findall(r' id="([^"]+)"', post.web_html)) for post in shelf.read()]
    targets = [set(re.findall(r'href="#([^"]+)"', post.web_html)) for post in shelf.read()]
    assert ids[0].isdisjoint(ids[1])
    assert ids == targets


def test_footnotes_of_feeds_lead_to_the_page(shelf: Shelf) -> None:
    html = shelf.render(NOTE).feed_html
    assert '<a href="https://larkfield.example/posts/back/#fn-back-1">[1]</a>' in html
    assert "↩" not in html
    assert not re.search(r"\b(?:id|class|style)=", html)


def test_footnotes_of_mail_are_plain_numbers_and_a_list(shelf: Shelf) -> None:
    html = shelf.render(NOTE).email_html
    assert "<p>One[1] and two[1].</p>" in html
    assert re.search(r"<ol>\s*<li><p>A note\.\s*</p>\s*</li>\s*</ol>", html)
    assert "href" not in html
    assert "id=" not in html


def test_liquid_and_shortcodes_stay_the_text_they_are(shelf: Shelf) -> None:
    body = "{{ 7*7 }} {% raw %} {{< figure >}} [gallery ids=1]"
    post = shelf.render(body)
    assert post.text == body
    assert "{{ 7*7 }} {% raw %} {{&lt; figure &gt;}}" in post.email_html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<style>body{}</style>",
        "<p onclick=alert(1)>x</p>",
        "<svg onload=alert(1)><circle/></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<form action=/x><input name=a><button>b</button></form>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        "[x](javascript:alert(1)) ok",
        "<iframe src='javascript:alert(1)'></iframe>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<object data='data:text/html,x'></object>",
        "<base href='https://evil.example/'>",
        "<meta http-equiv=refresh content=0>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<template><script>alert(1)</script></template>",
        "<td style='background:url(javascript:alert(1))'>x</td>",
        "<video><script>alert(1)</script></video>",
        "<a><iframe src=https://a.example><script>alert(1)</script></iframe></a>",
    ],
)
def test_nothing_active_gets_through(shelf: Shelf, attack: str) -> None:
    shelf.add(f"Before\n\n{attack}\n\nAfter")
    try:
        (post,) = shelf.read()
    except Exception as error:  # noqa: BLE001 (a fault with its place is as good as harmless HTML)
        assert "no image" in str(error)  # noqa: PT017 (both ways are right)
        return
    assert post.text.startswith("Before")
    for html in (post.web_html, post.feed_html, post.email_html):
        assert not re.search(
            r"<(script|style|iframe|form|input|svg|math|object|base|meta|template|noscript|video)"
            r"|\son\w+\s*=|href=\"javascript|url\(|srcdoc",
            html,
        )


@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                '"',
                "'",
                "script",
                "img",
                " onerror=",
                "svg",
                "math",
                "style",
                "</",
                "/>",
                "<!--",
                "-->",
                "<p ",
                "title=",
                "&lt;",
                "&#x3c;",
                "noscript",
                "iframe src=https://a",
                "a href=",
                "\n",
            ]
        )
    ).map("".join)
)
def test_what_is_sanitised_stays_the_same_when_it_is_sanitised_again(html: str) -> None:
    once = sanitise(html)
    assert sanitise(once) == once
    assert not re.search(r"<(?:script|style|iframe|svg|math|noscript)", once)


@pytest.mark.parametrize(
    "embed",
    [
        '<iframe src="https://video.example/1" title="Our film"></iframe>',
        '<video controls title="Our film"><source src="https://video.example/1"></video>',
        '<embed src="https://video.example/1" title="Our film">',
    ],
)
def test_an_embedded_film_becomes_a_plain_link(shelf: Shelf, embed: str) -> None:
    post = shelf.render(f"See:\n\n{embed}\n")
    for html in (post.web_html, post.feed_html, post.email_html):
        assert '<p><a href="https://video.example/1">Our film</a></p>' in html


def test_plain_text_keeps_blocks_bullets_and_quotations_apart(shelf: Shelf) -> None:
    post = shelf.render(
        "# Head\n\nA [link](https://a.example) and  \nbreak\nsoft.\n\n"
        "- one\n- two\n  1. deep\n  2. deeper\n\n3. three\n4. four\n\n"
        "> quoted\n>\n> twice\n\n    code  x\n\n      more\n\n---\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n![A spine](https://a.example/x.png)\n"
    )
    assert post.text == (
        "Head\n\nA link and\nbreak soft.\n\n"
        "- one\n- two\n  1. deep\n  2. deeper\n\n3. three\n4. four\n\n"
        "> quoted\n>\n> twice\n\ncode  x\n\n  more\n\n* * *\n\n"
        "a | b\n1 | 2\n\n[A spine]"
    )


def test_words_are_counted(shelf: Shelf) -> None:
    assert shelf.render("One *two* three.").word_count == 3


def test_the_summary_is_the_first_paragraph_without_notes_and_pictures(shelf: Shelf) -> None:
    post = shelf.render(
        "# Head\n\n![Alt](https://a.example/x.png)\n\nThe *first*[^1]\none.\n\n[^1]: n"
    )
    assert post.summary == "The first one."


def test_a_long_summary_ends_at_a_word_with_an_ellipsis(shelf: Shelf) -> None:
    summary = shelf.render("word, " * 60).summary
    assert len(summary) <= 200
    assert summary.endswith("word…")


def test_a_post_without_paragraphs_is_summed_up_by_what_it_has(shelf: Shelf) -> None:
    assert shelf.render("- one\n- two").summary == "- one - two"


def test_named_spaces_become_characters_that_xml_knows(shelf: Shelf) -> None:
    post = shelf.render("a&nbsp;b &amp;nbsp; &copy;")
    assert post.feed_html == "<p>a\u00a0b &amp;nbsp; ©</p>"


@pytest.mark.parametrize("body", ["", "   \n\n", "<!-- nothing -->"])
def test_a_published_post_must_say_something(shelf: Shelf, body: str) -> None:
    shelf.add(body)
    assert shelf.faults() == [
        "posts/2026-03-01-back.md:5: the post has no text below its front matter"
    ]


@pytest.mark.parametrize("line", ["status: draft", "summary: All there is."])
def test_a_draft_and_a_post_with_a_summary_may_have_no_text(shelf: Shelf, line: str) -> None:
    assert shelf.render("", line).text == ""


@pytest.mark.parametrize(
    "body", ["<div>" * 5000, "<b>" * 5000 + "x", "**a " * 3000 + "x" + "** b" * 3000]
)
def test_nesting_without_end_is_a_fault_and_no_crash(shelf: Shelf, body: str) -> None:
    shelf.add(body)
    assert "nested more than 100 deep" in shelf.faults()[0]


def test_old_html_without_end_tags_is_not_taken_for_deep(shelf: Shelf) -> None:
    assert shelf.render("<p>x\n" * 300).text.count("x") == 300


@given(st.text(st.sampled_from("ab *_`~[]()!<>&\n-#|^:1\\\"'")))
def test_any_body_can_be_rendered(body: str) -> None:
    rendered = render(body, 5, "slug")
    sanitise(rendered.html)
    assert 5 <= rendered.line_of("a") <= 5 + body.count("\n")


# Pieces that meet in every order: Markdown, HTML of all kinds, and what must not come through.
PIECES = [
    *("a", " ", "\n", "\n\n", "# ", "- ", "> ", "**", "`", "[x](", "y/z", "#b", "//c.example", ")"),
    *("<", "[^1]", "\n\n[^1]: ", "|", "\n|-|:-:|\n", "</p>", "<a href=", "<table><tr>"),
    *("&#xE000;", "&#7;", "\x07", "&nbsp;", "<iframe src=https://d.example>"),
    "<p id=a class=b style='text-align:left'>",
    "<td style='text-align:right;color:red'>",
    "<img alt=x src=https://a.example/b.png>",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_feeds_and_mail_need_nothing_of_the_page_around_them(body: str) -> None:
    config = Config(root=Path("no-such-site"), site=SITE)
    faults = Faults(config.posts / "a.md")
    source = f"---\ntitle: A\ndate: 2026-03-01\nsummary: S\n---\n{body}"
    draft = open_draft(source.encode(), Path("a.md"), config, faults)
    assert draft is not None
    post, _ = finish_post(draft, config, {})
    if post is None:
        assert faults.found
        return
    for html in (post.feed_html, post.email_html):
        tree = LexborHTMLParser(html, is_fragment=True)
        assert not tree.css("[id], [class], [style]")
        addresses = [node.attributes.get("href") or "" for node in tree.css("a[href]")]
        assert all(address.startswith(("https://", "http://")) for address in addresses)
    for text in (post.web_html, post.feed_html, post.email_html, post.text, post.summary):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ue000\ue001]", text)
    assert "&nbsp;" not in post.web_html + post.feed_html + post.email_html
