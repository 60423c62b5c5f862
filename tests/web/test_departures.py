"""Many who leave at once are taken off in company, and each is answered for themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from pipeline import audience
from pipeline.audience import UnsubscribeClaim
from pipeline.clock import Site
from pipeline.db import reading
from pipeline.errors import DatabaseUnavailable
from pipeline.schema import ConsentEvent, receipts
from pipeline.web.departures import Departures
from tests.support.site import SiteFolder
from tests.web.conftest import NOW

PEOPLE = 60


@pytest.fixture
def crowd(open_site: Site, site: SiteFolder) -> Site:
    """A list of many, and a second one of the same people."""
    for name in ("readers", "members"):
        site.add_subscribers(name, [f"p{number}@example.com" for number in range(PEOPLE)])
    audience.import_lists(open_site.engine, open_site.config.subscribers, NOW)
    return open_site


def confirmed(site: Site) -> dict[str, int]:
    with reading(site.engine) as connection:
        return {one.name: one.confirmed for one in audience.read_lists(connection)}


def departures_on_record(site: Site) -> int:
    """How many; the record holds."""
    with reading(site.engine) as connection:
        assert audience.verify_receipts(connection).broken_at is None
        left = select(func.count()).where(receipts.c.event == ConsentEvent.LEFT)
        return connection.execute(left).scalar_one()


def ids(site: Site) -> tuple[int, list[int]]:
    with reading(site.engine) as connection:
        found = audience.find_list(connection, "members").id
        return found, [one.id for one in audience.list_people(connection, found)]


def test_each_of_many_is_off_when_they_are_answered(crowd: Site) -> None:
    list_id, people = ids(crowd)
    departures = Departures(crowd)

    def leave(person: int) -> bool:
        departures.leave(UnsubscribeClaim(list_id, person), "one-click")
        with reading(crowd.engine) as connection:
            found = audience.find_subscription(connection, list_id, person)
        return found is not None and found.state == "unsubscribed"

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(leave, people))
    assert confirmed(crowd)["members"] == 0
    assert confirmed(crowd)["readers"] >= PEOPLE
    assert departures_on_record(crowd) == PEOPLE


def test_two_clicks_of_one_person_are_one_departure(crowd: Site) -> None:
    list_id, people = ids(crowd)
    departures = Departures(crowd)
    with ThreadPoolExecutor(8) as pool:
        claims = [UnsubscribeClaim(list_id, people[0])] * 8
        list(pool.map(lambda claim: departures.leave(claim, "one-click"), claims))

    assert departures_on_record(crowd) == 1
    assert confirmed(crowd)["members"] == PEOPLE - 1


def test_a_database_that_is_away_is_told_to_everybody_and_the_next_works(
    crowd: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id, people = ids(crowd)
    departures = Departures(crowd)

    def leave(person: int) -> bool:
        try:
            departures.leave(UnsubscribeClaim(list_id, person), "page")
        except DatabaseUnavailable:
            return False
        return True

    def fail(*_: object) -> int:
        raise DatabaseUnavailable("the database is away", hint="wait")

    with monkeypatch.context() as patched, ThreadPoolExecutor(8) as pool:
        patched.setattr("pipeline.web.departures.unsubscribe_all", fail)
        assert not any(pool.map(leave, people[:8]))
    assert confirmed(crowd)["members"] == PEOPLE
    assert leave(people[0])

    assert confirmed(crowd)["members"] == PEOPLE - 1
