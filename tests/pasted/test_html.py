from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContentError
from pipeline.pasted.markdown import write_blocks
from pipeline.pasted.page import read_page
from tests.pasted.reader import shown, words, words_of_html


def body(html: str) -> str:
    return write_blocks(read_page(html).blocks)


def notes(html: str) -> list[str]:
    return [note.reason for note in read_page(html).notes]


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>a <b>bold</b> and <i>soft</i> word</p>", "a **bold** and *soft* word"),
        ("<p>a <span style='font-weight: 700'>bold</span> word", "a **bold** word"),
        ("<p><a href='https://a.example/x'>our page</a></p>", "[our page](https://a.example/x)"),
        ("<p><a href='/x y'>our page</a></p>", "[our page](/x%20y)"),
        ("<p>10<sup>3</sup> H<sub>2</sub>O", "10<sup>3</sup> H<sub>2</sub>O"),
        ("<h2>Title <em>soft</em></h2>", "## Title *soft*"),
        ("<h4><b>Title</b></h4>", "#### Title"),
        ("<p>a<br>b</p>", "a\\\nb"),
        ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
        ("<p>a&nbsp;&nbsp;b\n   c</p>", "a b c"),
        ("<p>a<!-- no words -->b<o:p></o:p></p>", "ab"),
        ("a<script>no()</script><style>b{}</style> c", "a c"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"),
        ("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<pre>x = 1\n  y</pre>", "```\nx = 1\n  y\n```"),
        ("<p>a</p><hr><p>b</p>", "a\n\n* * *\n\nb"),
        ("<dl><dt>Term</dt><dd>Its meaning</dd></dl>", "**Term**\n\nIts meaning"),
        ("<p>press <kbd>Ctrl</kbd></p>", "press `Ctrl`"),
        ("<p><s>old</s> new</p>", "~~old~~ new"),
        ("<p>a *sign* &lt;b&gt; 1 &amp;amp; 2</p>", "a \\*sign\\* \\<b> 1 \\&amp; 2"),
        ("<p>• a<br>• b</p>", "- a\n- b"),
        ("<p>shown<span style='display: none'> hidden</span></p>", "shown"),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert body(html) == markdown


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///C:/x.htm", "#part", "data:text/html,x", ""]
)
def test_a_link_that_leads_nowhere_keeps_its_words(address: str) -> None:
    assert body(f"<p><a href='{address}'>our page</a></p>") == "our page"


def test_a_picture_from_the_web_stays_with_its_words() -> None:
    html = "<p><img src='https://a.example/p.jpg' alt='A folded towel'></p>"
    assert body(html) == "![A folded towel](https://a.example/p.jpg)"


def test_a_picture_that_is_not_here_is_told_and_keeps_its_words() -> None:
    html = "<p>\n<img src='page_files/p.jpg' alt='A folded towel'></p>"
    assert body(html) == "A folded towel"
    assert notes(html) == [
        "left out the picture 'page_files/p.jpg' of line 2, as its file is not here"
    ]


def test_addresses_are_completed_when_the_page_says_where_it_stands() -> None:
    html = (
        "<head><link rel=canonical href='https://a.example/advice/sleep/'></head>"
        "<p><a href='../pillows/'>pillows</a> <img src='/p.jpg' alt='towel'></p>"
    )
    assert "(https://a.example/advice/pillows/)" in body(html)
    assert "(https://a.example/p.jpg)" in body(html)


def test_an_embedded_film_becomes_a_link() -> None:
    html = "<iframe src='https://a.example/film' title='How to stretch'></iframe>"
    assert body(html) == "[How to stretch](https://a.example/film)"


def test_a_table_gets_as_many_cells_in_each_row_as_in_its_widest() -> None:
    html = (
        "<table><caption>Plan</caption><tr><th>Day<td>What</tr>"
        "<tr><td>Monday<td>Rest | sleep<td>1 min<tr><td colspan=2>Own choice<td>x</table>"
    )
    assert body(html) == (
        "Plan\n\n| Day | What |  |\n| --- | --- | --- |\n"
        "| Monday | Rest \\| sleep | 1 min |\n| Own choice |  | x |"
    )


def test_a_table_that_arranges_a_page_becomes_its_contents() -> None:
    html = "<table><tr><td><h2>Left</h2><p>a</p></td><td><ul><li>b</ul></td></tr></table>"
    assert body(html) == "## Left\n\na\n\n- b"


def test_words_between_the_parts_of_lists_and_tables_stay() -> None:
    html = "<ul>one<li>two</li>three<p>four</p></ul><table>five<tr>six<td>seven</td></tr></table>"
    assert words(shown(body(html))) == words("one two three four five six seven")


def test_word_lists_are_lists_with_their_levels() -> None:
    item = (
        "<p class=MsoListParagraph style='mso-list:l0 level{level} lfo1'><![if !supportLists]>"
        "<span style='mso-list:Ignore'>{mark}<span>&nbsp;&nbsp; </span></span><![endif]>{text}</p>"
    )
    html = "".join(
        item.format(level=level, mark=mark, text=text)
        for level, mark, text in [
            (1, "1.", "one"),
            (2, "o", "below"),
            (2, "\u00b7", "<b>both</b>"),
            (1, "2.", "two"),
        ]
    )
    assert body(html) == "1. one\n   - below\n   - **both**\n2. two"


