"""When limits let the last one go: said before, shown after, and never too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.audience import read_keys
from pipeline.clock import Clock, Pass, Site, foresee, last_finish, run_pass
from pipeline.clock.resting import Resting
from pipeline.config import Provider, read_config
from pipeline.db import open_database
from tests.support.site import SiteFolder
from tests.support.smtp import CapturingServer

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def open_site(site: SiteFolder, people: list[str], settings: str) -> Site:
    site.add_post("first", title="First", date="2026-03-03")
    site.add_subscribers("readers", people)
    site.configure_more(settings)
    config = read_config(site.root, {})
    return Site(config, open_database(config), read_keys(config), lambda: START)


def provider(server: CapturingServer, more: str = "", name: str = "") -> str:
    section = f"[smtp.{name}]" if name else "[smtp]"
    host = f'host = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
    return f"{section}\n{host}{more}\n"


def readers(count: int, domain: str = "example.com") -> list[str]:
    return [f"reader-{number}@{domain}" for number in range(count)]


def finish_of(done: Pass) -> datetime | None:
    return last_finish(done.balances)


def test_without_limits_nothing_is_foretold(site: SiteFolder, smtp_server: CapturingServer) -> None:
    done = run_pass(open_site(site, readers(3), provider(smtp_server)))

    assert finish_of(done) is None


def test_a_pass_that_a_limit_ends_tells_when_the_last_one_may_go(
    site: SiteFolder, smtp_server: CapturingServer
) -> None:
    opened = open_site(site, readers(25), provider(smtp_server, "messages_per_hour = 10"))
    promised: list[datetime | None] = []

    done = run_pass(opened, on_foresight=promised.append)

    (balance,) = done.balances
    assert balance.finish is not None
    assert balance.finish.people == 15
    assert 2 * HOUR <= balance.finish.at - START <= 2 * HOUR + timedelta(minutes=6)
    assert balance.finish.sentence.startswith("15 people wait: a limit of the provider smtp lets")
    (before,) = promised
    assert before is not None
    assert before >= START + 2 * HOUR


def test_the_slowest_provider_of_a_list_decides(
    site: SiteFolder, smtp_server: CapturingServer
) -> None:
    both = provider(smtp_server, "messages_per_day = 2\nweight = 1", "small") + provider(
        smtp_server, "weight = 3", "large"
    )
    opened = open_site(site, readers(40), both)
    promised: list[datetime | None] = []
    run_pass(opened, on_foresight=promised.append)

    (before,) = promised  # ten by the small one, two a day
    assert before is not None
    assert before >= START + timedelta(days=4)


def test_a_limit_of_receivers_counts_those_alone_also_before_the_roster_is_open(
    site: SiteFolder, smtp_server: CapturingServer
) -> None:
    slow = '[throttle.slow]\ndomains = ["slow.test", "also.test"]\nmessages_per_hour = 2\n'
    people = [*readers(10), *readers(3, "slow.test"), *readers(3, "also.test")]
    opened = open_site(site, people, provider(smtp_server) + slow)
    promised: list[datetime | None] = []

    done = run_pass(opened, on_foresight=promised.append)

    assert done.balances[0].sheet.open == 4
    for at in (promised[0], finish_of(done)):
        assert at is not None
        assert 2 * HOUR <= at - START <= 2 * HOUR + timedelta(minutes=6)


def test_serve_says_once_when_the_last_one_may_go(
    site: SiteFolder, smtp_server: CapturingServer
) -> None:
    opened = open_site(site, readers(9), provider(smtp_server, "messages_per_hour = 4"))
    said: list[str] = []
    clock = Clock(opened, None, said.append)
    clock.tick()
    clock._send()
    clock._send()

    assert len(smtp_server.received) == 4
    assert len([one for one in said if "a limit of the provider smtp" in one]) == 1


def test_looking_alone_foretells_too(site: SiteFolder, smtp_server: CapturingServer) -> None:
    opened = open_site(site, readers(9), provider(smtp_server, "messages_per_hour = 4"))
    done = run_pass(opened)

    assert foresee(opened, done.balances) == done.balances


# --- a provider that rests ----------------------------------------------------------------------

PROVIDERS = (Provider(name="one"), Provider(name="two"))


def awake(resting: Resting, seconds: float) -> list[str]:
    return [one.name for one in resting.awake(PROVIDERS, START + timedelta(seconds=seconds))]


def test_a_provider_that_failed_rests_ever_longer_while_the_other_works() -> None:
    resting = Resting()
    at, rests = 0.0, []
    for _ in range(10):
        resting.note(PROVIDERS, {"one"}, START + timedelta(seconds=at))
        rest = next(rest for rest in range(1, 1000) if "one" in awake(resting, at + rest))
        rests.append(rest)
        at += rest

    assert rests == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_provider_that_works_again_rests_as_briefly_as_at_first() -> None:
    resting = Resting()
    for failed in ({"one"}, {"one"}, set[str](), {"one"}):
        resting.note(PROVIDERS, failed, START)

    assert awake(resting, 4) == ["two"]
    assert awake(resting, 5) == ["one", "two"]


def test_when_all_rest_all_are_tried() -> None:
    resting = Resting()
    resting.note(PROVIDERS, {"one", "two"}, START)

    assert awake(resting, 1) == ["one", "two"]


def test_a_clock_put_back_wakes_who_rests() -> None:
    resting = Resting()
    resting.note(PROVIDERS, {"one"}, START)

    assert awake(resting, -3600) == ["one", "two"]


def test_serve_lets_a_provider_that_is_down_rest(
    site: SiteFolder, smtp_server: CapturingServer
) -> None:
    more = 'lists = ["members"]'
    down = CapturingServer()
    down.start()
    down.answer("CONNECT", "554 5.7.1 not you")
    two = provider(down, more, "down") + provider(smtp_server, "messages_per_hour = 1", "up")
    site.add_subscribers("members", readers(1, "members.test"))
    two += '[[newsletter]]\nname = "members"\nlist = "members"\n'
    opened = open_site(site, readers(5), two)
    clock = Clock(opened, None, lambda _: None)
    clock.tick()
    for _ in range(3):
        clock._send()
    down.stop()

    assert down.script.connections == 1
