from __future__ import annotations

from collections import Counter
from datetime import UTC, date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.content.post import Status
from pipeline.errors import ContentError
from pipeline.pasted.document import first_sentences, parse_document, to_markdown
from pipeline.pasted.file import read_document, write_post
from pipeline.pasted.post import PastedPost
from tests.pasted.reader import TODAY, paste, shown, words, words_kept, words_of_html
from tests.support.shelf import Shelf

FIXTURES = Path(__file__).parent.parent / "fixtures" / "pasted"
PROSE = "Pain travels along nerves, much as a call travels along a wire. It can be stopped."


def read(name: str) -> PastedPost:
    text, html = read_document(FIXTURES / name)
    return parse_document(text, html=html, today=TODAY)


def reasons(post: PastedPost) -> list[str]:
    return [guess.reason for guess in post.guesses]


def test_plain_text_becomes_a_post() -> None:
    post = read("numbered_sections.txt")
    assert post.title == "What to expect from a nerve block"
    assert post.date == date(2023, 11, 30)
    assert post.category == "Nerve blocks"
    assert post.author == "The Larkfield team"
    assert post.tags == ("Treatments",)
    assert post.summary == "A nerve block is a small injection that quiets one nerve for a while."
    assert reasons(post)[:3] == [
        "took line 1 as the title",
        "took the end of the trail in line 2, 'Home > Treatments > Nerve blocks', as the category",
        "took line 3, 'Nov 30, 2023', as the date",
    ]
    assert "took what stands above it in the trail, 'Treatments', as tags" in reasons(post)


def test_plain_text_keeps_its_sections_and_lists() -> None:
    body = read("numbered_sections.txt").body_markdown
    headings = [line for line in body.splitlines() if line.startswith("#")]
    assert headings == [
        "## 1. Introduction",
        "## 2. Before your visit",
        "## 3. On the day",
        "### 3.1 How we prepare",
        "### 3.2 The injection itself",
        "## WHEN TO CALL US",
        "### Aftercare in short",
        "## References",
    ]
    assert (
        "- A list of your medicines\n"
        "  - With the dose of each (\u201c5 mg in the morning\u201d)\n"
        "  - With the time of the last one\n"
        "    - Even if it was yesterday\n"
        "- Someone who can drive you home\n"
    ) in body
    assert "1) We numb the skin.\n2) We place the needle" in body


def test_plain_text_loses_no_word() -> None:
    source = (FIXTURES / "numbered_sections.txt").read_text()
    without_bullets = source.replace("\to\t", " ")
    assert words_kept(read("numbered_sections.txt")) == words(without_bullets)


def test_a_word_processors_html_becomes_a_post() -> None:
    post = read("word.htm")
    assert post.title == "Back pain at a desk: small habits that help"
    assert post.date == date(2023, 11, 30)
    assert post.category == "Back and neck"
    assert post.summary.startswith("Ten minutes of small movements a day")
    assert "## 1. Why sitting hurts" in post.body_markdown
    assert "- Stand up for every phone call\n  - A longer cord" in post.body_markdown
    assert "1. Call the practice.\n2. Lie down on your side." in post.body_markdown
    assert "| Monday | Shoulder circles \\| slow | 1 min |" in post.body_markdown
    assert "10<sup>3</sup> seconds" in post.body_markdown


def test_a_word_processors_html_loses_no_word() -> None:
    source, _ = read_document(FIXTURES / "word.htm")
    bullets = words("o o")
    post = read("word.htm")
    summary_label = words("Summary")
    summary_label -= words(next(g.value for g in post.guesses if g.field == "summary"))
    assert words_kept(post) + bullets + summary_label == words_of_html(source)


def test_a_web_page_becomes_a_post() -> None:
    post = read("page.html")
    assert post.title == "Sleeping with a sore shoulder"
    assert post.date == date(2024, 3, 4)
    assert post.author == "The Larkfield team"
    assert post.category == "Shoulder"
    assert post.tags == ("sleep", "shoulder")
    assert post.summary.startswith("How to lie, what to put under the arm")
    assert "[choosing a pillow](https://larkfield.example/advice/pillows/)" in post.body_markdown
    assert "> I stopped counting sheep" in post.body_markdown
    assert "| Acetaminophen | 30 min before bed |" in post.body_markdown


def test_a_web_page_loses_no_word_of_its_article() -> None:
    source, _ = read_document(FIXTURES / "page.html")
    article = source[source.index("<article>") : source.index("</article>")]
    numbers: Counter[str] = words("1 2 3")  # of the list, which a browser writes
    trail = words("Home Advice Shoulder")
    assert words_kept(read("page.html")) == words_of_html(article) + numbers + trail


@pytest.mark.parametrize("name", ["numbered_sections.txt", "word.htm", "page.html"])
def test_the_written_file_is_read_as_a_post(name: str, shelf: Shelf) -> None:
    pasted = read(name)
    write_post(to_markdown(pasted), pasted, shelf.posts)
    post = shelf.one()
    assert post.title == pasted.title
    assert post.date.astimezone(UTC).date() == pasted.date
    assert post.status is Status.PUBLISHED
    assert (post.category, post.summary, post.tags) == (
        pasted.category,
        pasted.summary,
        pasted.tags,
    )
    assert words(post.text) - words(shown(pasted.body_markdown)) <= words("1 2 3 4 5 6 7 8 9")


