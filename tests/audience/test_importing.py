"""Files into the database, on both databases: who joins, who stays away."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline import audience
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from tests.support.site import SiteFolder

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def states(engine: Engine, name: str) -> dict[str, str]:
    with reading(engine) as connection:
        mailing_list = audience.find_list(connection, name)
        people = audience.list_people(connection, mailing_list.id)
    return {person.email: str(person.state) for person in people}


def leave(engine: Engine, name: str, address: str) -> bool:
    with writing(engine) as connection:
        mailing_list = audience.find_list(connection, name)
        (found,) = audience.find_person(connection, audience.read_address(address))
        return audience.unsubscribe(connection, mailing_list.id, found.subscriber_id, NOW)


def test_a_file_again_changes_nothing(engine: Engine, site: SiteFolder) -> None:
    file = site.add_subscribers("readers", [f"reader-{number}@example.com" for number in range(9)])

    first = audience.import_file(engine, file, NOW)
    again = audience.import_file(engine, file, NOW)

    assert (first.rows, first.joined) == (9, 9)
    assert (again.rows, again.joined, again.absent) == (9, 0, 0)


def test_who_left_stays_away_whatever_the_file_says(engine: Engine, site: SiteFolder) -> None:
    file = site.add_subscribers("readers", ["ada@example.com", "grace@example.com"])
    audience.import_file(engine, file, NOW)

    assert leave(engine, "readers", "Ada@Example.com")
    assert not leave(engine, "readers", "ada@example.com")
    site.add_subscribers("readers", ["ADA@EXAMPLE.COM", "grace@example.com"])
    report = audience.import_file(engine, file, NOW)

    assert report.joined == 0
    assert states(engine, "readers") == {
        "ada@example.com": "unsubscribed",
        "grace@example.com": "confirmed",
    }


def test_leaving_one_list_leaves_the_other(engine: Engine, site: SiteFolder) -> None:
    for name in ("readers", "members"):
        audience.import_file(engine, site.add_subscribers(name, ["ada@example.com"]), NOW)
    with writing(engine) as connection:
        readers = audience.find_list(connection, "readers")
        found = audience.find_person(connection, audience.read_address("ada@example.com"))
        audience.unsubscribe(connection, readers.id, found[0].subscriber_id, NOW)

    assert states(engine, "readers") == {"ada@example.com": "unsubscribed"}
    assert states(engine, "members") == {"ada@example.com": "confirmed"}


def test_an_address_twice_in_a_file_is_named_with_both_lines(
    engine: Engine, site: SiteFolder
) -> None:
    file = site.add_subscribers("readers", ["ada@example.com", "ADA@example.com"])

    report = audience.import_file(engine, file, NOW)

    assert report.joined == 1
    assert "readers.csv:3: the same address stands in line 2" in str(report.refused[0])


def test_people_who_vanish_from_the_file_are_counted_and_stay(
    engine: Engine, site: SiteFolder
) -> None:
    file = site.add_subscribers("readers", ["ada@example.com", "grace@example.com"])
    audience.import_file(engine, file, NOW)
    site.add_subscribers("readers", ["ada@example.com"])

    assert audience.import_file(engine, file, NOW).absent == 1
    assert states(engine, "readers")["grace@example.com"] == "confirmed"


def test_names_and_columns_follow_the_file(engine: Engine, site: SiteFolder) -> None:
    file = site.add_subscribers("readers", [("ada@example.com", "Ada", "Rome")], "email,name,city")
    audience.import_file(engine, file, NOW)
    site.add_subscribers("readers", [("ada@example.com", "Ada L", "Oslo")], "email,name,city")
    audience.import_file(engine, file, NOW)

    with reading(engine) as connection:
        mailing_list = audience.find_list(connection, "readers")
        (ada,) = audience.list_people(connection, mailing_list.id)
    assert (ada.name, ada.attributes) == ("Ada L", {"city": "Oslo"})


def test_a_file_whose_name_is_no_list_stops(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "My readers.csv"
    file.write_text("email\nada@example.com\n", encoding="utf-8")

    with pytest.raises(AudienceError, match="cannot be one") as caught:
        audience.import_file(engine, file, NOW)
    assert "small letters" in caught.value.hint


def test_a_suppressed_address_keeps_its_first_reason(engine: Engine, site: SiteFolder) -> None:
    audience.import_file(engine, site.add_subscribers("readers", ["ada@example.com"]), NOW)
    with writing(engine) as connection:
        (ada,) = audience.find_person(connection, audience.read_address("ada@example.com"))
        audience.suppress(connection, [ada.subscriber_id], "hard_bounce", NOW)
        audience.suppress(connection, [ada.subscriber_id], "manual", NOW)

    with reading(engine) as connection:
        reasons = connection.exec_driver_sql("SELECT reason FROM suppressions").scalars().all()
    assert reasons == ["hard_bounce"]
