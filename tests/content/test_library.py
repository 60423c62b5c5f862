from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.content import KnownPost, Post, keep_identities, published, read_posts
from pipeline.errors import ContentErrors
from tests.support.shelf import Shelf

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def dated(shelf: Shelf, name: str, date: str, *lines: str) -> None:
    head = "\n".join((f"title: {name}", f"date: {date}", *lines))
    shelf.write(name, f"---\n{head}\n---\nText\n")


def test_posts_are_read_from_all_folders_newest_first(shelf: Shelf) -> None:
    dated(shelf, "b.md", "2026-03-01")
    dated(shelf, "deep/er/c.MD", "2026-03-02")
    dated(shelf, "a.md", "2026-03-01")
    assert [post.slug for post in shelf.read()] == ["c", "a", "b"]


@pytest.mark.parametrize("name", [".draft.md", ".git/x.md", "README.md", "a/readme.md", "x.txt"])
def test_hidden_files_and_readmes_are_no_posts(shelf: Shelf, name: str) -> None:
    shelf.write(name, "no post")
    assert shelf.read() == ()


def test_a_site_without_posts_folder_is_told_so(shelf: Shelf) -> None:
    shelf.posts.rmdir()
    assert shelf.faults() == ["posts: there is no such folder"]


def test_the_posts_folder_may_be_a_link(shelf: Shelf, tmp_path: Path) -> None:
    shelf.posts.rename(tmp_path / "elsewhere")
    shelf.posts.symlink_to(tmp_path / "elsewhere")
    shelf.picture("x.png")
    assert shelf.render("![x](x.png)").images[0].width == 40


def test_a_link_to_a_file_outside_the_site_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("---\ntitle: A\ndate: 2026-03-01\n---\nText\n")
    (shelf.posts / "a.md").symlink_to(tmp_path / "secret")
    assert shelf.faults() == ["posts/a.md: is a link to a file outside the site's folder"]


def test_a_link_to_a_folder_is_a_fault_and_no_silent_gap(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (shelf.posts / "more").symlink_to(tmp_path / "elsewhere")
    assert shelf.faults() == ["posts/more: is a link to a folder, and those are not followed"]


def test_a_link_to_nowhere_is_a_fault(shelf: Shelf) -> None:
    (shelf.posts / "a.md").symlink_to(shelf.posts / "gone")
    assert "posts/a.md: cannot be read" in shelf.faults()[0]


def test_a_file_of_more_than_five_million_octets_is_refused(shelf: Shelf) -> None:
    shelf.write("a.md", b"x" * 5_000_001)
    assert shelf.faults() == ["posts/a.md: has 5,000,001 octets, and 5,000,000 is the most"]


def test_a_large_post_is_read_whole(shelf: Shelf) -> None:
    assert shelf.render("word " * 20_000).word_count == 20_000


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        ("slug: x", "slug: x", "posts/b.md:4: has the slug 'x', and so has posts/a.md"),
        ("id: urn:x:1", "id: urn:x:1", "posts/b.md:4: has the id 'urn:x:1', and so has posts/a.md"),
        ("aliases: [b]", "", "posts/a.md:4: has the alias 'b', which is the slug of posts/b.md"),
        (
            "aliases: [x]",
            "aliases: [x]",
            "posts/b.md:4: has the alias 'x', which is the alias of posts/a.md",
        ),
    ],
)
def test_a_name_belongs_to_one_post(shelf: Shelf, first: str, second: str, fault: str) -> None:
    dated(shelf, "a.md", "2026-03-01", first)
    dated(shelf, "b.md", "2026-03-02", second)
    for _ in range(2):  # the second time from the cache
        assert [text.replace(f"{shelf.config.root}/", "") for text in shelf.faults()] == [fault]


def test_drafts_future_and_expired_posts_are_read_and_not_published(shelf: Shelf) -> None:
    dated(shelf, "draft.md", "2026-03-01", "status: draft")
    dated(shelf, "future.md", "2026-03-11")
    dated(shelf, "expired.md", "2026-03-01", "expires: 2026-03-05")
    dated(shelf, "out.md", "2026-03-01")
    posts = shelf.read()
    assert len(posts) == 4
    assert [post.slug for post in published(posts, NOW)] == ["out"]


