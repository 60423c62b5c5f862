"""What staff set of a person is checked and kept by its type, and people are found by it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import audience
from pipeline.audience import Place, Search, SearchBy, read_address, read_search
from pipeline.audience.people import read_attribute
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from pipeline.schema import metadata, subscriber_tags
from tests.audience.conftest import WriteFile
from tests.support.people import AT

ADA = read_address("ada@larkfield.example")


@pytest.fixture
def known(engine: Engine, write: WriteFile) -> Engine:
    """Five people on a list, Ada (1) first."""
    rows = [
        "email,name,town",
        "ada@larkfield.example,Ada Lovelace,Ockham",
        "adam@larkfield.example,Émile,",
        "bob@larkfield.example.org,ADA Byron,",
        "zoe@bücher.example,ÄNNE Groß,",
        "ad%m@other.example,,",
    ]
    head, *others = rows
    for row in others:  # one after the other: an import gives ids in the order of addresses
        audience.import_file(engine, write(f"{head}\n{row}\n"), AT)
    return engine


def set_value(engine: Engine, key: str, text: str) -> Any:
    with writing(engine) as connection:
        audience.set_value(connection, ADA, key, text)
        return audience.read_profile(connection, ADA)


# --- setting ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("3", 3),
        ("-3.5", -3.5),
        ("0123", "0123"),
        ('"3"', "3"),
        ("TRUE", True),
        ("2026-03-03", "2026-03-03"),
        ("  two   words ", "two words"),
        ("12345678901234567890", "12345678901234567890"),
        ("e\u0301", "\u00e9"),
        ("", None),
        ('""', None),
    ],
)
def test_a_value_is_kept_by_its_type(written: str, kept: Any) -> None:
    assert read_attribute(written) == kept
    assert type(read_attribute(written)) is type(kept)


def test_attributes_are_set_beside_what_a_file_said_and_taken_away(known: Engine) -> None:
    assert set_value(known, "visits", "4").attributes == {"town": "Ockham", "visits": 4}
    assert set_value(known, "town", "").attributes == {"visits": 4}


def test_name_language_and_zone_have_their_own_place(known: Engine) -> None:
    set_value(known, "name", "Ada King")
    set_value(known, "language", "en-GB")
    person = set_value(known, "time_zone", "Europe/London")

    assert (person.name, person.language, person.time_zone) == (
        "Ada King",
        "en-GB",
        "Europe/London",
    )
    assert person.attributes == {"town": "Ockham"}
    assert numbers(known, "ada king") == [1]


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("language", "en_GB", "no language tag"),
        ("time_zone", "Middle/Earth", "no time zone"),
        ("time_zone", "Europe", "no time zone"),
        ("time_zone", "../etc/passwd", "no time zone"),
        ("E-Mail\n\x00", "x", "cannot be the name"),
        ('a"b', "x", "cannot be the name"),
        ("email", "x@example.com", "an address cannot be set"),
        ("plan", "x" * 2001, "at most 2,000"),
        ("plan", "a\x1bb", "no control characters"),
    ],
)
def test_what_cannot_be_set_is_refused(known: Engine, key: str, text: str, says: str) -> None:
    with pytest.raises(AudienceError, match=says):
        set_value(known, key, text)


def test_nobody_is_known_at_another_address(known: Engine) -> None:
    with writing(known) as connection, pytest.raises(AudienceError, match="nobody is known"):
        audience.set_value(connection, read_address("eve@larkfield.example"), "plan", "pro")


def test_tags_know_no_capitals_and_stand_once(known: Engine) -> None:
    with writing(known) as connection:
        audience.add_tags(connection, ADA, audience.read_tags(["Press", "VIP  Gäste"]))
        audience.add_tags(connection, ADA, audience.read_tags(["PRESS"]))
        assert audience.read_profile(connection, ADA).tags == ("press", "vip gäste")
        audience.remove_tags(connection, ADA, audience.read_tags(["vip GÄSTE", "unknown"]))
        assert audience.read_profile(connection, ADA).tags == ("press",)


@pytest.mark.parametrize("tag", ["", "  ", "x" * 101, "a\x07b"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(AudienceError, match="can be no tag"):
        audience.read_tags([tag])


def test_who_is_erased_has_no_tags_and_is_found_no_more(known: Engine) -> None:
    with writing(known) as connection:
        audience.add_tags(connection, ADA, ("press",))
        audience.erase_person(connection, (b"k" * 32,), 1, AT, "page")
        assert connection.execute(sa.select(subscriber_tags)).all() == []
        everything = [connection.execute(sa.select(one)).all() for one in metadata.sorted_tables]

    assert "lovelace" not in repr(everything).lower()
    assert numbers(known, "ada") == [2, 3]


# --- finding ------------------------------------------------------------------------------------


def numbers(engine: Engine, text: str) -> list[int]:
    with reading(engine) as connection:
        pages = [audience.find_people(connection, one) for one in read_search(text)]
    return list(dict.fromkeys(one.id for page in pages for one in page.people))


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("ada", [1, 2, 3]),  # two addresses, then names
        ("ADA@", [1]),
        ("ada@lark", [1]),
        ("@larkfield.example", [1, 2, 3]),  # the whole domain first, then longer ones
        ("@larkfield.example.", [3]),
        ("@bücher.example", [4]),
        ("änne gro", [4]),
        ("Änne GROSS", [4]),
        ("e\u0301mi", [2]),
        ("ad%", [5]),
        ("lovelace", []),
        ("%", []),
        ("_da", []),
    ],
)
def test_people_are_found_by_how_their_address_domain_or_name_begins(
    known: Engine, text: str, people: list[int]
) -> None:
    assert numbers(known, text) == people


@pytest.mark.parametrize("text", ["", " ", "@", "@@"])
def test_looking_for_nothing_is_refused(text: str) -> None:
    with pytest.raises(AudienceError, match="nothing to look for"):
        read_search(text)


def test_pages_follow_each_other_without_gap_or_double(known: Engine) -> None:
    found: list[int] = []
    after: Place | None = None
    with reading(known) as connection:
        while True:
            page = audience.find_people(
                connection, Search(SearchBy.DOMAIN, "l"), after=after, limit=1
            )
            found += [one.id for one in page.people]
            after = page.next
            if after is None:
                break

    assert found == [1, 2, 3]
    assert numbers(known, "\U0010ffff") == []
