"""`pipeline subscribers erase`: every room forgets the person, and the ledger still closes."""

from __future__ import annotations

import json

import sqlalchemy as sa

from pipeline.config import read_config
from pipeline.db import open_database, reading
from pipeline.schema import metadata
from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder

ADA, BOB = "ada@readers.example", "bob@readers.example"


def everything(site: SiteFolder) -> str:
    engine = open_database(read_config(site.root, {}))
    with reading(engine) as connection:
        tables = [connection.execute(sa.select(table)).all() for table in metadata.sorted_tables]
    engine.dispose()
    return repr(tables)


def test_an_erased_reader_of_a_campaign_is_forgotten_everywhere(
    pipeline: Pipeline, site: SiteFolder
) -> None:
    site.add_post("first")
    site.add_subscribers("readers", [ADA, BOB])
    pipeline("run")
    before = json.loads(pipeline("status", "--json").stdout)
    assert ADA in everything(site)
    result = pipeline("subscribers", "erase", ADA.upper(), "--by", "Desk")

    assert result.exit_code == 0
    assert "is forgotten" in result.stdout
    assert ADA not in everything(site)
    assert BOB in everything(site)
    assert json.loads(pipeline("status", "--json").stdout) == before
    assert pipeline("consent", "verify").exit_code == 0


def test_somebody_nobody_knows_cannot_be_erased(pipeline: Pipeline) -> None:
    result = pipeline("subscribers", "erase", ADA)

    assert result.exit_code == 1
    assert f"nobody is known at {ADA}" in result.stderr
