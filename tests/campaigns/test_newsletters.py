"""Standing orders: copied from the file once, ruled by the database from then on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import campaigns
from pipeline.campaigns import Newsletter, differences
from pipeline.campaigns.newsletter_store import set_next_at
from pipeline.campaigns.newsletters import from_json, to_json
from pipeline.config import NewsletterSettings
from pipeline.db import reading, writing
from pipeline.errors import CampaignError
from pipeline.schema import newsletters
from tests.campaigns.examples import DIGEST, NOW

DIGEST_IN_UTC = replace(DIGEST, timezone="UTC", tags=("knee", "hip"))
OTHER = NewsletterSettings(name="weekly", list="members", timezone="UTC")


def declare(engine: Engine, *declared: NewsletterSettings) -> tuple[str, ...]:
    with writing(engine) as connection:
        return campaigns.declare_newsletters(connection, declared, NOW)


def ruling(engine: Engine) -> tuple[Newsletter, ...]:
    with reading(engine) as connection:
        return campaigns.read_newsletters(connection)


def update(engine: Engine, settings: NewsletterSettings, now: datetime = NOW) -> None:
    (old, *_) = ruling(engine)
    with writing(engine) as connection:
        campaigns.update_newsletter(connection, old, settings, now)


def next_at(engine: Engine, *, rehearsal: bool) -> datetime | None:
    with reading(engine) as connection:
        return campaigns.read_next_at(connection, 1, rehearsal=rehearsal)


# --- from the file ------------------------------------------------------------------------------


def test_a_newsletter_is_copied_when_first_seen(engine: Engine) -> None:
    assert declare(engine, DIGEST_IN_UTC, OTHER) == ("digest", "weekly")
    assert [one.settings for one in ruling(engine)] == [DIGEST_IN_UTC, OTHER]


def test_it_is_copied_once_and_the_database_rules(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)

    assert declare(engine, replace(DIGEST_IN_UTC, subject="Another"), OTHER) == ("weekly",)
    assert [one.settings for one in ruling(engine)] == [DIGEST_IN_UTC, OTHER]


def test_one_that_the_file_no_longer_has_stays(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)
    declare(engine)

    assert [one.name for one in ruling(engine)] == ["digest"]


def test_programs_that_start_together_copy_it_once(engine: Engine) -> None:
    barrier = Barrier(2)

    def start() -> None:
        barrier.wait()
        declare(engine, DIGEST_IN_UTC)

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(start) for _ in range(2)]:
            job.result()

    assert [one.name for one in ruling(engine)] == ["digest"]


# --- by command ---------------------------------------------------------------------------------


def test_a_newsletter_can_be_added(engine: Engine) -> None:
    with writing(engine) as connection:
        campaigns.add_newsletter(connection, OTHER, NOW)

    assert [one.settings for one in ruling(engine)] == [OTHER]


def test_a_name_that_is_taken_is_told_with_the_way_to_change(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)
    with (
        writing(engine) as connection,
        pytest.raises(CampaignError, match="called 'digest' already") as caught,
    ):
        campaigns.add_newsletter(connection, replace(DIGEST_IN_UTC, list="members"), NOW)

    assert "newsletters set digest" in caught.value.hint


def test_new_settings_hold_at_once(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC, OTHER)
    changed = replace(DIGEST_IN_UTC, subject="Another", tags=())
    update(engine, changed)

    assert [one.settings for one in ruling(engine)] == [changed, OTHER]


@pytest.mark.parametrize("rehearsal", [False, True])
def test_a_changed_schedule_counts_from_now_on(engine: Engine, *, rehearsal: bool) -> None:
    declare(engine, DIGEST_IN_UTC)
    with writing(engine) as connection:
        set_next_at(connection, 1, NOW - timedelta(days=1), rehearsal=rehearsal)
    update(engine, replace(DIGEST_IN_UTC, schedule="0 9 * * 5"))

    assert next_at(engine, rehearsal=rehearsal) == datetime(2026, 4, 3, 9, 0, tzinfo=UTC)
    assert next_at(engine, rehearsal=not rehearsal) is None


def test_a_changed_zone_changes_the_hour(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)
    with writing(engine) as connection:
        set_next_at(connection, 1, NOW, rehearsal=False)
    update(engine, replace(DIGEST_IN_UTC, timezone="America/New_York"))

    assert next_at(engine, rehearsal=False) == datetime(2026, 3, 31, 13, 0, tzinfo=UTC)


def test_another_change_leaves_the_next_time_alone(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)
    due = NOW + timedelta(hours=1)
    with writing(engine) as connection:
        set_next_at(connection, 1, due, rehearsal=False)
    update(engine, replace(DIGEST_IN_UTC, subject="Another"))

    assert next_at(engine, rehearsal=False) == due


def test_a_newsletter_that_never_ran_stays_due_at_once(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)
    update(engine, replace(DIGEST_IN_UTC, schedule="0 9 * * 5"))

    assert next_at(engine, rehearsal=False) is None


# --- where file and database differ -------------------------------------------------------------


def test_each_key_that_differs_is_told_with_both_values() -> None:
    declared = (replace(DIGEST, subject="New", tags=("a",)), OTHER)
    found = differences(declared, (Newsletter(1, DIGEST), Newsletter(2, OTHER)))

    assert [(one.newsletter, one.key, one.in_file, one.in_database) for one in found] == [
        ("digest", "subject", "New", DIGEST.subject),
        ("digest", "tags", ("a",), ()),
    ]
    assert "pipeline.toml says 'New'" in found[0].sentence
    assert "adopt digest" in found[0].hint


def test_newsletters_of_one_side_alone_do_not_differ() -> None:
    assert differences((DIGEST,), (Newsletter(1, OTHER),)) == ()


def test_what_came_back_from_the_database_does_not_differ(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)

    assert differences((DIGEST_IN_UTC,), ruling(engine)) == ()


# --- how they are kept --------------------------------------------------------------------------


def test_settings_come_back_as_they_were() -> None:
    assert from_json(to_json(DIGEST_IN_UTC)) == DIGEST_IN_UTC


def test_a_key_that_the_program_did_not_have_then_takes_its_default() -> None:
    kept = to_json(DIGEST)
    del kept["max_age_days"]

    assert from_json(kept) == DIGEST


def test_a_key_that_the_program_no_longer_has_is_passed_over() -> None:
    assert from_json({**to_json(DIGEST), "colour": "red"}) == DIGEST


def test_they_are_kept_as_readable_json(engine: Engine) -> None:
    declare(engine, DIGEST_IN_UTC)
    with reading(engine) as connection:
        kept = connection.scalar(sa.select(newsletters.c.settings))

    assert kept is not None
    assert kept["tags"] == ["knee", "hip"]
