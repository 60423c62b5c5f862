"""Golden files compare bytes, say what differs, and are written only when asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden import LONGEST_DIFFERENCE, Golden, difference

compare = Golden(renewing=False)
renew = Golden(renewing=True)


def test_the_same_bytes_pass(tmp_path: Path) -> None:
    kept = tmp_path / "feed.xml"
    kept.write_bytes(b"<rss/>\n")

    compare(kept, b"<rss/>\n")


def test_another_line_ending_is_a_difference(tmp_path: Path) -> None:
    kept = tmp_path / "mail.eml"
    kept.write_bytes(b"one\r\n")

    with pytest.raises(pytest.fail.Exception, match=r"-one\\r\\n\n\+one\\n\n.*make golden"):
        compare(kept, b"one\n")


def test_a_missing_file_fails_and_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="make golden"):
        compare(tmp_path / "new.xml", b"<rss/>")

    assert not (tmp_path / "new.xml").exists()


def test_renewing_writes_the_file_and_its_folder(tmp_path: Path) -> None:
    renew(tmp_path / "deep" / "new.xml", b"<rss/>")

    assert (tmp_path / "deep" / "new.xml").read_bytes() == b"<rss/>"


def test_bytes_that_are_no_text_are_told_by_their_first_difference(tmp_path: Path) -> None:
    told = difference(tmp_path / "logo.png", b"\x89PNG\xff\x00", b"\x89PNG\xff\x01\x02")

    assert told.endswith("6 bytes as kept, 7 bytes now; they differ from byte 5 on")


def test_a_long_difference_is_cut(tmp_path: Path) -> None:
    told = difference(tmp_path / "long.txt", b"a\n" * 100, b"b\n" * 100)

    assert len(told.splitlines()) == LONGEST_DIFFERENCE + 1
    assert told.endswith("lines more")
