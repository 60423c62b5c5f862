from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from pipeline.errors import ContentError
from pipeline.pasted.document import to_markdown
from pipeline.pasted.file import LARGEST, read_document, write_post
from tests.pasted.reader import paste

TEXT = "Rücken \u201cschmerz\u201d \u2013 was hilft"
POST = paste(f"Nerve blocks\nNov 30, 2023\n\n{TEXT}, und was nicht.")


def save(folder: Path, data: bytes | str, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("windows-1252"),
    ],
)
def test_text_is_decoded_whatever_program_saved_it(data: bytes, tmp_path: Path) -> None:
    assert read_document(save(tmp_path, data)) == (TEXT, False)


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("iso-8859-2", "iso-8859-2"), ("ISO-8859-1", "windows-1252"), ("no-such", "windows-1252")],
)
def test_a_page_is_decoded_as_it_declares(charset: str, encoding: str, tmp_path: Path) -> None:
    page = f"<meta http-equiv=Content-Type content='text/html; charset={charset}'><p>Rücken</p>"
    assert read_document(save(tmp_path, page.encode(encoding))) == (page, True)


@pytest.mark.parametrize(
    ("name", "text", "html"),
    [
        ("a.html", "just words", True),
        ("a.HTM", "just words", True),
        ("a.txt", "  <!DOCTYPE html><p>x", True),
        ("a.txt", "<?xml version='1.0'?><html>x</html>", True),
        ("a.txt", "<!-- saved --><body>x", True),
        ("a", "<p class='x'>words</p>", True),
        ("a.txt", "1 < 2 and <b>that</b> is text", False),
        ("a.txt", "<5 mg is little", False),
        ("a.txt", "<person@larkfield.example> wrote", False),
    ],
)
def test_html_is_known_by_suffix_or_by_its_start(
    name: str,
    text: str,
    html: bool,  # noqa: FBT001 - what is expected
    tmp_path: Path,
) -> None:
    assert read_document(save(tmp_path, text, name))[1] is html


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        (b"PK\x03\x04rest", "a word processor's file"),
        (b"\xd0\xcf\x11\xe0rest", "an old Word file"),
        (b"{\\rtf1 text}", "a rich text file"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no text"),
        (b"text\x00with nul", "no text"),
        (b"caf\xe9 \x81\x8d", "cannot be decoded"),
        (codecs.BOM_UTF16_LE + b"a", "cannot be decoded"),
        (b"a" * (LARGEST + 1), "larger than 5,000,000 octets"),
    ],
)
def test_what_is_no_document_is_refused_with_the_mend(
    data: bytes, message: str, tmp_path: Path
) -> None:
    path = save(tmp_path, data)
    with pytest.raises(ContentError, match=message) as caught:
        read_document(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_document_of_the_largest_size_is_read(tmp_path: Path) -> None:
    text, _ = read_document(save(tmp_path, b"a" * LARGEST))
    assert len(text) == LARGEST


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read") as caught:
        read_document(tmp_path / name)
    assert caught.value.hint


def test_a_post_is_written_under_its_day_and_its_name(tmp_path: Path) -> None:
    path = write_post(to_markdown(POST), POST, tmp_path)
    assert path == tmp_path / "2023-11-30-nerve-blocks.md"
    assert path.read_text(encoding="utf-8") == to_markdown(POST)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_post_never_replaces_another(tmp_path: Path) -> None:
    path = save(tmp_path, "mine", "2023-11-30-nerve-blocks.md")
    with pytest.raises(ContentError, match="is there already") as caught:
        write_post(to_markdown(POST), POST, tmp_path)
    assert path.read_text() == "mine"
    assert "Rename or remove" in caught.value.hint
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "2023-11-30-nerve-blocks.md").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ContentError, match="is there already"):
        write_post(to_markdown(POST), POST, tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be written") as caught:
        write_post(to_markdown(POST), POST, tmp_path / "posts")
    assert "posts folder" in caught.value.hint


def test_a_title_without_letters_still_gives_a_name(tmp_path: Path) -> None:
    post = paste("???\nNov 30, 2023\n\nWords that say something about it.")
    assert write_post(to_markdown(post), post, tmp_path).name == "2023-11-30-post.md"
