"""A restored or copied site publishes its feeds, and neither launches nor sends until armed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from pipeline import clock, ledger
from pipeline.audience import read_keys
from pipeline.clock import Clock, Site, all_balances, run_pass
from pipeline.config import Provider, read_config
from pipeline.schema import Decision, DeliveryStatus
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def open_site(site: SiteFolder, engine: Engine, smtp_server: CapturingServer) -> Site:
    """A site with one post and two readers, and a provider."""
    site.add_post("first", date="2026-03-03")
    site.add_subscribers("readers", ["ada@example.com", "grace@example.org"])
    place = f'host = "{smtp_server.host}"\nport = {smtp_server.port}\nsecurity = "none"'
    site.configure_more(f"[smtp]\n{place}")
    config = read_config(site.root, {})
    return Site(config, engine, read_keys(config), lambda: START)


def move_away(site: Site) -> None:
    """Take the file away that says which installation this is, as a restored backup lacks it."""
    file = site.config.var / "installation.json"
    file.rename(file.with_suffix(".away"))


@pytest.fixture
def held(open_site: Site) -> Site:
    """The same, held: it began once, and its file is gone."""
    assert ledger.raise_generation(open_site.engine, open_site.config.var, START) is None
    move_away(open_site)
    return open_site


def test_a_held_pass_publishes_and_sends_nothing(held: Site, smtp_server: CapturingServer) -> None:
    done = run_pass(held)

    assert (held.output / "feed.xml").is_file()
    assert smtp_server.received == []
    assert all_balances(held) == ()
    (problem,) = done.problems
    assert "installation.json is missing" in str(problem)
    assert "`pipeline arm`" in problem.hint


def test_an_armed_new_machine_sends(held: Site, smtp_server: CapturingServer) -> None:
    clock.arm(held, Decision.NEW, "ada")

    assert run_pass(held).problems == ()
    assert len(smtp_server.received) == 2


def test_an_armed_backup_waits_with_what_may_have_gone_out(
    held: Site, smtp_server: CapturingServer
) -> None:
    _, waiting = clock.arm(held, Decision.RESTORED, "ada")

    assert waiting == ("digest",)
    assert run_pass(held).problems == ()
    assert smtp_server.received == []
    later = replace(held, now=lambda: datetime(2026, 3, 10, 13, 1, tzinfo=UTC))
    run_pass(later)
    assert len(smtp_server.received) == 2


def test_a_tick_says_once_that_all_is_held_and_goes_on_when_armed(
    held: Site, smtp_server: CapturingServer
) -> None:
    said: list[str] = []
    place = Provider(host=smtp_server.host, port=smtp_server.port, security="none")
    ticking = Clock(held, place, said.append)
    ticking.tick()
    ticking.tick()
    ticking._send()

    assert len([one for one in said if "nothing is launched or sent" in one]) == 1
    assert (held.output / "feed.xml").is_file()
    assert all_balances(held) == ()

    clock.arm(held, Decision.NEW, "ada")
    ticking.tick()
    ticking._send()

    assert len(smtp_server.received) == 2


def test_a_campaign_under_way_is_not_sent_while_held(
    open_site: Site, smtp_server: CapturingServer
) -> None:
    place = Provider(host=smtp_server.host, port=smtp_server.port, security="none")
    ticking = Clock(open_site, place, lambda _: None)
    ticking.tick()
    move_away(open_site)
    ticking._send()
    run_pass(open_site)

    assert smtp_server.received == []
    (balance,) = all_balances(open_site)
    assert balance.sheet.counts[DeliveryStatus.PLANNED] == 2


def test_a_backup_from_before_a_round_of_sending_is_known(
    open_site: Site, smtp_server: CapturingServer
) -> None:
    """Even when the program was not started anew between the two."""
    place = Provider(host=smtp_server.host, port=smtp_server.port, security="none")
    ticking = Clock(open_site, place, lambda _: None)
    ticking.tick()
    before = mark_of(open_site)
    ticking._send()

    assert len(smtp_server.received) == 2
    assert mark_of(open_site) != before


def mark_of(site: Site) -> str:
    return (site.config.var / "installation.json").read_text("utf-8").partition("raising")[0]
