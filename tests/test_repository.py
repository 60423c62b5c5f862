"""What is committed suits every machine: no private paths, no heavy files, one way of writing."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import __version__

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
LARGEST = 1_000_000  # bytes
# Put together here, so that this file does not name what it forbids.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
FOLDERS = ["work", "root", "opt/wheels", "opt/pypi", "opt/pypi-more"]
PRIVATE_PATH = re.compile(rf"(?<![\w.}}>*~/-])/(?:{'|'.join(FOLDERS)})(?![\w-])")


def committed() -> list[Path]:
    """What git keeps; outside a repository, all but what .gitignore leaves out."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        ignored = set(_ignored_names())
        return [path for path in ROOT.rglob("*") if path.is_file() and not _below(path, ignored)]
    # The folder may belong to another user; git is to list it all the same.
    command = [git, "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def _ignored_names() -> list[str]:
    return [".git", *(ROOT / ".gitignore").read_text().replace("/", "").split()]


def _below(path: Path, ignored: set[str]) -> bool:
    return any(part in ignored for part in path.relative_to(ROOT).parts)


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return committed()


def refuse(files: list[Path], offends: Callable[[bytes], bool]) -> None:
    """Fail with the name of every file whose content offends."""
    found = [str(path.relative_to(ROOT)) for path in files if offends(path.read_bytes())]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def is_text(content: bytes) -> bool:
    return b"\0" not in content


def names_a_registry(content: bytes) -> bool:
    return any(host.encode() in content for host in HOSTS)


def names_a_private_path(content: bytes) -> bool:
    return is_text(content) and PRIVATE_PATH.search(content.decode(errors="replace")) is not None


def is_written_otherwise(content: bytes) -> bool:
    """Whether a text is not UTF-8 with line feeds."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return is_text(content)
    return is_text(content) and b"\r" in content


def test_no_file_names_a_package_registry(files: list[Path]) -> None:
    refuse(files, names_a_registry)


def test_no_file_names_a_path_of_one_machine(files: list[Path]) -> None:
    refuse(files, names_a_private_path)


def test_no_file_is_heavy(files: list[Path]) -> None:
    refuse(files, lambda content: len(content) > LARGEST)


def test_every_text_is_utf8_with_line_feeds(files: list[Path]) -> None:
    # What tests read is written as mail and other people's programs write it.
    samples = [path for path in files if path.is_relative_to(TESTS) and path.suffix != ".py"]

    refuse([path for path in files if path not in samples], is_written_otherwise)


def test_the_changelog_tells_of_this_version() -> None:
    assert __version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_requirements_are_all_pinned_with_hashes() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in lines.splitlines() if line and not line.lstrip().startswith("#")]

    assert packages
    assert [line for line in packages if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:", line)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_path_of_one_machine_is_seen(folder: str) -> None:
    assert names_a_private_path(f"see /{folder}/notes".encode())
    assert not names_a_private_path(f"https://a.example/{folder}/notes".encode())
    assert not names_a_private_path(f"frame{folder}s".encode())


@pytest.mark.parametrize("host", HOSTS)
def test_a_registry_is_seen(host: str) -> None:
    assert names_a_registry(f"https://{host}/simple".encode())


@pytest.mark.parametrize(
    ("content", "refused"),
    [(b"a\nb\n", False), (b"a\r\n", True), (b"caf\xe9", True), (b"\x89PNG\r\n\0", False)],
)
def test_another_way_of_writing_is_seen(content: bytes, refused: bool) -> None:  # noqa: FBT001  # a row of the table above
    assert is_written_otherwise(content) is refused
