"""When limits let the last one go, as the commands say it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from rich.progress import Progress

from pipeline.cli.progress import Display, _TimeLeft
from pipeline.schema import DeliveryStatus
from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer


@pytest.fixture
def limited(site: SiteFolder, smtp_server: CapturingServer) -> CapturingServer:
    """A site with nine readers, and a server that is given four an hour."""
    site.add_post("good")
    site.add_subscribers("readers", [f"reader-{number}@example.com" for number in range(9)])
    place = f'host = "{smtp_server.host}"\nport = {smtp_server.port}\nsecurity = "none"'
    site.configure_more(f"[smtp]\n{place}\nmessages_per_hour = 4")
    return smtp_server


def test_a_run_that_a_limit_ends_is_no_fault_and_says_when_the_last_one_may_go(
    pipeline: Pipeline, limited: CapturingServer
) -> None:
    done = pipeline("run")

    assert done.exit_code == 0
    assert len(limited.received) == 4
    assert "5 people wait: a limit of the provider smtp lets the last of them go on" in done.stdout
    assert "America/New_York at the earliest; keep `pipeline serve` running" in done.stdout


def test_run_and_status_give_scripts_the_instant(
    pipeline: Pipeline, limited: CapturingServer
) -> None:
    done = json.loads(pipeline("run", "--json").stdout)
    (campaign,) = json.loads(pipeline("status", "--json").stdout)

    assert limited.received
    assert done["finish_at"] == done["campaigns"][0]["finish_at"] is not None
    hours = datetime.fromisoformat(campaign["finish_at"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=50) < hours < timedelta(hours=2, minutes=10)


def test_status_says_when_the_last_one_may_go(pipeline: Pipeline, limited: CapturingServer) -> None:
    pipeline("run")

    assert limited.received
    assert "Campaign 1: 5 people wait: a limit of the provider" in pipeline("status").stdout


def test_without_a_limit_there_is_no_instant(pipeline: Pipeline, site: SiteFolder) -> None:
    site.add_post("good")
    site.add_subscribers("readers", ["ada@example.com"])

    assert json.loads(pipeline("run", "--json").stdout)["finish_at"] is None
    assert json.loads(pipeline("status", "--json").stdout)[0]["finish_at"] is None


def test_the_time_left_is_never_less_than_limits_allow() -> None:
    column = _TimeLeft()
    progress = Progress(column)
    progress.add_task("Sending", total=10)
    (task,) = progress.tasks
    assert str(column.render(task)) == "-:--:--"

    column.finish_at = datetime.now(UTC) + timedelta(days=2, hours=1)
    assert str(column.render(task)).startswith(("2 days, 1:00:00", "2 days, 0:59:5"))


def test_the_display_takes_what_was_foreseen() -> None:
    with Display(show=False) as display:
        display.foresee(datetime(2026, 3, 4, tzinfo=UTC))
        display.progress(Counter({DeliveryStatus.SENT: 1}), 2)

    assert display._time_left.finish_at == datetime(2026, 3, 4, tzinfo=UTC)
