from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.pasted.blocks import (
    Block,
    Code,
    Heading,
    Inline,
    ListEntry,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    nest,
    plain,
    tidy,
)
from pipeline.pasted.markdown import write_blocks
from tests.pasted.reader import MARKDOWN, shown

# Characters that mean something to Markdown, with letters, digits and spaces to put them between.
SIGNS = "*_#<>[]()`~|!&;\\+-=:.,/\"'^{}$@%? 019abÄ腰\u00a0\u2013\u201c\U0001f600"
TEXT = st.text(SIGNS, min_size=1, max_size=30).map(lambda text: " ".join(text.split()))
LINE = TEXT.filter(bool)


def text(words: str, **style: bool) -> Inline:
    return (Span(words, **style),)  # type: ignore[arg-type]  # flags only


def paragraph(*lines: str) -> Paragraph:
    return Paragraph(tuple(text(line) for line in lines))


def kinds(markdown: str) -> list[str]:
    return [token.type for token in MARKDOWN.parse(markdown) if token.level == 0]


@pytest.mark.parametrize(
    "line",
    [
        "# no heading",
        "#hash",
        "1. no list",
        "12) no list either",
        "+ 5 mg more",
        "- 3 degrees",
        "-",
        "> 10 lb",
        "---",
        "***",
        "===",
        "* * *",
        "a * b * c",
        "**not bold**",
        "snake_case_name and _this_",
        "[a](b) and [c]",
        "[^1]: no note",
        "![no](picture)",
        "<b>no tag</b> <https://larkfield.example>",
        "1 < 2 & 3 > 2 &amp; &copy; &#65;",
        "~~not struck~~ ~5 mg~",
        "`no code` ``",
        "a | b",
        "| a | b |",
        "~~~",
        "```",
        "back\\slash \\* at the end\\",
        "{{ slot }} $x^2$ ^[no note]",
        "2023.",
        ":---",
    ],
)
def test_signs_of_markdown_are_shown_as_pasted(line: str) -> None:
    markdown = write_blocks([paragraph(line)])
    assert shown(markdown) == line
    assert kinds(markdown) == ["paragraph_open", "paragraph_close"]


def test_words_without_signs_are_written_as_they_are() -> None:
    line = (
        "A 2-3 mL dose, 5 < 10, snake_case, ~5 mg & more (see page 3): \u201cfine\u201d; it's #1."
    )
    assert write_blocks([paragraph(line)]) == line


@given(LINE)
@example("1.")
@example(":-")
@example("&lt;")
@example("_ _ _")
def test_every_line_is_shown_as_it_was(line: str) -> None:
    markdown = write_blocks([paragraph(line)])
    assert shown(markdown) == " ".join(line.split())
    assert kinds(markdown) == ["paragraph_open", "paragraph_close"]


@given(st.lists(LINE, min_size=2, max_size=4))
@example(["a | b", "--- | ---"])
@example(["a", ":-"])
@example(["a|", "-|"])
@example(["a", "==="])
def test_lines_broken_by_hand_stay_one_paragraph(lines: list[str]) -> None:
    markdown = write_blocks([paragraph(*lines)])
    assert shown(markdown) == " ".join(lines)
    assert kinds(markdown) == ["paragraph_open", "paragraph_close"]
    assert MARKDOWN.render(markdown).count("<br") == len(lines) - 1


@given(LINE, st.integers(min_value=1, max_value=6))
@example("#", 2)
@example("a ##", 2)
@example("a \\#", 2)
def test_every_heading_is_shown_as_it_was(line: str, level: int) -> None:
    markdown = write_blocks([Heading(level, text(line))])
    assert shown(markdown) == line
    assert kinds(markdown) == ["heading_open", "heading_close"]


def test_a_numbered_heading_needs_no_escapes() -> None:
    assert write_blocks([Heading(2, text("1. Introduction"))]) == "## 1. Introduction"


@given(st.lists(st.tuples(LINE, LINE, LINE), min_size=2, max_size=4))
def test_every_table_is_shown_as_it_was(rows: list[tuple[str, str, str]]) -> None:
    table = Table(tuple(tuple(text(cell) for cell in row) for row in rows))
    markdown = write_blocks([paragraph("Before"), table, paragraph("After")])
    expected = " ".join(cell for row in rows for cell in row)
    assert shown(markdown) == f"Before {expected} After"
    assert MARKDOWN.render(markdown).count("<tr>") == len(rows)


def test_code_in_a_table_keeps_its_bars() -> None:
    cell = (Span("a|b", code=True),)
    markdown = write_blocks([Table(((cell, text("x")), (text("y"), text("z"))))])
    assert shown(markdown) == "a|b x y z"