def test_a_post_is_out_from_its_very_instant(shelf: Shelf) -> None:
    dated(shelf, "a.md", "2026-03-10T00:00Z")
    posts = shelf.read()
    assert published(posts, NOW) == posts
    assert published(posts, NOW - timedelta(seconds=1)) == ()


def test_private_posts_are_given_only_to_those_who_ask(shelf: Shelf) -> None:
    dated(shelf, "a.md", "2026-03-01", "audience: private")
    posts = shelf.read()
    assert published(posts, NOW) == ()
    assert published(posts, NOW, private=True) == posts


@pytest.fixture
def full(shelf: Shelf) -> Shelf:
    shelf.picture("spine.png")
    dated(shelf, "other.md", "2026-02-01", "aliases: [older]", "review_by: 2026-09-01")
    shelf.add(
        "![x](spine.png) [o](other.md) *a*[^1]\n\n[^1]: n",
        "image: {src: spine.png, alt: A}",
        "tags: [a, b]",
        "updated: 2026-03-02T10:00+02:00",
        "expires: 2026-09-01",
    )
    return shelf


def cache_file(shelf: Shelf) -> Path:
    return shelf.config.var / "cache" / "posts.msgpack"


def marked(posts: tuple[Post, ...]) -> bool:
    return any("*** cached ***" in post.text for post in posts)


def mark_cache(shelf: Shelf) -> None:
    """Change a word in the cache, so that what comes from it can be told."""
    data = cache_file(shelf).read_bytes()
    assert b"TextTextTextTe" in data
    cache_file(shelf).write_bytes(data.replace(b"TextTextTextTe", b"*** cached ***"))


@pytest.fixture
def cached(full: Shelf) -> Shelf:
    full.write(
        "long.md",
        "---\ntitle: A\ndate: 2026-01-01\n---\nTextTextTextTe [o](other.md) ![x](spine.png)\n",
    )
    full.read()
    mark_cache(full)
    assert marked(full.read())
    return full


def test_a_post_from_the_cache_equals_a_fresh_one(full: Shelf) -> None:
    fresh = full.read()
    assert cache_file(full).exists()
    again = full.read()
    assert again == fresh
    assert [repr(post) for post in again] == [repr(post) for post in fresh]


def test_the_cache_holds_when_the_site_is_named_by_another_path(
    cached: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cached.config.root)
    posts = read_posts(replace(cached.config, root=Path()))
    assert marked(posts)
    assert {str(post.path) for post in posts} == {
        "posts/2026-03-01-back.md",
        "posts/long.md",
        "posts/other.md",
    }
    assert {image.source for post in posts for image in post.images} == {Path("posts/spine.png")}


def test_a_changed_file_is_read_anew(cached: Shelf) -> None:
    file = cached.posts / "long.md"
    file.write_text(file.read_text().replace("title: A", "title: B"))
    assert not marked(cached.read())


def test_a_changed_picture_is_measured_anew(cached: Shelf) -> None:
    cached.picture("spine.png", (80, 30))
    posts = cached.read()
    assert not marked(posts)
    assert {image.width for post in posts for image in post.images} == {80}


def test_a_removed_picture_is_missed_at_once(cached: Shelf) -> None:
    (cached.posts / "spine.png").unlink()
    assert len(cached.faults()) == 3


def test_a_post_follows_another_that_it_links_to(cached: Shelf) -> None:
    dated(cached, "other.md", "2026-02-01", "slug: moved")
    posts = cached.read()
    assert not marked(posts)
    assert all("/posts/other/" not in post.web_html for post in posts)
    assert sum("/posts/moved/" in post.web_html for post in posts) == 2


def test_a_post_that_another_links_to_is_missed_when_it_goes(cached: Shelf) -> None:
    (cached.posts / "other.md").unlink()
    assert len(cached.faults()) == 2


