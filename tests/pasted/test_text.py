from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.pasted.markdown import write_blocks
from pipeline.pasted.outline import read_outline
from pipeline.pasted.text import clean, read_lines
from tests.pasted.reader import shown, words

LONG = (
    "This paragraph is long enough to be one, for it goes on and on about a small matter, "
    "and then it ends."
)


def body(text: str) -> str:
    return write_blocks(read_outline(read_lines(clean(text))).blocks)


def reasons(text: str) -> list[str]:
    return [guess.reason for guess in read_outline(read_lines(clean(text))).guesses]


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("ultra\u00adsound", "ultrasound"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("5\u00a0mg\u202fa\u2009day", "5 mg a day"),
        ("a\x00b\x07c\x9f", "abc"),
        ("a\r\nb\rc\u2028d\x0be\x85f", "a\nb\nc\nd\ne\nf"),
        ("a\x0cb\u2029c", "a\n\nb\n\nc"),
        ("\uf0b7\tText", "•\tText"),
        ("a\u200eb", "ab"),
        ("ক\u200cখ \U0001f469\u200d\U0001f4bb", "ক\u200cখ \U0001f469\u200d\U0001f4bb"),
        ("lone \ud800 half", "lone \ufffd half"),
    ],
)
def test_what_nobody_sees_is_cleaned_away(pasted: str, kept: str) -> None:
    assert clean(pasted) == kept


def test_each_line_is_a_paragraph_when_no_width_broke_them() -> None:
    assert body(f"{LONG}\n{LONG} {LONG}\n{LONG}") == f"{LONG}\n\n{LONG} {LONG}\n\n{LONG}"
    assert "read each line as a paragraph, as no fixed width broke them" in reasons(
        f"{LONG} {LONG}\n{LONG}"
    )


def test_lines_broken_at_a_width_are_joined() -> None:
    text = (
        "A nerve block is a small injection that quiets one nerve for\n"
        "a while. It can tell us where a pain comes from, and for many\n"
        "people it brings weeks of rest from it.\n"
        "\n"
        "Not every pain answers to a block. If yours does not, that is\n"
        "useful to know as well.\n"
    )
    assert body(text).count("\n\n") == 1
    assert "for a while" in body(text)
    assert "joined the lines that were broken at about column 61" in reasons(text)


def test_an_item_broken_at_a_width_is_joined_too() -> None:
    text = (
        "Please bring all of these with you when you come to see us on\n"
        "the day of the injection, even if we have seen them before:\n"
        "\n"
        "- a list of your medicines with the dose of each, and the time\n"
        "  of the last one, even if that was yesterday\n"
        "- someone who can drive you home and who can stay with you for\n"
        "  the evening\n"
    )
    assert "- a list of your medicines with the dose of each, and the time of the last" in body(
        text
    )
    assert body(text).count("\n- ") == 2


def test_short_lines_without_an_end_stay_lines_of_one_paragraph() -> None:
    text = f"{LONG}\n\nLarkfield Pain Practice\n12 Orchard Lane\nLarkfield, NY 10000"
    assert body(text).endswith("Larkfield Pain Practice\\\n12 Orchard Lane\\\nLarkfield, NY 10000")


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("1. Introduction", "## 1. Introduction"),
        ("1) Introduction", "## 1) Introduction"),
        ("1.2 How we prepare", "### 1.2 How we prepare"),
        ("2.3.1. Details", "#### 2.3.1. Details"),
        ("WHEN TO CALL US", "## WHEN TO CALL US"),
        ("Aftercare in short", "## Aftercare in short"),
        ("What is pain?", "## What is pain?"),
        ("References:", "## References:"),
    ],
)
def test_headings_are_seen_by_number_capitals_or_shape(line: str, heading: str) -> None:
    assert body(f"{line}\n{LONG}") == f"{heading}\n\n{LONG}"
    assert any(line in reason for reason in reasons(f"{line}\n\n{LONG}"))


@pytest.mark.parametrize(
    "line",
    [
        "This ends with a full stop.",
        "You should call us if:",
        "and a small start",
        "1.5 mg of the medicine",
        "12 weeks later",
        "One, two,",
    ],
)
def test_other_short_lines_are_no_headings(line: str) -> None:
    assert "#" not in body(f"{line}\n{LONG}")


def test_a_short_line_at_the_end_is_no_heading() -> None:
    assert body(f"{LONG}\n\nYour team at Larkfield").endswith("\n\nYour team at Larkfield")


