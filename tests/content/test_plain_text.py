from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.content.plain import is_visible, one_line, shorten, strip_forbidden
from pipeline.content.plain_text import plain_text, sentence_text


def text_of(html: str) -> str:
    root = LexborHTMLParser(f"<div>{html}</div>", is_fragment=True).root
    assert root is not None
    return plain_text(root)


def sentence_of(html: str) -> str:
    root = LexborHTMLParser(f"<p>{html}</p>", is_fragment=True).root
    assert root is not None
    return sentence_text(root)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("loose words", "loose words"),
        ("loose <p>block</p> tail", "loose\n\nblock\n\ntail"),
        ("<p>one</p><p> </p><p>two</p>", "one\n\ntwo"),
        ("<p>a\n  b\t c</p>", "a b c"),
        ("<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
        ("<p>1\u00a0000 people</p>", "1\u00a0000 people"),
        ("<p>&lt;b&gt; &amp;amp;</p>", "<b> &amp;"),
        ("<div><section><p>deep</p></section></div>", "deep"),
    ],
)
def test_blocks_are_apart_and_white_space_is_folded(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<ol start='9'><li>a</li><li>b</li></ol>", "9. a\n10. b"),
        ("<ol start='x'><li>a</li></ol>", "1. a"),
        ("<ol start='99999999999999999999'><li>a</li></ol>", "1. a"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "- a\n  b"),
        ("<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>", "- a\n  - b\n    - c"),
        ("<ol><li>a<ul><li>b</li></ul></li></ol>", "1. a\n   - b"),
        ("<ul><li><pre>x\n  y</pre></li></ul>", "- x\n    y"),
    ],
)
def test_lists_have_bullets_and_steps(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<blockquote><blockquote><p>a</p></blockquote></blockquote>", "> > a"),
        ("<blockquote><ul><li>a</li><li>b</li></ul></blockquote>", "> - a\n> - b"),
        ("<blockquote></blockquote>", ">"),
    ],
)
def test_quotations_are_marked_on_every_line(html: str, text: str) -> None:
    assert text_of(html) == text


def test_code_is_kept_to_the_letter() -> None:
    assert text_of("<pre><code>\nif x:\n\n    y  =  1\n\n</code></pre>") == "if x:\n\n    y  =  1"


def test_tables_have_a_line_per_row() -> None:
    html = (
        "<table><caption>Doses</caption><thead><tr><th>Drug</th><th>mg</th></tr></thead>"
        "<tbody><tr><td>A <em>b</em></td><td>1<br>2</td></tr>"
        "<tr><td></td><td>3</td></tr></tbody></table>"
    )
    assert text_of(html) == "Doses\n\nDrug | mg\nA b | 1 2\n| 3"


def test_definitions_details_and_figures_are_blocks() -> None:
    html = (
        "<dl><dt>Term</dt><dd>Meaning</dd></dl><details><summary>More</summary>hidden</details>"
        "<figure><img alt='A spine'><figcaption>Figure 1</figcaption></figure>"
    )
    assert text_of(html) == "Term\n\nMeaning\n\nMore\n\nhidden\n\n[A spine]\n\nFigure 1"


def test_pictures_without_words_say_nothing() -> None:
    assert text_of("<p>a <img alt=''> b <img></p>") == "a b"


def test_a_linked_picture_is_its_words() -> None:
    assert text_of('<p><a href="x"><img alt="A spine"></a></p>') == "[A spine]"


def test_notes_are_numbers_and_lose_the_way_back() -> None:
    html = (
        '<p>a<sup class="footnote-ref"><a href="#x">[1:2]</a></sup></p><hr class="footnotes-sep">'
        '<section class="footnotes"><ol><li><p>n <a class="footnote-backref">back</a></p></li></ol>'
        "</section>"
    )
    assert text_of(html) == "a[1]\n\n1. n"


def test_other_raised_text_stays() -> None:
    assert text_of("<p>m<sup>2</sup></p>") == "m2"


def test_a_sentence_is_one_line_without_pictures_and_notes() -> None:
    html = 'a<br>b <img alt="p"><sup class="footnote-ref">[1]</sup> <em>c</em>'
    assert sentence_of(html) == "a b c"


@given(st.text())
def test_plain_text_ends_clean_whatever_comes_in(text: str) -> None:
    got = text_of(text.replace("<", "&lt;").replace("&", "&amp;"))
    assert got == got.strip(" \n")


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two, three", 10, "one two…"),
        ("one (two three)", 8, "one…"),
        ("腰痛腰痛腰痛", 4, "腰痛腰…"),
        ("", 4, ""),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(st.text(min_size=1), st.integers(2, 50))
def test_a_cut_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or short.endswith("…")


@pytest.mark.parametrize("text", ["a", "1", "腰", "🦴", "!", " x "])
def test_ink_is_visible(text: str) -> None:
    assert is_visible(text)


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0", "\u200b", "\u3000", "\ufeff", "\u2800", "\u0301"]
)
def test_blanks_of_every_kind_are_not(text: str) -> None:
    assert not is_visible(text)


def test_one_line_folds_every_kind_of_break() -> None:
    assert one_line(" a\r\nb\u2028c\x85d\t e\x0bf ") == "a b c d ef"


@given(st.text())
def test_stripping_twice_is_stripping_once(text: str) -> None:
    once = strip_forbidden(text)
    assert strip_forbidden(once) == once
    assert not set(once) & set(map(chr, [*range(9), 11, 12, *range(14, 32), 0xE000, 0xE001]))
