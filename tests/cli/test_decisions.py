"""What people decide at the command line, from the list of doubts to the second copy."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_binary_file, policy
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import campaigns as campaigns_room
from pipeline import ledger
from pipeline.campaigns import Step
from pipeline.config import read_config
from pipeline.db import open_database, reading, writing
from pipeline.schema import (
    CampaignState,
    Decision,
    DeliveryStatus,
    campaigns,
    deliveries,
    ranges,
    subscribers,
)
from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder


@pytest.fixture
def rehearsed(pipeline: Pipeline, site: SiteFolder) -> Pipeline:
    """The same, after a rehearsal to three readers."""
    site.add_post("first", title="First")
    site.add_subscribers("readers", ["ada@example.com", "bob@example.com", "eve@example.com"])
    assert pipeline("run").exit_code == 0
    return pipeline


@pytest.fixture
def engine(site: SiteFolder) -> Iterator[Engine]:
    made = open_database(read_config(site.root, {}))
    yield made
    made.dispose()


def lose_replies(engine: Engine, *addresses: str) -> None:
    """As if the connections had broken after these people's messages had left."""
    theirs = sa.select(subscribers.c.id).where(subscribers.c.email.in_(addresses))
    with writing(engine) as connection:
        connection.execute(
            sa.update(deliveries)
            .where(deliveries.c.subscriber_id.in_(theirs))
            .values(status=DeliveryStatus.UNKNOWN, reason="worker lost")
        )


def statuses(engine: Engine) -> dict[str, str]:
    joined = deliveries.join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    with reading(engine) as connection:
        found = sa.select(subscribers.c.email, deliveries.c.status).select_from(joined)
        return {row.email.partition("@")[0]: row.status for row in connection.execute(found)}


def message_ids(site: SiteFolder, address: str) -> list[str]:
    """Of all mails to one person in the mailbox."""
    mails = [read_mail(file) for file in (site.root / "var/mailbox/new").iterdir()]
    return [mail["Message-ID"] for mail in mails if address in mail["To"]]


def read_mail(file: Path) -> dict[str, str]:
    with file.open("rb") as handle:
        return dict(message_from_binary_file(handle, policy=policy.default).items())


def test_rows_in_doubt_are_listed_with_the_message_id_that_went_out(
    rehearsed: Pipeline, engine: Engine, site: SiteFolder
) -> None:
    lose_replies(engine, "ada@example.com")
    (row,) = json.loads(rehearsed("reconcile", "1", "--json").stdout)

    assert row["address"] == "ada@example.com"
    assert row["reason"] == "worker lost"
    assert row["started_at"].startswith("20")
    assert [row["message_id"]] == message_ids(site, "ada@example.com")
    assert row["message_id"] in rehearsed("reconcile", "1").stdout


def test_what_is_decided_to_go_again_goes_under_the_same_message_id(
    rehearsed: Pipeline, engine: Engine, site: SiteFolder
) -> None:
    lose_replies(engine, "ada@example.com", "bob@example.com")
    said = rehearsed("reconcile", "1", "--again", "--address", "ADA@example.com", "--by", "grace")
    rehearsed("run")

    assert "1 message of campaign 1" in said.stdout
    assert "decided by grace" in said.stdout
    assert statuses(engine) == {"ada": "sent", "bob": "unknown", "eve": "sent"}
    first, second = message_ids(site, "ada@example.com")
    assert first == second
    assert len(message_ids(site, "bob@example.com")) == 1


def test_all_in_doubt_may_be_decided_at_once(rehearsed: Pipeline, engine: Engine) -> None:
    lose_replies(engine, "ada@example.com", "bob@example.com")
    said = rehearsed("reconcile", "1", "--sent", "--all", "--by", "grace", "--json")

    assert json.loads(said.stdout) == {
        "campaign": 1,
        "decision": "sent",
        "by": "grace",
        "decided": 2,
    }
    assert set(statuses(engine).values()) == {"sent"}
    assert "Nobody is in doubt" in rehearsed("reconcile", "1").stdout


