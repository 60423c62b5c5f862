"""MJML mistakes become sentences with a line; what the renderer gets wrong is mended."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose.mjml_engine import render_mjml
from pipeline.compose.mjml_lint import find_fault
from pipeline.errors import TemplateError
from tests.compose.examples import attributes, text_of

AROUND = (
    "<mjml><mj-head>{head}</mj-head><mj-body>\n<mj-section>\n<mj-column>\n{body}\n"
    "</mj-column></mj-section></mj-body></mjml>"
)


def render(body: str, head: str = "") -> str:
    source = AROUND.format(body=body, head=head)
    return render_mjml(source, "note.mjml", {"note.mjml": source})


@pytest.mark.parametrize(
    ("body", "line", "fault", "hint"),
    [
        ("<mj-txt>a</mj-txt>", 4, "<mj-txt> is no MJML tag", "did you mean <mj-text>?"),
        ('<mj-text colour="red">a</mj-text>', 4, "has no attribute colour", "did you mean color?"),
        ("\n<mj-text>a", 5, "<mj-text> is never closed", "add </mj-text>"),
        ("<mj-text>a</mj-txt>", 4, "</mj-txt> closes inside <mj-text>", "order"),
        ("<mj-text>a</mj-text>\n</mj-text>", 5, "</mj-text> closes inside <mj-column>", "order"),
        ("<p>a</p>", 4, "<p> stands directly in <mj-column>", "put it into <mj-text>"),
        ('<mj-include path="/etc/passwd" />', 4, "<mj-include> is not allowed", "{% include"),
        ('<mj-font name="Lato" href="x" />', 4, "<mj-font> is not allowed", "third party"),
    ],
)
def test_a_mistake_has_its_line_and_a_way_out(body: str, line: int, fault: str, hint: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(fault)) as caught:
        render(body)
    assert (caught.value.template, caught.value.line) == ("note.mjml", line)
    assert hint in caught.value.hint


def test_the_line_is_the_templates_and_not_that_of_the_rendered_page() -> None:
    rendered = AROUND.format(head="", body="\n" * 50 + "<mj-txt>a</mj-txt>")
    sources = {
        "note.mjml": "{% set x = '<mj-foo>' %}\n{% include 'parts/a.mjml' %}",
        "parts/a.mjml": "{# <mj-txt> #}\n\n<mj-txt>{{ posts[0].title }}</mj-txt>",
    }
    with pytest.raises(TemplateError) as caught:
        render_mjml(rendered, "note.mjml", sources)
    assert str(caught.value) == "parts/a.mjml:3: <mj-txt> is no MJML tag"


def test_a_mistake_made_by_jinja_itself_has_no_line() -> None:
    with pytest.raises(TemplateError) as caught:
        render_mjml(
            AROUND.format(head="", body="<mj-txt>a</mj-txt>"), "note.mjml", {"note.mjml": "{{ x }}"}
        )
    assert str(caught.value) == "note.mjml: <mj-txt> is no MJML tag"


@pytest.mark.parametrize("source", ["", "hello", "<html></html>", "<mjml></mjml>"])
def test_what_is_no_mjml_is_told_so(source: str) -> None:
    with pytest.raises(TemplateError, match="has no <mjml> with an <mj-body>"):
        render_mjml(source, "note.mjml", {})


@pytest.mark.parametrize(
    "body",
    [
        '<mj-hero mode="fixed-height"><mj-text>a</mj-text></mj-hero>',
        "<mj-text>" + "<div>" * 900 + "a" + "</div>" * 900 + "</mj-text>",
    ],
)
def test_the_renderers_own_accidents_become_a_template_error(body: str) -> None:
    with pytest.raises(TemplateError, match="the renderer cannot take"):
        render(body)


def test_text_that_would_be_dropped_is_an_error() -> None:
    with pytest.raises(TemplateError, match="loses a text on the way to HTML: 'Call us at once'"):
        render("Call us at once<mj-text>a</mj-text>")


def test_an_attribute_keeps_its_quotes() -> None:
    html = render(
        '<mj-image src="https://x.example/?a=1&amp;b=2" alt="A &quot;b&quot; &lt;c&gt;"/>'
    )
    image = attributes(html, "img")
    assert image["alt"] == 'A "b" <c>'
    assert image["src"] == "https://x.example/?a=1&b=2"


def test_a_title_keeps_its_quotes_in_both_places() -> None:
    html = render("<mj-text>a</mj-text>", head='<mj-title>A "b" &lt;c&gt; &amp; d</mj-title>')
    assert text_of(html, "title") == 'A "b" <c> & d'
    assert attributes(html, "div[role=article]")["aria-label"] == 'A "b" <c> & d'


def test_spaces_between_words_stay_and_those_between_blocks_go() -> None:
    html = render("<mj-text><p>a <b>b</b>  <i>c</i>\n d</p>  <p>e</p></mj-text>")
    assert "<p>a <b>b</b> <i>c</i> d</p><p>e</p>" in html


def test_no_break_spaces_and_preformatted_text_stay() -> None:
    html = render("<mj-text>a&nbsp; b<pre>x   y\n  z</pre></mj-text>")
    assert "a\xa0 b" in html
    assert "<pre>x   y\n  z</pre>" in html


def test_comments_go_but_outlooks_conditions_and_private_marks_stay() -> None:
    html = render(
        "<mj-text><!-- note --><!--private-->a<!--/private-->"
        "<!--[if mso]>b<![endif]--><!--[if !mso]><!-->c<!--<![endif]--></mj-text>"
    )
    assert "note" not in html
    assert "<!--private-->a<!--/private--><!--[if mso]>b<![endif]-->" in html
    assert "<!--[if !mso]><!-->c<!--<![endif]-->" in html


@given(st.text(alphabet="<>/mj-textcolumn =\"'\n{}%!", max_size=80))
def test_the_scan_survives_any_text(text: str) -> None:
    fault = find_fault(text)
    assert fault is None or 1 <= fault.line <= text.count("\n") + 1


@given(st.text(max_size=60))
def test_any_text_goes_through_unharmed(text: str) -> None:
    escaped = (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    )
    words = "".join(char for char in text if char.isprintable() and char != "\ue002")
    if words == text:
        html = render(f'<mj-text>{escaped}</mj-text><mj-image src="x" alt="{escaped}" />')
        assert attributes(html, "img")["alt"] == text
