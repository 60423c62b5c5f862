from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.content.slug import make_slug, slug_in_url, slug_of_file
from tests.support.shelf import Shelf

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Back Pain: what helps?", "back-pain-what-helps"),
        ("Über Rücken & Straße", "uber-rucken-strasse"),
        ("Ærø œuvre Łódź", "aero-oeuvre-lodz"),
        ("don't -- stop", "dont-stop"),
        ("\uff26\uff35ll ① ²", "full-1-2"),
        ("q̃ İzmir", "q-izmir"),
        ("腰痛 Q&A", "腰痛-q-a"),
        ("Боль в спине", "боль-в-спине"),
        ("दर्द", "दर्द"),
        ("ΟΔΟΣ", "οδοσ"),
        ("🦴!", ""),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_text_folds_to_a_slug(text: str, slug: str) -> None:
    assert make_slug(text) == slug


@pytest.mark.parametrize(
    ("file", "slug"),
    [
        ("2026-03-08-back-pain.md", "back-pain"),
        ("back-pain.md", "back-pain"),
        ("2026/Deep Dive.md", "deep-dive"),
        ("2026-03-08.md", "2026-03-08"),
        ("2026-03-08-.md", "2026-03-08"),
        ("2026-03-08-back-pain/index.md", "back-pain"),
        ("index.md", "index"),
        ("腰痛.md", "腰痛"),
        ("v1.2.md", "v1-2"),
    ],
)
def test_a_file_name_gives_a_slug_without_date_and_suffix(file: str, slug: str) -> None:
    assert slug_of_file(PurePosixPath(file)) == slug


def test_a_name_without_letters_still_gives_a_slug_that_stays(shelf: Shelf) -> None:
    shelf.add(name="🦴.md")
    slug = shelf.one().slug
    assert re.fullmatch("post-[0-9a-f]{8}", slug)
    assert slug == slug_of_file(PurePosixPath("🦴.md"))
    assert slug != slug_of_file(PurePosixPath("🦷.md"))


def test_composed_and_decomposed_file_names_are_one_slug() -> None:
    assert make_slug("\u0438\u0306") == make_slug("\u0439") == "\u0439"


def test_other_scripts_are_percent_encoded_in_addresses_and_ids(shelf: Shelf) -> None:
    shelf.add(name="腰痛.md")
    post = shelf.one()
    assert post.url == "https://larkfield.example/posts/%E8%85%B0%E7%97%9B/"
    assert post.id == "tag:larkfield.example,2026-03-01:%E8%85%B0%E7%97%9B"


def test_an_explicit_slug_is_folded_by_the_same_rules(shelf: Shelf) -> None:
    assert shelf.render("Text", "slug: My Über Post").slug == "my-uber-post"


@given(TEXTS)
def test_a_slug_goes_through_unchanged(text: str) -> None:
    slug = make_slug(text)
    assert make_slug(slug) == slug


@given(TEXTS)
def test_a_slug_is_safe_as_a_folder_and_in_an_address(text: str) -> None:
    slug = make_slug(text)
    assert not re.search(r"[\s/\\.%?#&<>\"'A-Z_]", slug)
    assert not slug.startswith("-")
    assert not slug.endswith("-")
    assert len(slug.encode()) <= 180
    assert unquote(slug_in_url(slug)) == slug
    assert slug_in_url(slug).isascii()


@given(TEXTS.filter(lambda text: text.strip(". /\0") != ""))
def test_every_file_name_has_a_slug(text: str) -> None:
    assert slug_of_file(PurePosixPath(text.replace("/", "").replace("\0", "") + "x.md"))
