"""`pipeline subscribers import`, `batches` and `undo`: moving a list here, and back out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder

GHOST = """id,email,name,subscribed_to_emails,complimentary_plan,created_at,labels
1,ada@example.com,Ada,true,false,2024-01-05,vip
2,bob@example.com,Bob,false,false,2024-01-05,
3,nobody,No,true,false,2024-01-05,
"""
BASIS = ("--list", "readers", "--basis", "signed up on the old site", "--by", "Desk")


@pytest.fixture
def export(tmp_path: Path, site: SiteFolder) -> str:
    """What Ghost wrote, somewhere on the disk."""
    del site
    file = tmp_path / "Members 2024.csv"
    file.write_text(GHOST)
    return str(file)


def test_without_a_basis_nothing_is_imported(pipeline: Pipeline, export: str) -> None:
    result = pipeline("subscribers", "import", export, "--list", "readers")

    assert result.exit_code == 1
    assert "what allows to mail these people is not stated" in result.stderr
    assert json.loads(pipeline("subscribers", "--json").stdout) == []


def test_a_dry_run_shows_what_the_file_is_taken_for_and_what_would_happen(
    pipeline: Pipeline, export: str
) -> None:
    result = pipeline("subscribers", "import", export, "--list", "readers", "--dry-run")

    assert result.exit_code == 0
    assert "Recognised as Ghost (ghost)." in result.stdout
    assert "  subscribed_to_emails -> receives\n" in result.stdout
    assert "3 rows read, 1 person would join readers" in result.stdout
    assert "1 left there, so unsubscribed here" in result.stdout
    assert "Nothing was written." in result.stdout
    assert ":4: 'nobody' is no mail address" in result.stderr
    assert json.loads(pipeline("subscribers", "--json").stdout) == []


def test_an_import_is_listed_proved_and_taken_back(pipeline: Pipeline, export: str) -> None:
    done = pipeline("subscribers", "import", export, *BASIS)
    assert "3 rows read, 1 person joined readers" in done.stdout
    assert "pipeline subscribers undo 1" in done.stdout

    (batch,) = json.loads(pipeline("subscribers", "batches", "--json").stdout)
    assert (batch["state"], batch["by"], batch["preset"]) == ("done", "Desk", "ghost")
    assert (batch["joined"], batch["left"], batch["refused"]) == (1, 1, 1)
    proof = pipeline("consent", "show", "ada@example.com").stdout
    assert "basis: signed up on the old site" in proof
    assert "asked_at: 2024-01-05" in proof

    undone = pipeline("subscribers", "undo", "1")
    assert "is undone: 2 people are off readers, 2 of them forgotten" in undone.stdout
    again = pipeline("subscribers", "undo", "1")
    assert again.exit_code == 1
    assert "was undone before" in again.stderr
    assert "undone" in pipeline("subscribers", "batches").stdout


def test_progress_is_plain_when_piped_and_quiet_when_asked(pipeline: Pipeline, export: str) -> None:
    assert "Weighing …" in pipeline("subscribers", "import", export, *BASIS).stderr
    assert "…" not in pipeline("subscribers", "import", export, *BASIS, "--quiet").stderr


def test_a_mapping_that_says_nothing_is_told(pipeline: Pipeline, export: str) -> None:
    result = pipeline("subscribers", "import", export, *BASIS, "--map", "email")

    assert result.exit_code == 1
    assert "--map 'email' says no column" in result.stderr


def test_a_pass_leaves_a_file_alone_whose_batch_was_undone(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("first")
    site.add_subscribers("readers", ["ada@example.com"])
    pipeline("run")
    (batch,) = json.loads(pipeline("subscribers", "batches", "--json").stdout)
    pipeline("subscribers", "undo", str(batch["batch"]))

    assert "readers.csv is not imported: its import batch 1 was undone" in pipeline("run").stdout
    (counts,) = json.loads(pipeline("subscribers", "--json").stdout)
    assert counts["confirmed"] == 0
