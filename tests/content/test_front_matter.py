from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.content import Status, Visibility
from pipeline.content.faults import Faults
from pipeline.content.front_matter import Text, decode, parse, split
from pipeline.content.plain import one_line
from pipeline.errors import ContentErrors
from tests.support.shelf import SITE, Shelf

PLACE = "posts/2026-03-01-back.md"


@pytest.mark.parametrize("written", ["no", "012", "1.10", "2026-01-01", "12:30:00", "null", "0x1F"])
def test_a_title_is_the_text_as_written_whatever_yaml_takes_it_for(
    shelf: Shelf, written: str
) -> None:
    shelf.write("a.md", f"---\ntitle: {written}\ndate: 2026-03-01\n---\nText\n")
    assert shelf.one().title == written


@pytest.mark.parametrize("key", ["author", "category", "summary"])
def test_other_texts_are_as_written_too(shelf: Shelf, key: str) -> None:
    assert getattr(shelf.render("Text", f"{key}: 1.10"), key) == "1.10"


def test_slugs_of_digits_keep_their_zeros(shelf: Shelf) -> None:
    assert shelf.render("Text", "slug: 012").slug == "012"


@pytest.mark.parametrize(
    "written", ["a, no , 1.10", "[a, no, 1.10]", "\n- a\n- no\n- 1.10\n- a", "[a, ' ', no, 1.10]"]
)
def test_tags_are_a_list_or_a_text_with_commas(shelf: Shelf, written: str) -> None:
    assert shelf.render("Text", f"tags: {written}").tags == ("a", "no", "1.10")


def test_every_field_reaches_the_post(shelf: Shelf) -> None:
    post = shelf.render(
        "Text",
        "slug: spine",
        "id: urn:uuid:1",
        "summary: In short.",
        "author: The clinic",
        "category: Advice",
        "updated: 2026-03-02",
        "status: Draft",
        "audience: private",
        "canonical_url: https://elsewhere.example/a",
        "language: en-GB",
        "expires: 2026-09-01",
        "review_by: 2026-06-01",
        "aliases: [old-spine, older-spine]",
    )
    assert (post.id, post.slug, post.explicit_id) == ("urn:uuid:1", "spine", True)
    assert (post.summary, post.author, post.category) == ("In short.", "The clinic", "Advice")
    assert post.updated == datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert (post.status, post.visibility) == (Status.DRAFT, Visibility.PRIVATE)
    assert (post.url, post.language) == ("https://elsewhere.example/a", "en-GB")
    assert post.expires == datetime(2026, 9, 1, 4, tzinfo=UTC)
    assert post.review_by == date(2026, 6, 1)
    assert post.aliases == ("old-spine", "older-spine")


def test_the_site_gives_author_and_language_where_a_post_gives_none(shelf: Shelf) -> None:
    post = shelf.render("Text", "author: ~", "language:")
    assert (post.author, post.language) == ("The Larkfield team", "en")


def test_the_id_is_made_of_the_site_the_day_as_written_and_the_slug(shelf: Shelf) -> None:
    shelf.write("spine.md", "---\ntitle: A\ndate: 2026-03-01T23:30-08:00\n---\nText\n")
    assert shelf.one().id == "tag:larkfield.example,2026-03-01:spine"


def test_the_oldest_alias_keeps_the_id_of_a_renamed_post(shelf: Shelf) -> None:
    before = shelf.render("Text", "slug: one")
    after = shelf.render("Text", "slug: three", "aliases: [one, two]")
    assert after.id == before.id


def test_an_alias_that_is_the_slug_again_is_no_redirect(shelf: Shelf) -> None:
    post = shelf.render("Text", "slug: one", "aliases: [one, two]")
    assert post.aliases == ("two",)


def test_the_authority_of_an_id_is_as_rfc_4151_wants_it(shelf: Shelf) -> None:
    shelf.config = replace(shelf.config, site=replace(SITE, authority="Larkfield.Example"))
    assert shelf.render("Text").id == "tag:larkfield.example,2026-03-01:back"


@pytest.mark.parametrize(
    "line", ["canonical_url: https://a.example/x", "category: x", "status: draft", "tags: x"]
)
def test_nothing_but_date_and_slug_moves_an_id(shelf: Shelf, line: str) -> None:
    assert shelf.render("Text", line).id == shelf.render("Other text").id


