"""The tick: what `serve` does by itself, with the clock's hands moved by the test."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect

from pipeline import audience, campaigns
from pipeline.audience import read_keys
from pipeline.clock import Clock, Pass, Site, all_balances, run_pass, site_files
from pipeline.config import Provider, read_config
from pipeline.db import open_database
from pipeline.errors import PipelineError, TransportUnavailable
from pipeline.schema import CampaignState, DeliveryStatus
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday; the digest goes out on Tuesdays


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def open_site(site: SiteFolder, hands: Hands) -> Site:
    """A site with one post of that week and two readers."""
    site.add_post("first", title="First", date="2026-03-03")
    site.add_subscribers("readers", ["ada@example.com", "grace@example.org"])
    config = read_config(site.root, {})
    return Site(config, open_database(config), read_keys(config), hands)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def ticking(open_site: Site, smtp_server: CapturingServer, said: list[str]) -> Iterator[Clock]:
    """A clock whose ticks the test makes, sending to a mail server of the test's."""
    yield Clock(open_site, local(smtp_server), said.append)
    open_site.engine.dispose()


def local(server: CapturingServer) -> Provider:
    return Provider(host=server.host, port=server.port, security="none", connections=2)


def states(site: Site) -> list[CampaignState]:
    return [balance.campaign.state for balance in all_balances(site)]


def test_the_first_tick_publishes_and_launches(
    ticking: Clock, open_site: Site, said: list[str]
) -> None:
    ticking.tick()

    assert (open_site.output / "posts/first/index.html").is_file()
    assert states(open_site) == [CampaignState.SENDING]
    assert any("Rehearsal 1 of digest" in sentence for sentence in said)


def test_a_tick_with_nothing_to_do_says_nothing_and_writes_nothing(
    ticking: Clock, open_site: Site, said: list[str]
) -> None:
    ticking.tick()
    before = len(said)
    files = {file: file.stat().st_mtime_ns for file in open_site.output.rglob("*")}

    ticking.tick()

    assert said[before:] == []
    assert {file: file.stat().st_mtime_ns for file in open_site.output.rglob("*")} == files


def test_a_post_is_published_when_its_time_comes(
    ticking: Clock, open_site: Site, site: SiteFolder, hands: Hands
) -> None:
    site.add_post("later", date="2026-03-04T15:00:00Z")
    ticking.tick()
    assert not (open_site.output / "posts/later").exists()

    hands.move(hours=3)
    ticking.tick()

    assert (open_site.output / "posts/later/index.html").is_file()


def test_a_broken_post_is_named_once_and_work_goes_on_when_it_is_mended(
    ticking: Clock, open_site: Site, site: SiteFolder, said: list[str]
) -> None:
    path = site.add_post("broken", status="drraft")
    ticking.tick()
    ticking.tick()
    assert len([one for one in said if "broken.md" in one]) == 1
    assert states(open_site) == []

    path.unlink()
    ticking.tick()

    assert states(open_site) == [CampaignState.SENDING]


# --- files that are still being written ---------------------------------------------------------


