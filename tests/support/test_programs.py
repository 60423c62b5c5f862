"""What a machine lacks is skipped with its reason, listed at the end, and fails in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import programs
from tests.support.programs import Program, need

ABSENT = Program("a program nobody has", "nobody-has-it", ("no-such-program-anywhere",))


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(programs.PROGRAMS, "absent", ABSENT)
    return "absent"


def test_a_missing_program_skips_the_test_and_says_how_to_get_it(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt-get install nobody-has-it"):
        need(lacking)


def test_in_ci_a_missing_program_fails_the_test(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="apt-get install nobody-has-it"):
        need(lacking)


def test_a_program_outside_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("9", "15"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch(mode=0o755)
    monkeypatch.setenv("PATH", "")

    found = programs.find(Program("Server", "server", ("initdb",), (f"{tmp_path}/*/bin",)))

    assert found == tmp_path / "15" / "bin" / "initdb"


def test_the_list_counts_tests_and_names_each_package_once() -> None:
    lines = programs.summary(["smtp-sink", "smtp-source", "smtp-sink", "chromium"])

    assert lines == [
        "Chromium: 1 test",
        "Postfix's smtp-sink: 2 tests",
        "Postfix's smtp-source: 1 test",
        "To run them too: sudo apt-get install chromium postfix",
    ]


def test_a_run_closes_with_what_was_missing(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text(
        "from tests.support import programs\n"
        "programs.PROGRAMS['absent'] = programs.Program('a rare thing', 'rare', ('no-such',))\n"
        "def test_it():\n    programs.need('absent')\n"
    )
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-c", os.devnull]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(test)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    closing = run.stdout.splitlines()[-4:]
    assert "NOT EVERYTHING WAS TESTED" in closing[0]
    assert closing[1:3] == ["a rare thing: 1 test", "To run them too: sudo apt-get install rare"]
    assert "1 skipped" in closing[3]