def test_a_removed_post_is_gone(cached: Shelf) -> None:
    (cached.posts / "long.md").unlink()
    assert len(cached.read()) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example"},
        {"timezone": "UTC"},
        {"author": "Someone"},
        {"language": "de"},
        {"authority": "other.example"},
    ],
)
def test_another_configuration_makes_other_posts(cached: Shelf, change: dict[str, str]) -> None:
    site = replace(cached.config.site, **change)
    assert not marked(read_posts(replace(cached.config, site=site)))


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\n\x80"])
def test_a_foreign_cache_is_as_good_as_none(full: Shelf, content: bytes) -> None:
    fresh = full.read()
    cache_file(full).write_bytes(content)
    assert full.read() == fresh


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_half_a_cache_is_as_good_as_none(full: Shelf, keep: float) -> None:
    fresh = full.read()
    data = cache_file(full).read_bytes()
    cache_file(full).write_bytes(data[: int(len(data) * keep)])
    assert full.read() == fresh


def test_one_bad_post_does_not_make_the_good_ones_be_rendered_again(cached: Shelf) -> None:
    bad = cached.write("bad.md", "bad")
    cached.faults()
    bad.unlink()
    assert marked(cached.read())


def test_a_cache_that_cannot_be_written_costs_time_alone(full: Shelf) -> None:
    fresh = full.read()
    cache_file(full).unlink()
    cache_file(full).parent.rmdir()
    (full.config.var / "cache").write_text("in the way")
    assert full.read() == fresh


def test_two_readers_at_once_do_not_spoil_each_others_cache(full: Shelf) -> None:
    fresh = full.read()
    cache_file(full).unlink()
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(full.read) for _ in range(8)]
    assert all(result.result() == fresh for result in results)
    assert full.read() == fresh
    assert [file.name for file in cache_file(full).parent.iterdir()] == ["posts.msgpack"]


def test_a_file_that_is_moved_within_the_folder_is_read_from_its_new_place(cached: Shelf) -> None:
    (cached.posts / "long.md").rename(cached.posts / "renamed.md")
    assert {post.slug for post in cached.read()} == {"back", "other", "renamed"}


def test_faults_come_back_each_time_until_they_are_mended(full: Shelf) -> None:
    file = full.write("bad.md", "bad")
    assert full.faults() == full.faults() == ["posts/bad.md:1: has no front matter"]
    file.write_text("---\ntitle: Good\ndate: 2026-03-01\n---\nText\n")
    assert len(full.read()) == 3


def test_the_error_points_at_its_first_fault(shelf: Shelf) -> None:
    dated(shelf, "b.md", "never")
    dated(shelf, "a.md", "2026-03-01", "status: x")
    with pytest.raises(ContentErrors) as caught:
        shelf.read()
    assert (caught.value.path, caught.value.line) == (shelf.posts / "a.md", 4)
    assert str(caught.value).count("\n") == 1
    assert caught.value.hint == "write draft or published"


def test_a_link_to_a_broken_post_is_no_second_fault(shelf: Shelf) -> None:
    shelf.add("[x](bad.md)")
    shelf.write("bad.md", b"\xff")
    assert shelf.faults() == ["posts/bad.md:1: the byte 0xff is not UTF-8 text"]


def test_posts_may_link_to_each_other_and_to_themselves(shelf: Shelf) -> None:
    shelf.add("[b](b.md) [a](a.md)", name="a.md")
    shelf.add("[a](a.md)", "slug: other", name="b.md")
    first = shelf.read()
    assert first == shelf.read()
    assert "/posts/other/" in next(post for post in first if post.slug == "a").web_html


def test_a_renamed_file_keeps_its_id_from_one_reading_to_the_next(shelf: Shelf) -> None:
    file = shelf.add(" ".join(f"word{number}" for number in range(50)), name="old-name.md")
    before = shelf.one()
    known = [KnownPost(before.id, before.slug, before.title, before.date, before.text)]
    file.rename(shelf.posts / "new-name.md")
    (after,), (rename,) = keep_identities(shelf.read(), known)
    assert (after.id, after.slug) == (before.id, "new-name")
    assert (rename.old_slug, rename.new_slug) == ("old-name", "new-name")
    text = (shelf.posts / "new-name.md").read_text()
    shelf.write("new-name.md", text.replace("date:", "aliases: [old-name]\ndate:"))
    assert shelf.one().id == before.id
    assert keep_identities(shelf.read(), known)[1] == ()


def test_no_half_written_file_is_left_beside_the_cache(full: Shelf) -> None:
    full.read()
    assert [file.name for file in cache_file(full).parent.iterdir()] == ["posts.msgpack"]