def test_filtered_word_lists_take_their_levels_from_the_margin() -> None:
    html = (
        "<p class=MsoListParagraph style='margin-left:.5in'><span>\u00b7&nbsp; </span>a</p>"
        "<p class=MsoListParagraph style='margin-left:1.0in'><span>o&nbsp;&nbsp; </span>b</p>"
    )
    assert body(html) == "- a\n  - b"


def test_a_paragraph_in_bold_before_a_longer_one_is_a_heading_and_told() -> None:
    text = "Long enough to be a paragraph, for it goes on and on about one rather small matter."
    html = f"<p><b>1.1 Why it hurts</b></p>\n<p>{text}</p>"
    assert body(html) == f"### 1.1 Why it hurts\n\n{text}"
    assert notes(html) == ["took line 1, '1.1 Why it hurts', as a heading: it stands alone in bold"]


def test_what_surrounds_the_article_is_left_out_and_told() -> None:
    text = "word " * 40
    html = f"<nav>Menu here</nav><article>\n<p>{text}</p></article><footer>Small print</footer>"
    assert body(html) == text.strip()
    assert notes(html) == [
        "left out 4 words around the <article> of line 1, which hold the page's menus and notes"
    ]


def test_several_articles_are_all_kept() -> None:
    article = f"<article><p>{'word ' * 40}</p></article>"
    assert body(article * 2).count("word") == 80


def test_the_head_says_what_it_knows() -> None:
    page = read_page(
        "<head><title>A page | Site</title><meta property='og:title' content='A  page'>"
        "<meta name=description content='What it says.'><meta name=author content='The team'>"
        "<meta property='article:published_time' content='2024-03-04T08:30:00Z'>"
        "<meta property='article:section' content='Advice'>"
        "<meta property='article:tag' content='sleep'></head><p>text</p>"
    )
    assert (page.title, page.summary, page.author) == ("A page", "What it says.", "The team")
    assert (str(page.day), page.section, page.tags) == ("2024-03-04", "Advice", ("sleep",))


@pytest.mark.parametrize(
    "trail",
    [
        "<div class='breadcrumbs'><a>Home</a> &gt; <a>Treatments</a> &gt; Blocks</div>",
        "<nav aria-label='Breadcrumb'><ol><li>Home<li>Treatments<li>Blocks</ol></nav>",
        "<p id=breadcrumb>Home / Treatments / Blocks</p>",
    ],
)
def test_a_trail_is_taken_out_of_the_text(trail: str) -> None:
    page = read_page(f"{trail}<p>Text.</p>")
    assert page.trail == ("Home", "Treatments", "Blocks")
    assert write_blocks(page.blocks) == "Text."


def test_html_nested_beyond_reading_is_refused_with_the_mend() -> None:
    with pytest.raises(ContentError, match="more than 2000 deep") as caught:
        read_page("<div>" * 2100 + "word")
    assert "plain text" in caught.value.hint


@pytest.mark.parametrize("tag", ["div", "span", "b", "ul><li", "blockquote", "table><tr><td"])
def test_deep_nesting_keeps_every_word(tag: str) -> None:
    html = "".join(f"<{tag}>word{number} " for number in range(400)) + "<p>last"
    assert words(shown(body(html))) == words_of_html(html)


FLOW = ["p", "div", "b", "i", "span", "a href='https://a.example/'", "h2", "h5", "ul", "ol", "li"]
FLOW += [
    "table",
    "tr",
    "td",
    "blockquote",
    "sup",
    "code",
    "o:p",
    "dl",
    "dd",
    "del",
    "br",
    "section",
]
PIECES = st.lists(
    st.sampled_from([f"<{tag}>" for tag in FLOW] + [f"</{tag.split()[0]}>" for tag in FLOW])
    | st.integers(0, 999).map(lambda number: f" word{number} ")
    | st.sampled_from(
        [" *x1* ", " [y2](z3) ", " 4. ", " &lt;t5&gt; ", " _u6_ ", "|v7|", "\n# w8\n"]
    ),
    max_size=40,
)


@given(PIECES)
def test_no_word_of_any_mark_up_is_lost_or_doubled(pieces: list[str]) -> None:
    html = "".join(["<p>start</p>", *pieces])
    kept = words(shown(body(html)))
    expected = words(" ".join(piece for piece in pieces if not piece.startswith("<")) + " start")
    expected -= words("lt gt lt gt" * 40)
    numbers = {
        word for word in kept - expected if word.isdecimal()
    }  # of lists, shown by the reader
    assert not expected - kept
    assert set(kept - expected) <= numbers


@given(st.text("<>/!-abp divul'\"=&;#x\n", max_size=80))
def test_broken_mark_up_is_read_all_the_same(html: str) -> None:
    assert isinstance(body(html), str)