@pytest.mark.parametrize(
    "identifier", ["urn:uuid:1", "https://a.example/?p=12", "tag:a.example,2020:x"]
)
def test_an_id_brought_along_is_kept_to_the_letter(shelf: Shelf, identifier: str) -> None:
    post = shelf.render("Text", f"id: '{identifier}'")
    assert (post.id, post.explicit_id) == (identifier, True)


def test_an_id_that_is_made_is_not_explicit(shelf: Shelf) -> None:
    assert not shelf.render("Text").explicit_id


def test_an_author_may_be_called_null(shelf: Shelf) -> None:
    assert shelf.render("Text", "author: Null").author == "Null"


def test_texts_over_several_lines_become_one(shelf: Shelf) -> None:
    post = shelf.render("Text", "summary: >", "  In", "  short.", "category: |", "  A", "  B")
    assert (post.summary, post.category) == ("In short.", "A B")


def test_comments_of_yaml_are_no_part_of_a_value(shelf: Shelf) -> None:
    assert shelf.render("Text", "status: draft # until it is checked").status is Status.DRAFT


def test_html_and_markdown_in_texts_stay_the_characters_they_are(shelf: Shelf) -> None:
    post = shelf.render("Text", "summary: 'a <b>b</b> *c* {{ d }} &amp;'")
    assert post.summary == "a <b>b</b> *c* {{ d }} &amp;"


@pytest.mark.parametrize("close", ["---", "--- \t", "..."])
def test_the_end_of_the_front_matter_may_be_written_as_yaml_does(shelf: Shelf, close: str) -> None:
    shelf.write("a.md", f"--- \ntitle: A\ndate: 2026-03-01\n{close}\nText")
    assert shelf.one().text == "Text"


def test_lines_are_counted_right_after_odd_line_breaks(shelf: Shelf) -> None:
    shelf.write("a.md", "---\ntitle: 'a\u2028b\x85c'\ndate: 2026-03-01\nstatus: x\n---\nText\n")
    assert shelf.faults() == ["posts/a.md:4: 'x' is no status"]


def test_a_line_break_in_a_title_becomes_a_space(shelf: Shelf) -> None:
    shelf.write(
        "a.md", '---\ntitle: "One\\r\\nBcc: two\\u2028three"\ndate: 2026-03-01\n---\nText\n'
    )
    assert shelf.one().title == "One Bcc: two three"


def test_characters_that_xml_forbids_and_slot_marks_vanish_however_they_are_written(
    shelf: Shelf,
) -> None:
    shelf.write(
        "a.md", '---\ntitle: "O\\0n\\uE000e\x07"\ndate: 2026-03-01\n---\nT\0e&#xE001;xt\x9f\n'
    )
    post = shelf.one()
    assert (post.title, post.text) == ("One", "Text")
    assert "\ue001" not in post.web_html + post.feed_html + post.email_html


def test_a_byte_order_mark_is_no_part_of_the_file(shelf: Shelf) -> None:
    shelf.write("a.md", b"\xef\xbb\xbf---\ntitle: A\ndate: 2026-03-01\n---\nText\n")
    assert shelf.one().title == "A"


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_any_line_end_will_do(shelf: Shelf, end: str) -> None:
    text = "---\ntitle: A\ndate: 2026-03-01\n---\nOne\n\nTwo\n"
    shelf.write("a.md", text.replace("\n", end))
    assert shelf.one().text == "One\n\nTwo"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_bytes_that_are_not_utf_8_are_named_with_their_line(shelf: Shelf, end: str) -> None:
    text = "---\ntitle: A\ndate: 2026-03-01\n---\ncaf\xe9\n".replace("\n", end)
    shelf.write("a.md", text.encode("latin-1"))
    assert shelf.faults() == ["posts/a.md:5: the byte 0xe9 is not UTF-8 text"]
    assert shelf.hints() == ["save the file as UTF-8"]


@pytest.mark.parametrize("text", ["", "# Heading\n", "\n---\ntitle: A\n---\n", "--- x\n"])
def test_a_file_without_front_matter_is_shown_a_minimal_one(shelf: Shelf, text: str) -> None:
    shelf.write("a.md", text)
    assert shelf.faults() == ["posts/a.md:1: has no front matter"]
    assert "title:" in shelf.hints()[0]