STYLES = st.builds(
    Span,
    st.text("ab1 .,*_:(\u201c\u201d", min_size=1, max_size=6),
    strong=st.booleans(),
    emphasis=st.booleans(),
    struck=st.booleans(),
    code=st.booleans(),
    shift=st.sampled_from(["", "", "sup", "sub"]),
    href=st.sampled_from(["", "", "https://larkfield.example/a_(b)?c=d&copy;=1"]),
    image=st.sampled_from(["", "", "", "https://larkfield.example/p q.jpg"]),
)


@given(st.lists(STYLES, min_size=1, max_size=5))
def test_no_style_changes_the_words(spans: list[Span]) -> None:
    line = tidy(spans)
    assert shown(write_blocks([Paragraph((line,))])) == plain(line)


@pytest.mark.parametrize(
    ("spans", "markdown"),
    [
        ((Span("a "), Span("bold", strong=True), Span(" b")), "a **bold** b"),
        ((Span("a "), Span("soft ", emphasis=True), Span("b")), "a *soft* b"),
        ((Span("Note:", strong=True), Span("this")), "**Note**:this"),
        ((Span("a "), Span("both", strong=True, emphasis=True)), "a ***both***"),
        ((Span("no", struck=True), Span(" yes")), "~~no~~ yes"),
        ((Span("x_1", code=True),), "`x_1`"),
        ((Span("a`b", code=True),), "``a`b``"),
        ((Span("10"), Span("3", shift="sup"), Span(" s")), "10<sup>3</sup> s"),
        ((Span("our page", href="https://a.example/x_y"),), "[our page](https://a.example/x_y)"),
        ((Span("alt", image="https://a.example/p.jpg"),), "![alt](https://a.example/p.jpg)"),
    ],
)
def test_styles_become_markdown(spans: Inline, markdown: str) -> None:
    assert write_blocks([Paragraph((spans,))]) == markdown


def test_an_emphasis_that_cannot_be_closed_is_left_out_and_its_words_stay() -> None:
    spans = (Span("say"), Span(":", strong=True), Span("it"))
    assert write_blocks([Paragraph((spans,))]) == "say:it"


def test_an_address_cannot_end_its_link_early() -> None:
    spans = (Span("page", href="https://a.example/x) [y](z <b> \u201c"),)
    (token,) = [t for t in MARKDOWN.parse(write_blocks([Paragraph((spans,))])) if t.children]
    assert [child.type for child in token.children or []] == ["link_open", "text", "link_close"]


def bullets(*items: tuple[Block, ...]) -> Listing:
    return Listing(items)


def test_nested_lists_are_indented_below_their_item() -> None:
    inner = Listing(((paragraph("one"),), (paragraph("two"),)), start=1)
    outer = bullets((paragraph("a"), bullets((paragraph("b"), inner))), (paragraph("c"),))
    assert write_blocks([outer]) == "- a\n  - b\n    1. one\n    2. two\n- c"


def test_a_numbered_list_keeps_its_first_number_and_its_delimiter() -> None:
    listing = Listing(((paragraph("a"),), (paragraph("b"),)), start=9, delimiter=")")
    assert write_blocks([listing]) == "9) a\n10) b"


def test_two_numbered_lists_in_a_row_stay_two() -> None:
    first = Listing(((paragraph("a"),),), start=1)
    second = Listing(((paragraph("b"),),), start=1)
    third = Listing(((paragraph("c"),),), start=4)
    markdown = write_blocks([first, second, third])
    assert shown(markdown) == "1. a 1) b 4. c"


def test_an_item_without_words_keeps_its_number_and_loses_its_bullet() -> None:
    items: tuple[tuple[Block, ...], ...] = ((paragraph("a"),), (), (paragraph("c"),))
    assert shown(write_blocks([Listing(items, start=1)])) == "1. a 2. 3. c"
    assert write_blocks([Listing(items)]) == "- a\n- c"


@given(st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(1, 12), LINE), max_size=12))
def test_every_list_is_shown_as_it_was(lines: list[tuple[int, int | None, str]]) -> None:
    entries = tuple(
        ListEntry(level, number, ".", (paragraph(line),)) for level, number, line in lines
    )
    markdown = write_blocks([*nest(entries), paragraph("End")])
    numbered = [f"{number}. {line}" if number is not None else line for _, number, line in lines]
    # The delimiter may change to keep two lists apart; the number and the words may not.
    flat = shown(markdown).replace(") ", ". ")
    assert flat == " ".join([*numbered, "End"]).replace(") ", ". ")


def test_quotes_code_and_rules_have_their_forms() -> None:
    blocks: list[Block] = [
        Quote((paragraph("a"), bullets((paragraph("b"),)))),
        Code("x = 1\n\n```\n"),
        Rule(),
    ]
    assert write_blocks(blocks) == "> a\n>\n> - b\n\n````\nx = 1\n\n```\n````\n\n* * *"