def test_a_name_that_is_not_in_doubt_changes_nothing_for_the_others(
    rehearsed: Pipeline, engine: Engine
) -> None:
    lose_replies(engine, "ada@example.com")
    refused = rehearsed(
        "reconcile", "1", "--sent", "--address", "ada@example.com", "--address", "eve@example.com"
    )

    assert refused.exit_code == 1
    assert "not in doubt in campaign 1, so nothing was changed: eve@example.com" in refused.stderr
    assert statuses(engine)["ada"] == "unknown"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("9",), "there is no campaign 9"),
        (("1", "--sent", "--id", "77"), "nothing was changed: 77"),
        (("1", "--sent", "--address", "nobody@example.com"), "nobody with the address"),
    ],
)
def test_who_is_not_there_is_said(
    rehearsed: Pipeline, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = rehearsed("reconcile", *arguments)

    assert refused.exit_code == 1
    assert sentence in refused.stderr


@pytest.mark.parametrize(
    "arguments", [("--sent",), ("--all",), ("--again", "--all", "--id", "1"), ("--id", "1")]
)
def test_a_half_said_decision_is_none(rehearsed: Pipeline, arguments: tuple[str, ...]) -> None:
    assert rehearsed("reconcile", "1", *arguments).exit_code == 2


# --- pausing and cancelling -----------------------------------------------------------------------


def wait_for_more(engine: Engine) -> None:
    """As if the campaign had been stopped with everybody still planned."""
    with writing(engine) as connection:
        connection.execute(sa.update(deliveries).values(status=DeliveryStatus.PLANNED))
        connection.execute(sa.update(ranges).values(finished_at=None))
        sending = {"state": CampaignState.SENDING, "finished_at": None}
        connection.execute(sa.update(campaigns).values(**sending))


def test_a_paused_campaign_waits_until_it_is_resumed(rehearsed: Pipeline, engine: Engine) -> None:
    wait_for_more(engine)
    paused = rehearsed("campaigns", "pause", "1", "--by", "ada", "--json")
    rehearsed("run")

    assert json.loads(paused.stdout)[0]["state"] == "paused"
    assert set(statuses(engine).values()) == {"planned"}
    assert rehearsed("campaigns", "resume", "1").exit_code == 0
    rehearsed("run")
    assert set(statuses(engine).values()) == {"sent"}


def test_a_cancelled_campaign_is_settled_when_the_command_ends(
    rehearsed: Pipeline, engine: Engine
) -> None:
    wait_for_more(engine)
    cancelled = rehearsed("campaigns", "cancel", "1", "--by", "ada", "--json")

    (campaign,) = json.loads(cancelled.stdout)
    assert (campaign["state"], campaign["counts"]["cancelled"]) == ("cancelled", 3)
    assert campaign["closes"]
    assert campaign["finished_at"]
    assert set(statuses(engine).values()) == {"cancelled"}
    with reading(engine) as connection:
        (decided,) = ledger.read_decisions(connection, 1)
    assert (decided.decision, decided.by) == (Decision.CANCELLED, "ada")


def test_what_a_killed_cancel_left_is_settled_by_the_next_pass(
    rehearsed: Pipeline, engine: Engine
) -> None:
    wait_for_more(engine)
    with writing(engine) as connection:
        campaigns_room.move_campaign(connection, 1, Step.CANCEL, "ada", datetime.now(UTC))
    assert set(statuses(engine).values()) == {"planned"}

    rehearsed("run")

    assert set(statuses(engine).values()) == {"cancelled"}


def test_a_refused_step_says_why(rehearsed: Pipeline) -> None:
    refused = rehearsed("campaigns", "pause", "1")

    assert refused.exit_code == 1
    assert "Error: campaign 1 is sent: nobody is left to wait" in refused.stderr


def test_of_a_cancelled_campaign_nothing_goes_again(rehearsed: Pipeline, engine: Engine) -> None:
    wait_for_more(engine)
    lose_replies(engine, "ada@example.com")
    rehearsed("campaigns", "cancel", "1")
    refused = rehearsed("reconcile", "1", "--again", "--all")

    assert refused.exit_code == 1
    assert "campaign 1 is cancelled" in refused.stderr
    assert statuses(engine)["ada"] == "unknown"


def test_status_names_the_command_for_what_waits_for_a_person(
    rehearsed: Pipeline, engine: Engine
) -> None:
    assert "pipeline" not in rehearsed("status").stdout
    wait_for_more(engine)
    lose_replies(engine, "ada@example.com")
    rehearsed("campaigns", "pause", "1")

    shown = rehearsed("status").stdout
    assert "1 message of campaign 1: `pipeline reconcile 1`" in shown
    assert "`pipeline campaigns resume 1`" in shown


# --- restored backups -----------------------------------------------------------------------------


@pytest.fixture
def restored(pipeline: Pipeline, site: SiteFolder) -> Pipeline:
    """A site whose database is from before its only edition was sent."""
    site.add_subscribers("readers", ["ada@example.com", "bob@example.com"])
    pipeline("run")
    database = site.root / "var/pipeline.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(":memory:")) as kept:
        source.backup(kept)
        site.add_post("first", title="First")
        pipeline("run")
        kept.backup(source)
    assert len(message_ids(site, "ada@example.com")) == 1
    return pipeline


def test_a_restored_backup_is_held_and_says_so(restored: Pipeline, site: SiteFolder) -> None:
    done = restored("run")

    assert done.exit_code == 1
    assert "the database is older than var/" in done.stderr
    assert "so nothing is launched or sent" in done.stderr
    assert "`pipeline arm`" in done.stderr
    assert len(message_ids(site, "ada@example.com")) == 1
    assert "the database is older than var/" in restored("status").stderr
    assert json.loads(restored("status", "--json").stdout) == []


def test_an_armed_backup_sends_nobody_the_same_edition_again(
    restored: Pipeline, site: SiteFolder
) -> None:
    armed = restored("arm", "--by", "grace")

    assert "Found: the database is older than var/" in armed.stdout
    assert "by grace" in armed.stdout
    assert "Newsletter digest was due" in armed.stdout
    assert restored("run").exit_code == 0
    assert len(message_ids(site, "ada@example.com")) == 1
    assert restored("status").stderr == ""


def test_arming_as_new_goes_on_from_the_backup(restored: Pipeline, site: SiteFolder) -> None:
    assert "as new" in restored("arm", "--new", "--by", "grace").stdout
    restored("run")

    assert len(message_ids(site, "ada@example.com")) == 2


def test_arming_what_is_not_held_says_so(pipeline: Pipeline) -> None:
    pipeline("run")

    assert "Nothing is held" in pipeline("arm").stdout


def test_a_copied_site_is_held(rehearsed: Pipeline, site: SiteFolder, tmp_path: Path) -> None:
    shutil.copytree(site.root, tmp_path / "copy")
    copied = rehearsed("run", "--site", str(tmp_path / "copy"))

    assert copied.exit_code == 1
    assert "var/ is a copy of another one" in copied.stderr
    assert rehearsed("run").exit_code == 0