@pytest.mark.parametrize("text", ["---\ntitle: A\n", "---", "---\ntitle: A\n----\nText"])
def test_front_matter_without_an_end_is_a_fault(shelf: Shelf, text: str) -> None:
    shelf.write("a.md", text)
    assert shelf.faults() == ["posts/a.md:1: the front matter is never closed"]


def test_a_rule_in_the_body_is_no_fence(shelf: Shelf) -> None:
    assert shelf.render("One\n\n---\n\nTwo").text == "One\n\n* * *\n\nTwo"


def test_a_key_given_twice_names_both_lines(shelf: Shelf) -> None:
    shelf.add("Text", "tags: a", "tags: b")
    assert shelf.faults() == [f"{PLACE}:5: the key 'tags' stands on line 4 already"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("author: &a Someone", "&a is a YAML reference"),
        ("author: *a", "*a is a YAML reference"),
        (
            "author: !!python/name:os.system x",
            "tag:yaml.org,2002:python/name:os.system is a YAML tag",
        ),
        ("author: !x y", "!x is a YAML tag"),
        ("tags: [[[[[[deep]]]]]]", "the values are nested too deeply"),
        ("author: {name: x}", "'author' wants a text, not keys and values"),
        ("author: [a, b]", "'author' wants a text, not a list"),
        ("tags: {a: b}", "'tags' wants a text, not keys and values"),
        ("tags: [{a: b}]", "'tags' wants a text, not keys and values"),
        ("updated: tomorrow", "'tomorrow' is no date"),
        ("updated: 2026-02-30", "'2026-02-30' is no date"),
        ("updated: 0026-02-03", "'0026-02-03' is no date"),
        ("updated: 2026-02-03 09:00 EST", "'2026-02-03 09:00 EST' is no date"),
        ("updated: 2026-02-03 09:00+99:00", "'2026-02-03 09:00+99:00' is no date"),
        ("expires: 2026-03-01 09:00", "the post expires before its own date"),
        ("status: ready", "'ready' is no status"),
        ("audience: all", "'all' is no audience"),
        ("language: english!", "'english!' is no language tag"),
        ("language: en_US", "'en_US' is no language tag"),
        ("canonical_url: /a", "'/a' is no web address"),
        ("canonical_url: http://[a", "'http://[a' is no web address"),
        ("canonical_url: javascript:alert(1)", "'javascript:alert(1)' is no web address"),
        ("id: post 1", "'post 1' is no id that feeds can use"),
        ("slug: '!!!'", "'!!!' is no slug"),
        ("aliases: [/2024/Old/]", "'/2024/Old/' is no slug"),
        ("image_alt: A spine", "the image is missing"),
        ("image: {src: a.png, width: 3}", "'width' is no key of an image"),
        ("review_by: soon", "'soon' is no date"),
    ],
)
def test_a_fault_is_told_with_its_line(shelf: Shelf, line: str, fault: str) -> None:
    shelf.add("Text", line)
    assert f"{PLACE}:4: {fault}" in shelf.faults()


@pytest.mark.parametrize(
    ("key", "meant"),
    [("titel", "title"), ("Tag", "tags"), ("draft", "status"), ("description", "summary")],
)
def test_an_unknown_key_is_told_what_was_meant(shelf: Shelf, key: str, meant: str) -> None:
    shelf.add("Text", f"{key}: x")
    assert shelf.faults() == [f"{PLACE}:4: {key!r} is no key of a post"]
    assert shelf.hints() == [f"did you mean {meant!r}?"]


def test_an_unknown_key_like_no_other_is_told_all_there_are(shelf: Shelf) -> None:
    shelf.add("Text", "zzz: x")
    assert "canonical_url" in shelf.hints()[0]


def test_a_post_must_have_title_and_date(shelf: Shelf) -> None:
    shelf.write("a.md", "---\ntags: a\n---\nText\n")
    assert shelf.faults() == [
        "posts/a.md:1: the date is missing",
        "posts/a.md:1: the title is missing",
    ]


def test_an_empty_front_matter_lacks_both(shelf: Shelf) -> None:
    shelf.write("a.md", "---\n---\nText\n")
    assert len(shelf.faults()) == 2


