"""What is printed of names and paths: as it is, and never as a command to the terminal."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main
from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder


def test_brackets_and_colons_in_names_and_paths_are_printed_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = SiteFolder.make(tmp_path / "site[/draft]")
    monkeypatch.setenv("PIPELINE_SITE", str(site.root))
    site.add_post("good", title="[red]Knees[/red] [/b] :warning:")
    site.add_subscribers("readers", [("ada@example.com", "Ada [/i] :bomb:"), ("[/no]", "")])

    commands = ("run", "status", "feeds", "posts", "subscribers show readers", "campaigns show 1")
    shown = {each: CliRunner().invoke(main, each.split()) for each in commands}

    assert {each: result.exit_code for each, result in shown.items()} == dict.fromkeys(commands, 0)
    assert f"Feeds     {site.root}/var/site/feed.xml" in shown["run"].stdout
    assert f"pipeline serve --site {site.root}`" in shown["run"].stdout
    assert "digest, sent: [red]Knees[/red] [/b] :warning:" in shown["run"].stdout
    assert "readers.csv:3: '[/no]'" in shown["run"].stdout
    assert f"{site.root}/var/site/feed.xml" in shown["feeds"].stdout
    assert "[red]Knees[/red] [/b] :warning:" in shown["posts"].stdout
    assert "Ada [/i] :bomb:" in shown["subscribers show readers"].stdout
    assert "[red]Knees[/red] [/b] :warning:" in shown["campaigns show 1"].stdout


CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.mark.parametrize("name", [b"esc\x1b[31m.md", b"del\x7f\xc2\x9b2J.md", b"caf\xe9.md"])
def test_control_characters_in_a_files_name_are_shown_and_do_not_act(
    pipeline: Pipeline, site: SiteFolder, name: bytes
) -> None:
    path = os.path.join(os.fsencode(site.root / "posts"), name)  # noqa: PTH118  # octets
    Path(os.fsdecode(path)).write_text("no front matter\n", encoding="utf-8")

    results = [pipeline("check"), pipeline("check", "--json"), pipeline("run")]

    for result in results:
        assert result.exit_code == 1
        assert CONTROL.search(result.output) is None
        assert "\\u" in result.output
    assert name.decode("utf-8", "surrogateescape") in json.loads(results[1].stdout)[0]["sentence"]
