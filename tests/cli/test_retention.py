"""`pipeline retention`: what is too old goes, and is told before it does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import audience
from pipeline.audience import Receipt
from pipeline.config import read_config
from pipeline.db import open_database, writing
from pipeline.schema import ConsentEvent
from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder

ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def agreed(pipeline: Pipeline, site: SiteFolder) -> None:
    """Ada agreed two years ago and yesterday, both times from a network that is on record."""
    pipeline("subscribers", "import", str(site.add_subscribers("readers", [ADA])))
    engine = open_database(read_config(site.root, {}))
    with writing(engine) as connection:
        for days in (730, 1):
            at = datetime.now(UTC) - timedelta(days=days)
            said = {"network": f"network of {days}"}
            audience.write_receipts(connection, [Receipt(ConsentEvent.JOINED, at, 1, 1, said)])
    engine.dispose()


def test_what_would_go_is_told_and_stays(pipeline: Pipeline) -> None:
    result = pipeline("retention", "--dry-run")

    assert result.stdout == "1 client network older than 365 days would go.\n"
    assert "network of 730" in pipeline("consent", "show", ADA).stdout


def test_what_is_too_old_goes(pipeline: Pipeline) -> None:
    assert json.loads(pipeline("retention", "--json").stdout) == {"networks": 1}
    shown = pipeline("consent", "show", ADA).stdout

    assert "network of 730" not in shown
    assert "no longer kept" in shown
    assert "network of 1" in shown
    assert pipeline("retention").stdout == "0 client networks older than 365 days went.\n"
    assert pipeline("consent", "verify").exit_code == 0


def test_a_run_does_it_by_itself(pipeline: Pipeline) -> None:
    assert pipeline("run").exit_code == 0

    assert "network of 730" not in pipeline("consent", "show", ADA).stdout


def test_nothing_goes_where_the_site_says_so(pipeline: Pipeline, site: SiteFolder) -> None:
    site.configure_more("[retention]\nnetwork_days = 0")

    assert "network_days is 0" in pipeline("retention").stdout
    assert "network of 730" in pipeline("consent", "show", ADA).stdout