@pytest.mark.parametrize("title", ["''", "'  '", '"\\u200b\\u3000"', "~", ""])
def test_a_title_needs_something_to_see(shelf: Shelf, title: str) -> None:
    shelf.write("a.md", f"---\ndate: 2026-03-01\ntitle: {title}\n---\nText\n")
    assert shelf.faults() == ["posts/a.md:3: the title is empty"]


def test_a_title_has_at_most_300_characters(shelf: Shelf) -> None:
    shelf.write("a.md", f"---\ntitle: {'x' * 301}\ndate: 2026-03-01\n---\nText\n")
    assert shelf.faults() == ["posts/a.md:2: the title has 301 characters, and 300 is the most"]


def test_a_title_with_a_colon_is_told_to_use_quotes(shelf: Shelf) -> None:
    shelf.write("a.md", "---\ndate: 2026-03-01\ntitle: Pain: what helps\n---\nText\n")
    assert shelf.faults()[0].startswith("posts/a.md:3: the front matter is no valid YAML")
    assert "quotes" in shelf.hints()[0]


@pytest.mark.parametrize("header", ["- a\n- b", "just words"])
def test_front_matter_must_be_keys(shelf: Shelf, header: str) -> None:
    shelf.write("a.md", f"---\n{header}\n---\nText\n")
    assert "posts/a.md:2: the front matter holds no keys" in shelf.faults()


def test_all_faults_of_all_posts_are_told_at_once_in_order(shelf: Shelf) -> None:
    shelf.write("b.md", "---\ntitle: B\ndate: x\nstatus: y\n---\n![](none.png)\n")
    shelf.write("a.md", "no front matter")
    assert shelf.faults() == [
        "posts/a.md:1: has no front matter",
        "posts/b.md:3: 'x' is no date",
        "posts/b.md:4: 'y' is no status",
        "posts/b.md:6: there is no image 'none.png'",
    ]


@pytest.mark.parametrize(
    "tag", ["de", "zh-Hant", "pt-BR", "sl-rozaj-biske", "de-CH-1996", "en-a-bbb-x-a", "es-419"]
)
def test_bcp_47_tags_pass(shelf: Shelf, tag: str) -> None:
    assert shelf.render("Text", f"language: {tag}").language == tag


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_quoted_text_comes_back_as_it_was(text: str) -> None:
    faults = Faults(Path("a.md"))
    quoted = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    )
    parts = split(decode(f'---\ntitle: "{quoted}"\n---\n'.encode(), faults) or "", faults)
    assert parts is not None
    table = parse(parts.header, faults)
    assert table is not None
    value = table.items["title"]
    assert isinstance(value, Text)
    assert one_line(value.value) == one_line(text)
    assert not faults.found


@given(st.binary() | st.text().map(str.encode))
def test_no_file_whatever_makes_the_reader_fail(data: bytes) -> None:
    for content in (data, b"---\n" + data + b"\n---\nText"):
        faults = Faults(Path("a.md"))
        text = decode(content, faults)
        parts = split(text, faults) if text is not None else None
        if text is None or parts is None:
            assert faults.found
        else:
            parse(parts.header, faults)
            assert all(error.line and error.line <= text.count("\n") + 1 for error in faults.found)


@pytest.mark.parametrize("key", ["title", "summary"])
def test_words_that_yaml_would_take_for_a_comment_are_not_lost_in_silence(
    shelf: Shelf, key: str
) -> None:
    head = {"title": "A tip", "date": "2026-03-02", key: "Our #1 tip"}
    lines = "\n".join(f"{name}: {value}" for name, value in head.items())
    shelf.write("tip.md", f"---\n{lines}\n---\nText.\n")

    with pytest.raises(ContentErrors, match=f"reads what follows ' #' in {key} as a comment"):
        shelf.one()


def test_a_hash_sign_within_quotes_or_a_word_and_a_comment_elsewhere_are_fine(
    shelf: Shelf,
) -> None:
    head = 'title: "Our #1 tip"\nsummary: C#\ndate: 2026-03-02  # a Monday'
    shelf.write("tip.md", f"---\n{head}\n---\nText.\n")

    post = shelf.one()

    assert (post.title, post.summary) == ("Our #1 tip", "C#")
