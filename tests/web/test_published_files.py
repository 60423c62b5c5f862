"""Which file a path means, and that none outside the folder is ever meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web import published_files
from pipeline.web.published_files import PublishedFiles, folder_path, read_path


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        (b"/", ("index.html",)),
        (b"/feed.xml", ("feed.xml",)),
        (b"/posts/x", ("posts", "x")),
        (b"/posts/x/", ("posts", "x", "index.html")),
        (b"/tags/caf%C3%A9/", ("tags", "café", "index.html")),
        (b"/a%2Eb", ("a.b",)),
        (b"/a%252fb", ("a%2fb",)),  # decoded once, and not again
    ],
)
def test_a_path_names_a_file_by_its_segments(path: bytes, segments: tuple[str, ...]) -> None:
    assert read_path(path) == segments


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"*",
        b"//evil.example",
        b"//evil.example/",
        b"/posts//x",
        b"/\\evil.example",
        b"/%5Cevil.example",
        b"/%2Fevil.example",
        b"/posts%2Fx",
        b"/..",
        b"/../secret.key",
        b"/posts/../../secret.key",
        b"/%2e%2e/secret.key",
        b"/..%2fsecret.key",
        b"/.published.json",
        b"/%2Epublished.json",
        b"/posts/.hidden/",
        b"/./feed.xml",
        b"/feed.xml%00.html",
        b"/%ff",
        b"/%c0%ae%c0%ae/",
        b"http://elsewhere.example/feed.xml",
    ],
)
def test_a_path_that_leaves_the_folder_or_hides_names_nothing(path: bytes) -> None:
    assert read_path(path) is None


@given(st.binary(max_size=60).map(lambda path: b"/" + path))
def test_no_path_gives_a_segment_that_could_lead_elsewhere(path: bytes) -> None:
    for segment in read_path(path) or ():
        assert segment not in ("", ".", "..")
        assert not set(segment) & set("/\\\0")


@given(st.binary(max_size=60).map(lambda path: b"/" + path))
def test_a_redirect_stays_on_this_host_and_leads_where_it_came_from(path: bytes) -> None:
    segments = read_path(path)
    if segments:
        location = folder_path(segments)
        assert location.isascii()
        assert location.isprintable()
        assert not location.startswith(("//", "/\\"))
        assert read_path(location.encode()) == (*segments, "index.html")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "published"
    (made / "posts" / "x").mkdir(parents=True)
    (made / "posts" / "x" / "index.html").write_text("a post")
    (tmp_path / "secret.key").write_text("secret")
    return made


def test_a_regular_file_is_found(folder: Path) -> None:
    found = PublishedFiles(folder).find(("posts", "x", "index.html"))

    assert found is not None
    assert found.read_text() == "a post"


def test_a_folder_is_no_file(folder: Path) -> None:
    assert PublishedFiles(folder).find(("posts", "x")) is None


def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "key.txt").symlink_to(folder.parent / "secret.key")
    (folder / "up").symlink_to(folder.parent)

    assert PublishedFiles(folder).find(("key.txt",)) is None
    assert PublishedFiles(folder).find(("up", "secret.key")) is None


def test_a_link_to_a_hidden_file_is_not_followed(folder: Path) -> None:
    (folder / ".published.json").write_text("{}")
    (folder / "list.json").symlink_to(".published.json")

    assert PublishedFiles(folder).find(("list.json",)) is None


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "latest").symlink_to(folder / "posts" / "x")

    assert PublishedFiles(folder).find(("latest", "index.html"))


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    (folder.parent / "current").symlink_to(folder)

    assert PublishedFiles(folder.parent / "current").find(("posts", "x", "index.html"))


def test_a_pipe_is_no_file_and_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.html")

    assert PublishedFiles(folder).find(("pipe.html",)) is None


@pytest.mark.parametrize("segments", [("a" * 5000,), ("feed.xml", "x"), ("a\ud800",)])
def test_a_name_that_no_file_can_have_is_not_found(folder: Path, segments: tuple[str, ...]) -> None:
    (folder / "feed.xml").touch()

    assert PublishedFiles(folder).find(segments) is None


def tag(files: PublishedFiles, file: Path) -> str:
    with files.opened(file) as stored:
        stored.read()
        return stored.tag


def test_a_tag_is_the_same_for_the_same_bytes_at_any_time_and_place(folder: Path) -> None:
    one, other = folder / "one.xml", folder / "other.xml"
    one.write_text("same")
    other.write_text("same")
    os.utime(other, (0, 0))

    assert tag(PublishedFiles(folder), one) == tag(PublishedFiles(folder), other)


def test_a_file_written_anew_has_a_new_tag_and_its_new_content(folder: Path) -> None:
    files, file = PublishedFiles(folder), folder / "feed.xml"
    file.write_text("old")
    before = tag(files, file)
    state = file.stat()
    draft = folder / ".draft"
    draft.write_text("new")  # as long as the old one, and made to look as old
    os.utime(draft, ns=(state.st_atime_ns, state.st_mtime_ns))
    draft.replace(file)

    with files.opened(file) as stored:
        assert stored.tag != before
        assert stored.read() == b"new"


def test_a_file_that_is_replaced_while_open_keeps_tag_and_content_together(folder: Path) -> None:
    files, file = PublishedFiles(folder), folder / "feed.xml"
    file.write_text("old")
    before = tag(files, file)

    with files.opened(file) as stored:
        (folder / ".draft").write_text("new")
        (folder / ".draft").replace(file)

        assert (stored.tag, stored.read()) == (before, b"old")


def test_a_known_file_is_read_whole_again(folder: Path) -> None:
    files, file = PublishedFiles(folder), folder / "posts" / "x" / "index.html"
    tag(files, file)

    with files.opened(file) as stored:
        assert stored.read() == b"a post"


def test_a_file_dated_in_the_future_is_not_said_to_be(folder: Path) -> None:
    file = folder / "feed.xml"
    file.touch()
    os.utime(file, (2**33, 2**33))

    with PublishedFiles(folder).opened(file) as stored:
        assert stored.modified_at.timestamp() < 2**33


def test_only_so_many_tags_are_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_files, "REMEMBERED", 2)
    files = PublishedFiles(folder)
    for name in "abcd":
        (folder / name).write_text(name)
        tag(files, folder / name)

    assert len(files._tags) == 2
