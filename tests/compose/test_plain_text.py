from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose.plain_text import columns, to_plain_text, underline, wrap
from tests.compose.examples import Compose, a_post, some_posts

WORDS = {"image": "Picture", "struck": "struck out"}


def plain(html: str) -> str:
    return to_plain_text(html, WORDS)


def test_links_are_numbered_and_stand_at_the_end_each_once() -> None:
    text = plain('<p><a href="https://a.example">one</a>, <a href="https://b.example">two</a>,'
                 ' <a href="https://a.example">one again</a>.</p><p>End.</p>')  # fmt: skip
    assert text == (
        "one [1], two [2], one again [1].\n\nEnd.\n\n[1] https://a.example\n[2] https://b.example"
    )


def test_an_address_that_is_its_own_text_is_not_numbered() -> None:
    site = '<a href="https://a.example">https://a.example</a>'
    mail = '<a href="mailto:a@b.example">a@b.example</a>'
    assert plain(f"<p>{site} {mail}</p>") == "https://a.example a@b.example"


def test_a_long_address_is_never_broken() -> None:
    url = "https://larkfield.example/" + "very/" * 40
    assert url in plain(f'<p>Read <a href="{url}">all of it</a> and {url} too.</p>').split()


def test_headings_are_underlined() -> None:
    assert plain("<h2>What to do</h2><p>Walk.</p>") == "What to do\n----------\n\nWalk."


def test_lists_are_nested_and_hang() -> None:
    long = "word " * 20
    text = plain(f"<ul><li>one<ul><li>{long}</li></ul></li><li>two</li></ul>")
    lines = text.split("\n")
    assert lines[0] == "- one"
    assert lines[1].startswith("  - word")
    assert lines[2].startswith("    word")
    assert lines[-1] == "- two"


def test_numbers_line_up_and_start_where_they_should() -> None:
    items = "<li>a</li>" * 3
    assert plain(f'<ol start="9">{items}</ol>') == " 9. a\n10. a\n11. a"


def test_items_of_several_paragraphs_are_set_apart() -> None:
    assert plain("<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>") == "1. a\n\n   b\n\n2. c"


def test_quotes_are_marked_on_every_line() -> None:
    assert plain("<blockquote><p>a</p><p>b</p></blockquote>") == "> a\n>\n> b"


def test_a_table_is_aligned_where_it_fits() -> None:
    html = (
        "<table><thead><tr><th>Day</th><th>Minutes</th></tr></thead>"
        "<tbody><tr><td>Monday</td><td>10</td></tr><tr><td>月曜</td><td>5</td></tr></tbody></table>"
    )
    assert plain(html) == ("Day     Minutes\n------  -------\nMonday  10\n月曜    5")


def test_a_wide_table_names_the_head_beside_each_cell() -> None:
    html = (
        "<table><thead><tr><th>Medicine</th><th>Most in a day</th></tr></thead>"
        f"<tbody><tr><td>Ibuprofen</td><td>1,200 mg {'and more ' * 10}</td></tr></tbody></table>"
    )
    lines = plain(html).split("\n")
    assert lines[0] == "Medicine: Ibuprofen"
    assert lines[1].startswith("Most in a day: 1,200 mg and more")
    assert lines[2].startswith("  more and more")


def test_what_is_struck_out_is_told_so() -> None:
    text = plain("<p>the limit as <s>2,400 mg</s> 1,200 mg</p>")
    assert text == "the limit as [struck out: 2,400 mg] 1,200 mg"


def test_a_power_is_not_read_as_a_number() -> None:
    assert plain("<p>10<sup>5</sup> cells<sup>[1]</sup></p>") == "10^5 cells[1]"


def test_code_keeps_its_lines() -> None:
    assert plain("<pre><code>a  = 1\n  b\n</code></pre>") == "    a  = 1\n      b"


def test_a_picture_is_its_alt_text_and_decoration_is_nothing() -> None:
    assert plain('<p><img alt="A path" src="x"></p><p><img alt="" src="x"></p>') == (
        "[Picture: A path]"
    )


def test_breaks_and_rules_are_kept() -> None:
    assert plain("<p>12 Orchard Lane<br>Larkfield</p><hr><p>End</p>") == (
        "12 Orchard Lane\nLarkfield\n\n* * *\n\nEnd"
    )


def test_wide_characters_take_two_columns_and_fold_without_spaces() -> None:
    lines = wrap("日本語のテキストは空白がない。" * 5).split("\n")
    assert len(lines) > 1
    assert all(columns(line) <= 72 for line in lines)
    assert columns("日本") == 4
    assert columns("e\u0301") == 1


def test_an_underline_is_as_long_as_the_longest_line() -> None:
    title, second, mark = underline("word " * 20).split("\n")
    assert len(mark) == max(len(title), len(second))


def test_what_no_reader_should_see_is_left_out() -> None:
    assert plain("<p>a</p><style>p{}</style><script>x()</script><!-- b --><p>c</p>") == "a\n\nc"


@given(st.text(max_size=300))
def test_wrapping_loses_no_letter_and_keeps_the_width(text: str) -> None:
    wrapped = wrap(text)
    assert "".join(wrapped.split()) == "".join(text.split())
    for line in wrapped.split("\n"):
        assert columns(line) <= 72 or " " not in line.strip()


@given(st.text(alphabet="<>/abpulitdhr \n&;", max_size=120))
def test_any_html_becomes_text(html: str) -> None:
    assert "\r" not in plain(html)


def test_the_digest_tells_each_story_and_its_link(compose: Compose) -> None:
    text = compose(some_posts(2)).text
    assert text.startswith("THE LARKFIELD LETTER\nLarkfield Pain Practice, October 13, 2026\n\n")
    assert "Story 1\n=======\n\nWhat helps with story 1" in text
    assert "and what can wait. [1]\n\n[1] https://larkfield.example/posts/story-1/\n" in text
    assert "Story 2\n-------" in text
    for needed in ("You asked us", "Unsubscribe: ", "View in browser: ", "12 Orchard Lane"):
        assert needed in text


def test_a_post_is_told_in_full(compose: Compose) -> None:
    text = compose([a_post()], template="post").text
    assert "By The Larkfield team, October 1, 2026" in text
    assert "- Walk for ten minutes, twice." in text
    assert "> Rest is for the night." in text
    assert "Monday  10" in text
    assert "[1] https://larkfield.example/moving?a=1&b=2" in text