def write_now(path: Path, hands: Hands, text: str) -> None:
    """Write a file at the moment that the clock shows."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (hands().timestamp(), hands().timestamp()))


def test_nothing_goes_to_a_list_whose_file_is_still_being_written(
    ticking: Clock, open_site: Site, site: SiteFolder, hands: Hands, said: list[str]
) -> None:
    file = site.root / "subscribers" / "readers.csv"
    write_now(file, hands, "email\nada@example.com\ngrace@example.co")
    ticking.tick()
    ticking.tick()

    assert states(open_site) == []
    assert [one for one in said if "readers.csv" in one] == [
        "Still being written, so left to the next look: readers.csv."
    ]

    hands.move(seconds=1)
    write_now(file, hands, "email\nada@example.com\ngrace@example.com\nlin@example.com\n")
    hands.move(seconds=5)
    ticking.tick()

    (balance,) = all_balances(open_site)
    assert balance.sheet.recipients == 3
    with open_site.engine.connect() as connection:
        half = audience.find_person(connection, audience.read_address("grace@example.co"))
    assert half == ()


def test_a_list_that_is_being_written_does_not_hold_up_the_others(
    ticking: Clock, open_site: Site, site: SiteFolder, hands: Hands
) -> None:
    file = site.root / "subscribers" / "members.csv"
    write_now(file, hands, "email\nlin@example.com\n")
    ticking.tick()

    assert states(open_site) == [CampaignState.SENDING]
    with open_site.engine.connect() as connection:
        assert [found.name for found in audience.read_lists(connection)] == ["readers"]

    hands.move(seconds=5)
    ticking.tick()

    with open_site.engine.connect() as connection:
        lists = audience.read_lists(connection)
    assert [found.name for found in lists] == ["members", "readers"]


def test_a_list_that_begins_to_be_written_while_another_is_read_is_not_launched_to(
    open_site: Site, site: SiteFolder, hands: Hands, smtp_server: CapturingServer
) -> None:
    site.add_subscribers("members", ["lin@example.com"])
    file = site.root / "subscribers" / "readers.csv"
    said: list[str] = []

    def begin_writing(sentence: str) -> None:
        said.append(sentence)
        if len(said) == 1:
            write_now(file, hands, "email\nada@example.com\n")

    clock = Clock(open_site, local(smtp_server), begin_writing)
    clock.tick()
    assert said[0] == "members.csv: 1 joined members."
    assert states(open_site) == []

    write_now(file, hands, "email\nada@example.com\ngrace@example.org\n")
    hands.move(seconds=5)
    clock.tick()
    (balance,) = all_balances(open_site)
    assert balance.sheet.recipients == 2


def test_half_a_post_is_neither_published_nor_mailed(
    ticking: Clock, open_site: Site, site: SiteFolder, hands: Hands
) -> None:
    path = site.root / "posts" / "first.md"
    whole = path.read_text("utf-8")
    write_now(path, hands, whole[:-9])
    ticking.tick()
    assert states(open_site) == []

    hands.move(seconds=1)
    write_now(path, hands, whole)
    hands.move(seconds=5)
    ticking.tick()
    assert states(open_site) == [CampaignState.SENDING]

    hands.move(seconds=5)
    page = open_site.output / "posts/first/index.html"
    published = page.read_text("utf-8")
    write_now(path, hands, whole + "And one sen")
    ticking.tick()
    assert page.read_text("utf-8") == published

    hands.move(seconds=5)
    ticking.tick()
    assert "And one sen" in page.read_text("utf-8")


def test_a_pass_waits_for_a_file_that_is_being_written(
    open_site: Site, site: SiteFolder, hands: Hands
) -> None:
    file = site.root / "subscribers" / "readers.csv"
    write_now(file, hands, "email\nada@example.com\n")
    stages: list[str] = []

    def finish_writing(stage: str) -> None:
        stages.append(stage)
        if len(stages) == 1:
            with file.open("a", encoding="utf-8") as more:
                more.write("grace@example.com\nlin@example.com\n")
            hands.move(seconds=5)

    done = run_pass(open_site, on_stage=finish_writing)

    assert stages[0] == "Waiting until readers.csv is written"
    assert [balance.sheet.recipients for balance in done.balances] == [3]


def test_a_pass_tells_of_a_file_that_is_being_written_all_the_time(
    open_site: Site, site: SiteFolder, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_files, "PATIENCE_SECONDS", 0.4)
    write_now(site.root / "subscribers" / "readers.csv", hands, "email\nada@example.com\n")

    with pytest.raises(PipelineError, match=r"readers\.csv: is still being written") as caught:
        run_pass(open_site)

    assert "run again" in caught.value.hint
    assert states(open_site) == []


def test_weeks_of_missed_occurrences_make_one_campaign(
    ticking: Clock, open_site: Site, site: SiteFolder, hands: Hands
) -> None:
    ticking.tick()
    site.add_post("second", date="2026-03-10")

    hands.move(days=21)
    ticking.tick()
    ticking.tick()

    assert len(states(open_site)) == 2


def test_nothing_new_is_said_once_for_each_occurrence(
    ticking: Clock, open_site: Site, hands: Hands, said: list[str]
) -> None:
    ticking.tick()
    hands.move(days=7)

    for _ in range(3):
        ticking.tick()

    assert len([one for one in said if "no new post, nothing to send" in one]) == 1
    assert len(states(open_site)) == 1


def test_two_clocks_on_one_database_launch_once(
    ticking: Clock, open_site: Site, smtp_server: CapturingServer
) -> None:
    other = Clock(open_site, local(smtp_server), lambda _: None)

    ticking.tick()
    other.tick()

    assert len(states(open_site)) == 1


def test_no_job_is_kept_in_the_database(ticking: Clock, open_site: Site) -> None:
    ticking.tick()

    assert "apscheduler_jobs" not in inspect(open_site.engine).get_table_names()


def test_a_running_clock_sends_to_everybody_and_stops_clean(
    open_site: Site, smtp_server: CapturingServer
) -> None:
    finished = threading.Event()

    def listen(sentence: str) -> None:
        if "is sent" in sentence:
            finished.set()

    clock = Clock(open_site, local(smtp_server), listen)
    clock.start()
    finished.wait(60)
    clock.stop()

    recipients = {message.recipients for message in smtp_server.received}
    assert recipients == {("ada@example.com",), ("grace@example.org",)}
    (balance,) = all_balances(open_site)
    assert balance.sheet.closes
    assert balance.sheet.counts[DeliveryStatus.SENT] == 2


def test_a_provider_that_refuses_us_is_never_replaced_by_the_mailbox(
    site: SiteFolder, open_site: Site, hands: Hands
) -> None:
    site.configure_more('[smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"')
    config = read_config(site.root, {})

    with pytest.raises(TransportUnavailable, match=r"127\.0\.0\.1:9 cannot be reached"):
        run_pass(Site(config, open_site.engine, open_site.keys, hands))

    assert states(open_site) == []
    assert not open_site.mailbox.exists()
    assert (open_site.output / "feed.xml").is_file()


def providers_at(*ports: int) -> str:
    return "".join(
        f'[smtp.at-{port}]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        for port in ports
    )


def test_a_pass_goes_on_by_the_providers_that_work_and_tells_of_the_others(
    site: SiteFolder, open_site: Site, smtp_server: CapturingServer, hands: Hands
) -> None:
    site.configure_more(providers_at(9, smtp_server.port))
    config = read_config(site.root, {})

    done = run_pass(Site(config, open_site.engine, open_site.keys, hands))

    assert len(smtp_server.received) == 2
    (problem,) = done.problems
    assert "127.0.0.1:9 cannot be reached" in str(problem)
    assert "[smtp.at-9]" in problem.hint


def test_when_no_provider_works_each_is_told_and_nothing_is_launched(
    site: SiteFolder, open_site: Site, hands: Hands
) -> None:
    site.configure_more(providers_at(9, 7))
    config = read_config(site.root, {})

    with pytest.raises(
        TransportUnavailable, match=r"none of 2 providers works.*:9 .*:7 "
    ) as caught:
        run_pass(Site(config, open_site.engine, open_site.keys, hands))

    assert "[smtp.at-9]" in caught.value.hint
    assert "[smtp.at-7]" in caught.value.hint
    assert states(open_site) == []


def pass_through(site: SiteFolder, of: Site, server: CapturingServer) -> Pass:
    """One pass with a provider set."""
    environment = {
        "PIPELINE_SMTP_HOST": server.host,
        "PIPELINE_SMTP_PORT": str(server.port),
        "PIPELINE_SMTP_SECURITY": "none",
    }
    config = read_config(site.root, environment)
    return run_pass(Site(config, of.engine, of.keys, of.now))


def test_a_rehearsal_leaves_the_posts_new_for_the_first_real_send(
    site: SiteFolder, open_site: Site, smtp_server: CapturingServer
) -> None:
    rehearsal = run_pass(open_site)
    again = run_pass(open_site)
    real = pass_through(site, open_site, smtp_server)
    after = pass_through(site, open_site, smtp_server)

    assert [len(done.balances) for done in (rehearsal, again, real, after)] == [1, 0, 1, 0]
    assert len(smtp_server.received) == 2
    assert all("X-Rehearsal" not in one.message for one in smtp_server.received)


def test_who_leaves_between_two_passes_gets_nothing_more(
    site: SiteFolder, open_site: Site, smtp_server: CapturingServer, hands: Hands
) -> None:
    pass_through(site, open_site, smtp_server)
    with open_site.engine.begin() as connection:
        (ada,) = audience.find_person(connection, audience.read_address("ada@example.com"))
        audience.unsubscribe(connection, ada.list_id, ada.subscriber_id, hands())
    site.add_post("second", date="2026-03-09")
    hands.move(days=7)

    pass_through(site, open_site, smtp_server)

    recipients = [one.recipients[0] for one in smtp_server.received]
    assert sorted(recipients) == ["ada@example.com", "grace@example.org", "grace@example.org"]


def test_a_renamed_file_is_neither_mailed_again_nor_new_in_the_feed(
    site: SiteFolder, open_site: Site, smtp_server: CapturingServer, hands: Hands
) -> None:
    body = "Worn is not finished. " * 40
    path = site.add_post("knees", body, title="Knees", date="2026-03-02")
    pass_through(site, open_site, smtp_server)
    feed = (open_site.output / "feed.json").read_text("utf-8")
    path.rename(path.with_name("arthritis.md"))
    hands.move(days=7)

    done = pass_through(site, open_site, smtp_server)

    assert done.balances == ()
    (rename,) = done.content.renames
    assert "arthritis.md looks like the published post 'knees'" in rename.sentence
    assert "aliases" in rename.hint
    identity = "tag:larkfield.example,2026-03-02:knees"
    assert identity in feed
    assert identity in (open_site.output / "feed.json").read_text("utf-8")


def test_a_short_post_is_not_mailed_again_when_title_and_date_are_put_right(
    site: SiteFolder, open_site: Site, smtp_server: CapturingServer, hands: Hands
) -> None:
    site.add_post("tip", "Stand up once an hour.\n", title="A tipp", date="2026-03-02")
    pass_through(site, open_site, smtp_server)
    site.add_post("tip", "Stand up once an hour.\n", title="A tip", date="2026-03-03")
    hands.move(days=7)

    done = pass_through(site, open_site, smtp_server)

    assert done.balances == ()
    assert len(smtp_server.received) == 2


def test_thirty_newsletters_due_at_once_are_all_launched(ticking: Clock, open_site: Site) -> None:
    (digest,) = open_site.config.newsletters
    many = tuple(replace(digest, name=f"letter-{number}") for number in range(30))
    with open_site.engine.begin() as connection:
        campaigns.declare_newsletters(connection, many, START)

    ticking.tick()

    assert len(states(open_site)) == 31


def test_a_tick_that_had_to_wait_is_late_and_neither_dropped_nor_run_twice(
    open_site: Site, said: list[str]
) -> None:
    clock = Clock(open_site, None, said.append)
    clock._scheduler.start(paused=True)  # the defaults count once it runs

    (job,) = clock._scheduler.get_jobs()
    clock._scheduler.shutdown()

    # What APScheduler does by itself: drops a job that is a second late, in silence.
    assert job.misfire_grace_time is None
    assert (job.coalesce, job.max_instances) == (True, 1)


class Patience(threading.Event):
    """An end that comes by itself after so many pauses, and notes how long each would have been."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.pauses: list[float | None] = []
        self._count = count

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        if len(self.pauses) == self._count:
            self.set()
        return self.is_set()


def test_a_provider_that_cannot_be_used_is_tried_ever_less_often(
    ticking: Clock, smtp_server: CapturingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp_server.answer("CONNECT", "554 5.7.1 not you")
    patience = Patience(10)
    monkeypatch.setattr(ticking, "_ended", patience)
    monkeypatch.setattr(ticking._work, "wait", lambda _: True)
    ticking.tick()

    ticking._send_for_ever()

    assert patience.pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert smtp_server.script.connections >= 10
