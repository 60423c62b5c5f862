"""`pipeline consent`: the proof of one person, and the record that cannot be altered unseen."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from pipeline.config import read_config
from pipeline.db import open_database, writing
from pipeline.schema import receipts
from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder

ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def left(pipeline: Pipeline, site: SiteFolder) -> None:
    """Ada was on the list readers, and staff took her off."""
    site.add_subscribers("readers", [ADA])
    pipeline("subscribers", "import", str(site.root / "subscribers/readers.csv"))
    pipeline("subscribers", "unsubscribe", ADA, "--list", "readers", "--by", "Desk")


def test_a_person_s_consent_is_printed_with_how_it_ended(pipeline: Pipeline) -> None:
    shown = pipeline("consent", "show", ADA).stdout

    assert "left readers\n    source: staff: Desk\n" in shown
    came, row = json.loads(pipeline("consent", "show", ADA, "--json").stdout)
    assert came["event"] == "imported"
    assert came["details"]["file"] == "readers.csv"
    assert "who stands in it asked for this mail" in came["details"]["basis"]
    assert row["event"] == "left"
    assert row["details"] == {"source": "staff: Desk"}


def test_who_never_agreed_to_anything_is_told(pipeline: Pipeline) -> None:
    result = pipeline("consent", "show", "bob@example.com")

    assert result.exit_code == 1
    assert "nothing is kept of what bob@example.com agreed to" in result.stderr


def test_a_record_that_holds_ends_with_its_last_link(pipeline: Pipeline) -> None:
    result = pipeline("consent", "verify")

    assert result.exit_code == 0
    assert "All 2 receipts hold" in result.stdout
    head = json.loads(pipeline("consent", "verify", "--json").stdout)["head"]
    assert f"Last link: {head}" in result.stdout


def test_a_record_that_was_altered_ends_with_1_and_the_number(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    engine = open_database(read_config(site.root, {}))
    with writing(engine) as connection:
        connection.execute(sa.update(receipts).values(details={"source": "nobody"}))
    engine.dispose()
    result = pipeline("consent", "verify")

    assert result.exit_code == 1
    assert "Receipt 1 does not hold: what it says was altered." in result.stdout
    assert json.loads(pipeline("consent", "verify", "--json").stdout)["broken_at"] == 1
