"""Publishing: what is written, what is left alone, what is removed, and what goes wrong."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest

from pipeline.config import Brand, Config, Feeds
from pipeline.content import Post
from pipeline.errors import ConfigError, PipelineError
from pipeline.feeds import Publication, publish, render
from tests.feeds.made import NOON, a_picture, a_post, an_edition

POST = "posts/back-pain/index.html"


def contents(out: Path) -> dict[str, bytes]:
    """Read everything that readers can see."""
    files = [file for file in out.rglob("*") if file.is_file() and file.name[0] != "."]
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in files}


def test_a_folder_holds_what_render_says(config: Config, out: Path) -> None:
    posts = [a_post(tags=("sleep",), aliases=("old",)), a_post("two", category="Care")]
    result = publish(posts, config, out / "deep" / "er", [an_edition()])
    wanted = render(posts, config, [an_edition()])
    assert contents(result.out) == {path: file.content() for path, file in wanted.items()}
    assert set(result.written) == set(wanted)
    assert (result.unchanged, result.removed, result.kept) == (0, (), ())


def test_the_feeds_are_named_whether_written_or_not(config: Config, out: Path) -> None:
    first = publish([a_post(tags=("sleep",))], config, out)
    assert first.feeds == (
        "atom.xml",
        "feed.json",
        "feed.xml",
        "tags/sleep/atom.xml",
        "tags/sleep/feed.json",
        "tags/sleep/feed.xml",
    )
    assert publish([a_post(tags=("sleep",))], config, out).feeds == first.feeds


def test_feeds_are_written_after_all_that_they_link_to(config: Config, out: Path) -> None:
    written = publish([a_post(tags=("sleep",))], config, out).written
    feeds = [path for path in written if path.endswith((".xml", ".json"))]
    assert list(written[-len(feeds) :]) == feeds


def test_not_even_the_record_is_written_when_nothing_changed(config: Config, out: Path) -> None:
    first = publish([a_post()], config, out)
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    second = publish([a_post()], config, out)
    assert (second.written, second.unchanged) == ((), len(first.written))
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_changed_post_changes_its_page_and_the_lists_and_feeds_it_is_in(
    config: Config, out: Path
) -> None:
    posts = [a_post("one", tags=("sleep",)), a_post("two", tags=("back",))]
    publish(posts, config, out)
    mended = replace(posts[0], web_html="<p>new</p>", feed_html="<p>new</p>")
    result = publish([mended, posts[1]], config, out)
    assert set(result.written) == {
        "posts/one/index.html",
        *("feed.xml", "atom.xml", "feed.json"),
        *("tags/sleep/feed.xml", "tags/sleep/atom.xml", "tags/sleep/feed.json"),
    }


@pytest.mark.parametrize("name", ["title", "summary", "author", "category", "language"])
def test_a_change_to_any_text_of_a_post_is_seen(name: str, config: Config, out: Path) -> None:
    publish([a_post()], config, out)
    assert POST in publish([a_post(**{name: "fr"})], config, out).written


def test_a_change_of_the_settings_is_seen(config: Config, out: Path) -> None:
    publish([a_post()], config, out)
    renamed = replace(config, site=replace(config.site, title="Another name"))
    assert POST in publish([a_post()], renamed, out).written
    shorter = replace(renamed, feeds=Feeds(length=0))
    assert set(publish([a_post()], shorter, out).written) == {"feed.xml", "atom.xml", "feed.json"}
    redder = replace(shorter, brand=Brand(accent="#a00"))
    assert "assets/site.css" in publish([a_post()], redder, out).written


def test_another_version_of_the_program_looks_at_everything_anew(
    config: Config, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish([a_post()], config, out)
    before = json.loads((out / ".published.json").read_bytes())["inputs"]
    monkeypatch.setattr("pipeline.__version__", "999")
    assert publish([a_post()], config, out).written == ()  # it says the same, so nothing moves
    assert json.loads((out / ".published.json").read_bytes())["inputs"] != before


@pytest.mark.parametrize("harm", ["deleted", "emptied", "altered", "linked", "made a folder's"])
def test_a_harmed_file_is_mended(harm: str, config: Config, out: Path, tmp_path: Path) -> None:
    publish([a_post()], config, out)
    file = out / POST
    whole = file.read_bytes()
    if harm == "emptied":
        file.write_bytes(b"")
    elif harm == "altered":
        file.write_bytes(whole.replace(b"About", b"aBOUT"))
        os.utime(file, ns=(0, 0))
    else:
        file.unlink()
    if harm == "linked":
        (tmp_path / "elsewhere").write_bytes(whole)
        file.symlink_to(tmp_path / "elsewhere")
    if harm == "made a folder's":
        file.parent.rmdir()
    assert publish([a_post()], config, out).written == (POST,)
    assert file.read_bytes() == whole
    assert not file.is_symlink()


def test_a_file_that_was_only_touched_is_not_written_again(config: Config, out: Path) -> None:
    publish([a_post()], config, out)
    os.utime(out / POST, ns=(0, 0))
    assert publish([a_post()], config, out).written == ()
    assert (out / POST).stat().st_mtime_ns == 0


def test_what_is_withdrawn_disappears_with_its_folders(config: Config, out: Path) -> None:
    publish([a_post(tags=("sleep",), aliases=("old",)), a_post("two")], config, out)
    result = publish([a_post("two")], config, out)
    assert POST in result.removed
    assert "posts/old/index.html" in result.removed
    assert "tags/sleep/feed.xml" in result.removed
    assert not (out / "tags").exists()
    assert [folder.name for folder in (out / "posts").iterdir()] == ["two"]
    assert feedparser.parse((out / "feed.xml").read_bytes()).entries[0].title == "Two"


def test_a_withdrawn_newsletter_takes_its_list_along(config: Config, out: Path) -> None:
    publish([], config, out, [an_edition()])
    publish([], config, out)
    assert not (out / "editions").exists()


def test_files_of_others_are_never_removed(config: Config, out: Path) -> None:
    publish([a_post(), a_post("two")], config, out)
    mine = ["robots.txt", "posts/back-pain/notes.txt", "tags/by-hand/index.html"]
    for path in mine:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text("mine")
    publish([], config, out)
    assert {path: contents(out)[path] for path in mine} == dict.fromkeys(mine, b"mine")
    assert not (out / POST).exists()


def test_a_withdrawn_page_that_someone_rewrote_is_kept_and_told_each_time(
    config: Config, out: Path
) -> None:
    publish([a_post()], config, out)
    (out / POST).write_text("rewritten by hand")
    for _ in range(2):
        result = publish([], config, out)
        assert result.kept == (POST,)
        assert (out / POST).read_text() == "rewritten by hand"
    (out / POST).unlink()
    assert publish([], config, out).kept == ()


def test_a_file_that_is_there_already_with_the_same_words_is_adopted(
    config: Config, out: Path
) -> None:
    publish([a_post()], config, out)
    (out / ".published.json").unlink()
    result = publish([a_post()], config, out)
    assert result.written == ()
    assert POST in publish([], config, out).removed


@pytest.mark.parametrize("path", ["index.html", POST, "posts/back-pain/spine.png"])
def test_a_file_of_somebody_else_is_named_and_never_overwritten(
    path: str, config: Config, out: Path, picture_file: Path
) -> None:
    (out / path).parent.mkdir(parents=True)
    (out / path).write_text("mine")
    for _ in range(2):
        with pytest.raises(PipelineError, match="is not ours to overwrite") as caught:
            publish([a_post(images=(a_picture(picture_file),))], config, out)
        assert str(out / path) in str(caught.value)
        assert "move it away" in caught.value.hint
        assert contents(out) == {path: b"mine"}


def test_a_link_of_somebody_else_is_not_replaced(config: Config, out: Path, tmp_path: Path) -> None:
    out.mkdir()
    (out / "feed.xml").symlink_to(tmp_path / "their-feed.xml")
    with pytest.raises(PipelineError, match=r"feed\.xml: this file is not ours"):
        publish([a_post()], config, out)
    assert (out / "feed.xml").readlink() == tmp_path / "their-feed.xml"


def test_a_new_post_does_not_take_the_place_of_a_page_made_by_hand(
    config: Config, out: Path
) -> None:
    publish([], config, out)
    (out / POST).parent.mkdir(parents=True)
    (out / POST).write_text("mine")
    with pytest.raises(PipelineError, match="is not ours"):
        publish([a_post()], config, out)
    publish([], config, out)
    assert (out / POST).read_text() == "mine"


def test_pictures_and_logos_are_copied(config: Config, out: Path, picture_file: Path) -> None:
    for name in ("day.png", "night.png"):
        (config.root / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (config.root / "images" / name).write_bytes(name.encode())
    brand = Brand(logo="images/day.png", logo_dark="images/night.png")
    lead, far = a_picture(picture_file), a_picture(name="far.png")
    publish([a_post(image=lead, images=(lead, far))], replace(config, brand=brand), out)
    assert (out / "posts/back-pain/spine.png").read_bytes() == picture_file.read_bytes()
    assert (out / "assets/day.png").read_bytes() == b"day.png"
    assert (out / "assets/night.png").read_bytes() == b"night.png"


def test_a_picture_that_changed_is_copied_again(
    config: Config, out: Path, picture_file: Path
) -> None:
    post = a_post(images=(a_picture(picture_file),))
    publish([post], config, out)
    picture_file.write_bytes(b"a better picture")
    assert publish([post], config, out).written == ("posts/back-pain/spine.png",)
    assert (out / "posts/back-pain/spine.png").read_bytes() == b"a better picture"


def test_a_missing_picture_is_named_before_anything_is_written(
    config: Config, out: Path, tmp_path: Path
) -> None:
    picture = replace(a_picture(), source=tmp_path / "gone.png", target="posts/back-pain/gone.png")
    with pytest.raises(PipelineError, match=r"gone\.png: the picture cannot be read") as caught:
        publish([a_post(images=(picture,))], config, out)
    assert "put it back" in caught.value.hint
    assert not out.exists()


def test_two_logos_of_one_file_name_are_refused(config: Config, out: Path) -> None:
    brand = Brand(logo="day/logo.png", logo_dark="night/logo.png")
    with pytest.raises(ConfigError, match=r"brand\.logo_dark"):
        publish([], replace(config, brand=brand), out)


def test_one_logo_for_light_and_dark_is_fine(config: Config) -> None:
    brand = Brand(logo="logo.png", logo_dark="logo.png")
    assert "assets/logo.png" in render([], replace(config, brand=brand))


@pytest.mark.parametrize("slug", ["../escape", "..", "", "a//b"])
def test_nothing_is_written_outside_the_folder(slug: str, config: Config, out: Path) -> None:
    with pytest.raises(PipelineError, match="outside the published site"):
        publish([a_post(slug)], config, out)
    assert contents(out.parent) == {}


def test_a_file_in_the_place_of_the_folder_is_a_clear_error(config: Config, out: Path) -> None:
    out.write_text("a file")
    with pytest.raises(PipelineError, match=r"public: cannot be written: File exists") as caught:
        publish([a_post()], config, out)
    assert "folder of its own" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_a_clear_error(config: Config, out: Path) -> None:
    out.write_text("a file")
    with pytest.raises(PipelineError, match="cannot be written: Not a directory"):
        publish([a_post()], config, out / "below")


def test_a_folder_in_the_place_of_a_page_is_a_clear_error_and_leaves_no_litter(
    config: Config, out: Path
) -> None:
    (out / POST / "taken").mkdir(parents=True)
    with pytest.raises(PipelineError, match="cannot be written: Is a directory"):
        publish([a_post()], config, out)
    assert [path.name for path in (out / POST).parent.iterdir()] == ["index.html"]


def test_after_a_failure_the_next_publication_knows_what_the_first_wrote(
    config: Config, out: Path
) -> None:
    (out / "feed.xml" / "taken").mkdir(parents=True)
    with pytest.raises(PipelineError):
        publish([a_post()], config, out)
    assert (out / POST).exists()
    (out / "feed.xml" / "taken").rmdir()
    (out / "feed.xml").rmdir()
    assert POST in publish([], config, out).removed
    assert not (out / POST).exists()


@pytest.mark.parametrize("record", ["", "{", "[]", '{"inputs": ""}', '{"inputs": "", "files": 3}'])
def test_a_damaged_record_stops_everything(record: str, config: Config, out: Path) -> None:
    publish([a_post()], config, out)
    (out / ".published.json").write_text(record)
    with pytest.raises(PipelineError, match="the record of what was published") as caught:
        publish([], config, out)
    assert "restore it" in caught.value.hint
    assert (out / POST).exists()


def test_published_files_can_be_read_by_a_web_server(config: Config, out: Path) -> None:
    before = os.umask(0o022)
    try:
        publish([a_post()], config, out)
    finally:
        os.umask(before)
    assert {file.stat().st_mode & 0o777 for file in (out / POST, out / "feed.xml")} == {0o644}


def test_no_temporary_file_stays(config: Config, out: Path) -> None:
    publish([a_post()], config, out)
    hidden = [file.name for file in out.rglob(".*")]
    assert sorted(hidden) == [".published.json", ".published.lock"]


def publishing(posts: list[list[Post]], config: Config, out: Path) -> Iterator[threading.Thread]:
    for each in posts:
        yield threading.Thread(target=lambda each=each: publish(each, config, out))


def test_publishers_of_one_folder_take_turns(config: Config, out: Path) -> None:
    few = [a_post("one")]
    more = [*few, *(a_post(f"post-{n}", date=NOON - timedelta(days=n)) for n in range(30))]
    threads = list(publishing([few, more] * 4, config, out))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {path: len(content) for path, content in contents(out).items()}
    ends = [
        {path: len(file.content()) for path, file in render(posts, config).items()}
        for posts in (few, more)
    ]
    assert found in ends


def test_a_publication_is_a_value(config: Config, out: Path) -> None:
    assert publish([], config, out) != publish([], config, out)
    assert isinstance(hash(publish([], config, out)), int)
    assert isinstance(publish([], config, out), Publication)