def test_without_a_date_the_post_is_a_draft_and_says_so(shelf: Shelf) -> None:
    pasted = paste(f"A title\n\n{PROSE}")
    assert pasted.date is None
    assert "found no date, so the post is a draft until one is filled in" in reasons(pasted)
    path = write_post(to_markdown(pasted), pasted, shelf.posts)
    assert path.name == "2026-11-22-a-title.md"
    assert "\nstatus: draft\n" in path.read_text()
    assert shelf.one().status is Status.DRAFT


def test_a_category_that_is_not_found_is_told_and_not_written() -> None:
    pasted = paste(f"A title\nNov 30, 2023\n\n{PROSE}")
    assert "found no category, so it stays empty" in reasons(pasted)
    assert "category:" not in to_markdown(pasted)


def test_each_guess_stands_beside_its_field() -> None:
    markdown = to_markdown(paste(f"A title\n11/30/2023\n\n{PROSE}"))
    line = "date: 2023-11-30  # took line 2, '11/30/2023', as the date, reading the month first"
    assert line in markdown.splitlines()


def test_a_trail_in_a_page_that_names_no_topic_still_stands_in_the_file() -> None:
    html = f"<p class=breadcrumb>Home &gt; Sleep</p><h1>Sleep</h1><p>{PROSE}</p>"
    assert "# left out the trail in line 1, 'Home > Sleep'" in to_markdown(paste(html, html=True))


@pytest.mark.parametrize("source", ["", " \n\t", "\u200b\ufeff", "---\n***"])
def test_a_document_without_words_is_refused(source: str) -> None:
    with pytest.raises(ContentError, match="holds no words") as caught:
        paste(source)
    assert caught.value.hint


def test_a_page_without_words_is_refused() -> None:
    with pytest.raises(ContentError, match="holds no words"):
        paste("<html><head><title>x</title></head><script>a()</script></html>", html=True)


def test_the_highest_heading_below_the_title_is_of_level_two() -> None:
    post = paste(f"<h1>T</h1><p>{PROSE}<h3>A</h3><p>{PROSE}<h4>B</h4><p>{PROSE}", html=True)
    assert "\n## A\n" in post.body_markdown
    assert "\n### B\n" in post.body_markdown


def test_a_list_of_facts_below_the_title_is_taken_item_by_item() -> None:
    html = f"<h1>T</h1><ul><li>Nov 30, 2023<li>By The desk<li>Free</ul><p>{PROSE}"
    post = paste(html, html=True)
    assert (post.date, post.author) == (date(2023, 11, 30), "The desk")
    assert post.body_markdown.startswith("- Free\n\n")


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("One short. Two is enough.", "One short. Two is enough."),
        ("Ask Dr. Lee about 1.5 mg, e.g. at night, before you take it again. Then wait.",
         "Ask Dr. Lee about 1.5 mg, e.g. at night, before you take it again."),
        ("Does it hurt? \u201cIt does.\u201d " + "Very much so, " * 20 + "yes.",
         "Does it hurt? \u201cIt does.\u201d"),
        ("No end", "No end"),
    ],
)  # fmt: skip
def test_the_summary_is_the_first_sentences(text: str, summary: str) -> None:
    assert first_sentences(text) == summary


def test_a_long_first_sentence_is_cut_between_words() -> None:
    summary = first_sentences("word " * 100)
    assert len(summary) <= 301
    assert summary.endswith("word\u2026")


HEADS = st.sampled_from(
    ["Nov 30, 2023", "By The desk", "Category: Sleep", "Home > A > B", "Tags: x, y", "Nerve pain"]
)
LINES = st.lists(
    HEADS
    | st.just("")
    | st.sampled_from(["1. One", "2. Two", "• three", "\to\tfour", "FIVE SIX", PROSE])
    | st.text("ab *_#<[`>1.-:'\"\\|&;\u00a0\u00ad\u201c", max_size=30),
    min_size=1,
    max_size=15,
)


@given(LINES)
def test_no_word_of_a_document_is_lost_between_its_fields_and_its_body(lines: list[str]) -> None:
    source = "\n".join(lines)
    if not words(source):
        return
    try:
        post = paste(source)
    except ContentError:  # nothing but rules
        assert set("".join(words(source))) <= {"_"}
        return
    lost = words(source.replace("o\t", " ")) - words_kept(post)
    assert set("".join(lost)) <= {"_"}  # a drawn line, as a word of underscores
    assert set(words_kept(post) - words(source)) <= set()


@given(LINES)
def test_the_front_matter_of_any_document_says_what_the_post_says(lines: list[str]) -> None:
    try:
        post = paste("Title\n" + "\n".join(lines))
    except ContentError:
        return
    _, front, _ = to_markdown(post).split("---\n", 2)
    told = yaml.safe_load(front)
    assert told["title"] == post.title
    assert told["summary"] == post.summary
    assert told.get("category", "") == post.category
    assert tuple(told.get("tags", [])) == post.tags


@given(st.text(min_size=1, max_size=120), st.booleans())
def test_any_text_with_a_word_gives_a_file(text: str, html: bool) -> None:  # noqa: FBT001 - drawn
    source = f"{text}<p>word" if html else f"{text}\nword"
    front = to_markdown(paste(source, html=html)).split("\n---\n", 1)[0].removeprefix("---\n")
    assert yaml.safe_load(front)["title"]