def test_numbered_lines_in_a_row_are_a_list_and_apart_are_sections() -> None:
    assert body("1. Rest\n2. Move\n3. Sleep") == "1. Rest\n2. Move\n3. Sleep"
    sections = body(f"1. Rest\n{LONG}\n2. Move\n{LONG}")
    assert "## 1. Rest" in sections
    assert "## 2. Move" in sections


def test_a_list_ends_with_its_last_number_even_before_a_paragraph() -> None:
    assert body(f"1. Rest\n2. Move\n\n{LONG}") == f"1. Rest\n2. Move\n\n{LONG}"


def test_entries_below_references_are_a_list_even_alone() -> None:
    text = f"{LONG}\n\nReferences\n1. Larkfield Pain Practice, Notes for families\n\nThe end"
    assert "\n1. Larkfield" in body(text)


def test_numbers_that_skip_keep_their_value() -> None:
    assert shown(body("1. a;\n3. b;\n7. c;")).replace(")", ".") == "1. a; 3. b; 7. c;"


def test_leading_zeros_and_years_are_words() -> None:
    assert shown(body("007. Bond.\n2023. A good year.")) == "007. Bond. 2023. A good year."


@pytest.mark.parametrize("bullet", ["•\t", "• ", "•", "- ", "– ", "◦ ", "▪\t", "‣ ", "o\t", "* "])  # noqa: RUF001 - bullets
def test_each_kind_of_bullet_makes_a_list(bullet: str) -> None:
    assert body(f"{bullet}Rest\n{bullet}Move") == "- Rest\n- Move"


def test_lists_nest_by_indentation() -> None:
    text = "• a\n\t• b\n\t\t• c\n\t• d\n• e"
    assert body(text) == "- a\n  - b\n    - c\n  - d\n- e"


def test_lists_nest_by_their_bullet_when_nothing_is_indented() -> None:
    text = "•\ta\no\tb\n▪\tc\no\td\n•\te"
    assert body(text) == "- a\n  - b\n    - c\n  - d\n- e"


def test_a_bullet_list_nests_below_a_number() -> None:
    assert body("1. a;\n   • b\n   • c\n2. d;") == "1. a;\n   - b\n   - c\n2. d;"


def test_empty_lines_between_items_do_not_break_a_list() -> None:
    assert body("• a\n\n• b\n\n• c") == "- a\n- b\n- c"


def test_a_deep_list_stays_a_list_that_markdown_readers_show() -> None:
    text = "\n".join("\t" * depth + f"• word{depth}" for depth in range(30))
    assert words(shown(body(text))) == words(text)


def test_a_word_o_is_no_bullet_by_itself() -> None:
    assert body("o Senhor falou") == "o Senhor falou"
    assert body("• a\no b") == "- a\n  - b"


def test_a_lone_asterisk_refers_to_one_in_the_text() -> None:
    assert body("* Not for children.") == "\\* Not for children."


def test_columns_with_tabs_are_a_table() -> None:
    table = body("Day\tWhat\nMonday\tRest | sleep\nTuesday\tWalk")
    assert table == "| Day | What |\n| --- | --- |\n| Monday | Rest \\| sleep |\n| Tuesday | Walk |"


def test_a_drawn_line_is_a_rule() -> None:
    assert body(f"{LONG}\n----------\n{LONG}") == f"{LONG}\n\n* * *\n\n{LONG}"


STARTS = ["", "", "", "• ", "o\t", "- ", "1. ", "2. ", "3) ", "1.2 ", "* ", "\t• ", "  - ", "    "]
WORDS = st.lists(
    st.sampled_from(
        [
            "rest",
            "10",
            "Move",
            "*now*",
            "_and_",
            "<b>",
            "[x]",
            "#1",
            "mg.",
            "KEEP",
            "a|b",
            "> &",
            "c\td",
        ]
    ),
    max_size=14,
).map(" ".join)
LINES = st.lists(st.tuples(st.sampled_from(STARTS), WORDS).map("".join) | st.just(""), max_size=14)


@given(LINES)
@example(["1. a", "2.", "3. b"])
@example(["• ", "o\t", "- -"])
@example(["10) x", "\t• y", "11) z"])
def test_no_word_of_any_document_is_lost_or_doubled(lines: list[str]) -> None:
    text = "\n".join(lines)
    without_bullets = "\n".join(line.removeprefix("o\t") for line in lines)
    kept = words(shown(body(text)))
    lost = words(without_bullets) - kept
    assert set(lost) <= {"o"}
    assert not kept - words(text)


@given(st.text(max_size=200))
def test_no_word_of_any_text_is_lost_or_doubled(text: str) -> None:
    kept = words(shown(body(text)))
    cleaned = words(clean(text))
    assert set(cleaned - kept) <= {"o", "ü"}
    assert not kept - cleaned
