from __future__ import annotations

from datetime import date

import pytest

from pipeline.pasted.facts import Facts, SourceLine, find_facts, take_topics
from pipeline.pasted.lines import crumbs, has_label, read_line
from tests.pasted.reader import TODAY

PROSE = "Pain travels along nerves, much as a call travels along a wire, and it can be stopped."


def find(*lines: str, heading: int | None = None) -> Facts:
    source = [
        SourceLine(number, line, 1 if number == heading else 0)
        for number, line in enumerate(lines, 1)
    ]
    return find_facts(source, today=TODAY)


def reason(facts: Facts, field: str) -> str:
    return next(guess.reason for guess in facts.guesses if guess.field == field)


def test_the_first_line_is_the_title() -> None:
    facts = find("Nerve blocks", PROSE)
    assert facts.title == "Nerve blocks"
    assert reason(facts, "title") == "took line 1 as the title"
    assert facts.taken == {0}


def test_a_first_level_heading_is_the_title_wherever_it_stands() -> None:
    assert find("Skip to content", "Nerve blocks", PROSE, heading=2).title == "Nerve blocks"


def test_lines_that_say_something_else_are_passed_over_for_the_title() -> None:
    facts = find("Home > Treatments > Blocks", "Nov 30, 2023", "Nerve blocks", PROSE)
    assert facts.title == "Nerve blocks"
    assert facts.date == date(2023, 11, 30)
    assert facts.category == "Blocks"


def test_a_long_first_line_lends_its_first_words_and_stays() -> None:
    facts = find(PROSE * 3)
    assert len(facts.title) <= 80
    assert PROSE.startswith(facts.title)
    assert facts.taken == frozenset()
    assert "copied the first words of line 1" in reason(facts, "title")


def test_the_date_is_told_with_its_words_and_how_they_were_read() -> None:
    assert reason(find("T", "Nov 30, 2023", PROSE), "date") == (
        "took line 2, 'Nov 30, 2023', as the date"
    )
    assert reason(find("T", "11/30/2023", PROSE), "date") == (
        "took line 2, '11/30/2023', as the date, reading the month first"
    )


def test_a_day_to_come_is_told() -> None:
    assert "still to come" in reason(find("T", "Nov 30, 2026", PROSE), "date")


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("By The Larkfield team", "author", "The Larkfield team"),
        ("Written by: The desk", "author", "The desk"),
        ("Von Team Larkfield", "author", "Team Larkfield"),
        ("Category: Back and neck", "category", "Back and neck"),
        ("Filed under Treatments", "category", "Treatments"),
        ("Kategorie: Rücken", "category", "Rücken"),
        ("Tags: back pain, sleep ,", "tags", ("back pain", "sleep")),
        ("Summary: What a nerve block does.", "summary", "What a nerve block does."),
        ("Abstract \u2014 What a nerve block does.", "summary", "What a nerve block does."),
        ("Home > Treatments > Nerve blocks", "category", "Nerve blocks"),
        ("Home » Nerve blocks", "category", "Nerve blocks"),
        ("Home / Advice / Sleep", "category", "Sleep"),
    ],
)
def test_lines_below_the_title_say_what_they_hold(line: str, field: str, value: object) -> None:
    facts = find("A title", line, PROSE)
    assert getattr(facts, field) == value
    assert facts.taken == {0, 1}


@pytest.mark.parametrize(
    "line",
    [
        "Nov 30, 2023 | By The desk | 5 min read",
        "By The desk \u2022 Nov 30, 2023",
        "Posted on Nov 30, 2023 by The desk",
        "By The desk, November 30, 2023",
        "By The desk on 30 November 2023",
        "Nov 30, 2023 \u2013 By The desk",
    ],
)
def test_one_line_may_hold_date_and_author(line: str) -> None:
    facts = find("A title", line, PROSE)
    assert (facts.date, facts.author) == (date(2023, 11, 30), "The desk")
    assert facts.taken == {0, 1}


