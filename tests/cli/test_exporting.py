"""Exports and suppressions from the command line."""

from __future__ import annotations

import csv
import io
import json
import stat

import pytest

from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture(autouse=True)
def people(pipeline: Pipeline, site: SiteFolder) -> None:
    file = site.add_subscribers("readers", [(ADA, "=1+1"), (BOB, "Bob")])
    pipeline("subscribers", "import", str(file))


def test_people_are_written_to_standard_output(pipeline: Pipeline) -> None:
    rows = list(csv.DictReader(io.StringIO(pipeline("subscribers", "export").stdout)))

    assert [(row["email"], row["name"]) for row in rows] == [(ADA, "'=1+1"), (BOB, "Bob")]
    as_json = pipeline("subscribers", "export", "--format", "json", "--list", "readers").stdout
    assert [one["name"] for one in json.loads(as_json)] == ["=1+1", "Bob"]


def test_a_file_is_its_owner_s_alone(pipeline: Pipeline, site: SiteFolder) -> None:
    file = site.root / "out.csv"
    result = pipeline("subscribers", "export", "--output", str(file))

    assert result.stdout == f"2 rows are in {file}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().count(b"\r\n") == 3
    assert [one for one in site.root.iterdir() if one.name.startswith(".out")] == []


def test_a_place_that_cannot_be_written_is_told(pipeline: Pipeline, site: SiteFolder) -> None:
    result = pipeline("subscribers", "export", "--output", str(site.root / "no" / "out.csv"))

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_a_list_that_is_not_there_is_told_and_leaves_no_file(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    file = site.root / "out.csv"
    result = pipeline("subscribers", "export", "--list", "nobody", "--output", str(file))

    assert result.exit_code == 1
    assert "there is no list called 'nobody'" in result.stderr
    assert not file.exists()


def test_an_address_is_shut_out_and_let_in_again(pipeline: Pipeline) -> None:
    assert pipeline("suppressions", "add", ADA.upper()).exit_code == 0
    counted = json.loads(pipeline("suppressions", "--json").stdout)
    assert counted == [{"reason": "manual", "addresses": 1}]
    assert pipeline("suppressions", "lift", ADA).exit_code == 0
    again = pipeline("suppressions", "lift", ADA)

    assert again.exit_code == 1
    assert f"{ADA} is not suppressed" in again.stderr


def test_suppressions_go_out_and_come_in(pipeline: Pipeline, site: SiteFolder) -> None:
    pipeline("suppressions", "add", ADA)
    file = site.root / "suppressions.csv"
    pipeline("suppressions", "export", "--output", str(file))
    pipeline("suppressions", "lift", ADA)
    with file.open("a") as handle:
        handle.write("nobody,,\r\n")
    result = pipeline("suppressions", "import", str(file))

    assert result.stdout == "2 rows read, 1 not suppressed before.\n"
    assert f"{file}:3: 'nobody' is no mail address" in result.stderr
    as_json = json.loads(pipeline("suppressions", "import", str(file), "--json").stdout)
    assert (as_json["rows"], as_json["added"], len(as_json["refused"])) == (2, 0, 1)


def test_a_person_gets_all_that_is_kept_of_them_as_one_file(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("first")
    pipeline("run")
    pipeline("subscribers", "tag", ADA, "press")
    pipeline("subscribers", "unsubscribe", ADA, "--list", "readers", "--by", "Desk")
    file = site.root / "ada.json"
    result = pipeline("subscribers", "everything", ADA.upper(), "--output", str(file))

    assert result.exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = json.loads(file.read_text())
    assert found["person"]["email"] == ADA
    assert found["person"]["tags"] == ["press"]
    assert [one["event"] for one in found["consent"]] == ["left"]
    assert found["imports"][0]["source"] == "file readers.csv"
    assert "asked for this mail" in found["imports"][0]["basis"]
    assert [one["status"] for one in found["messages"]] == ["sent"]
    assert BOB not in file.read_text()


def test_nothing_is_written_of_somebody_nobody_knows(pipeline: Pipeline, site: SiteFolder) -> None:
    file = site.root / "nobody.json"
    result = pipeline("subscribers", "everything", "x@example.com", "--output", str(file))

    assert result.exit_code == 1
    assert "x@example.com" in result.stderr
    assert not file.exists()