def test_a_name_beside_a_date_is_the_category() -> None:
    facts = find("A title", "Nerve pain | Nov 30, 2023", PROSE)
    assert (facts.category, facts.date) == ("Nerve pain", date(2023, 11, 30))


def test_a_few_bare_words_between_title_and_date_are_the_category() -> None:
    facts = find("A title", "Nerve pain", "Nov 30, 2023", PROSE)
    assert facts.category == "Nerve pain"
    assert "line 2, 'Nerve pain', as the category" in reason(facts, "category")


def test_bare_words_without_a_date_stay_text() -> None:
    facts = find("A title", "Nerve pain", PROSE)
    assert facts.category == ""
    assert facts.taken == {0}


def test_what_stands_above_in_a_trail_becomes_tags() -> None:
    facts = take_topics(find("A title", "Home > Treatments > Back > Blocks", PROSE))
    assert facts.tags == ("Treatments", "Back")


def test_tags_that_are_named_win_over_the_trail() -> None:
    facts = take_topics(find("A title", "Home > Advice > Sleep", PROSE, "Tags: night, pillow"))
    assert (facts.category, facts.tags) == ("Sleep", ("night", "pillow"))


def test_a_name_in_capitals_above_the_title_is_the_category() -> None:
    facts = find("PAIN CARE", "Five things to know", "11/30/2023 | 4 min read", PROSE)
    assert (facts.title, facts.category) == ("Five things to know", "PAIN CARE")


def test_a_title_in_capitals_stays_the_title() -> None:
    assert find("NERVE BLOCKS", "Nov 30, 2023", PROSE).title == "NERVE BLOCKS"
    assert find("NERVE BLOCKS", PROSE, PROSE).title == "NERVE BLOCKS"


def test_the_title_at_the_end_of_a_trail_is_no_category() -> None:
    assert find("Blocks", "Home > Treatments > Blocks", PROSE).category == "Treatments"


def test_a_trail_of_the_title_alone_is_left_out_and_told() -> None:
    facts = find("Blocks", "Home > Blocks", PROSE)
    assert facts.category == ""
    assert "left out the trail in line 2, 'Home > Blocks'" in reason(facts, "body")


def test_labelled_lines_count_at_the_end_too() -> None:
    facts = find("A title", PROSE, PROSE, "Filed under: Sleep", "Posted on Nov 30, 2023")
    assert (facts.category, facts.date) == ("Sleep", date(2023, 11, 30))
    assert facts.taken == {0, 3, 4}


def test_a_date_within_the_text_is_no_date_of_the_document() -> None:
    facts = find("A title", PROSE, *[PROSE] * 12, "Nov 30, 2023", *[PROSE] * 6)
    assert facts.date is None


def test_a_second_date_stays_in_the_text() -> None:
    facts = find("A title", "Nov 30, 2023", "Dec 1, 2023", PROSE)
    assert facts.date == date(2023, 11, 30)
    assert 2 not in facts.taken


def test_an_update_serves_as_the_date_when_nothing_else_does_and_stays() -> None:
    facts = find("A title", PROSE, "Last updated: March 3, 2024")
    assert facts.date == date(2024, 3, 3)
    assert facts.taken == {0}
    assert "the line stays in the text" in reason(facts, "date")


@pytest.mark.parametrize(
    "line",
    [
        "By the time you read this, you will be better",
        "By 2023.",
        "Summary",
        "a > b",
        "Treatments",
        "One | two | three",
        "5 min read",
        "",
    ],
)
def test_other_lines_say_nothing(line: str) -> None:
    assert read_line(line, today=TODAY) == ()


def test_a_trail_has_three_parts_or_begins_at_home() -> None:
    assert crumbs("Home > Sleep") == ("Home", "Sleep")
    assert crumbs("Advice > Sleep") == ()
    assert crumbs("Advice > Sleep > Shoulder") == ("Advice", "Sleep", "Shoulder")


def test_only_lines_that_name_what_they_hold_are_labelled() -> None:
    assert has_label("Filed under: Sleep")
    assert not has_label("Sleep is what you need")
