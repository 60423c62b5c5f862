"""Notices over real SMTP: what replies mean, who carries them, and what a crash leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from pipeline import schema
from pipeline.audience import Asking, add_request, read_address
from pipeline.clock import Site, run_pass, settle_requests
from pipeline.clock.joining import make_notices
from pipeline.clock.noticing import Noticing
from pipeline.config import Joining, Provider
from pipeline.db import writing
from pipeline.delivery import notice_store
from pipeline.delivery.notices import Notices
from pipeline.errors import TransportUnavailable
from pipeline.schema import NoticeState
from tests.delivery.conftest import settings_for
from tests.support.forms import Time, open_site
from tests.support.site import SiteFolder
from tests.support.smtp import DROP, CapturingServer

DEFERRED, PLANNED, REFUSED = NoticeState.DEFERRED, NoticeState.PLANNED, NoticeState.REFUSED
SENT, STARTED, UNKNOWN = NoticeState.SENT, NoticeState.STARTED, NoticeState.UNKNOWN


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def asked(site: SiteFolder, engine: Engine, time: Time) -> Site:
    """A site of which ada@example.com and grace@example.org are to be asked."""
    made = open_site(site, engine, time)
    for address in ("ada@example.com", "grace@example.org"):
        ask(made, address)
    settle_requests(made)
    return made


def ask(site: Site, address: str) -> None:
    asking = Asking("readers", read_address(address), "words", "https://x.example/", "", "")
    with writing(site.engine) as connection:
        assert add_request(connection, asking, Joining(), site.now())


def rows(site: Site) -> list[Any]:
    with writing(site.engine) as connection:
        return list(connection.execute(select(schema.notices).order_by(schema.notices.c.id)))


def states(site: Site) -> list[str]:
    return [row.state for row in rows(site)]


def send(site: Site, *servers: CapturingServer, **values: Any) -> Notices:
    providers = [
        settings_for(server, name=f"smtp{number}") for number, server in enumerate(servers)
    ]
    return send_by(site, [replace(one, **values) for one in providers])


def send_by(site: Site, providers: list[Provider]) -> Notices:
    notices = make_notices(site)
    notices.run(providers)
    return notices


def test_each_is_sent_once_over_one_connection(asked: Site, smtp_server: CapturingServer) -> None:
    send(asked, smtp_server)
    send(asked, smtp_server)

    assert states(asked) == [SENT, SENT]
    assert [one.recipients for one in smtp_server.received] == [
        ("ada@example.com",),
        ("grace@example.org",),
    ]
    assert smtp_server.script.connections == 1
    assert rows(asked)[0].code == 250


def test_a_no_for_now_is_tried_again_and_a_no_for_good_is_not(
    asked: Site, smtp_server: CapturingServer, time: Time
) -> None:
    smtp_server.answer("RCPT", "451 4.3.0 later", to="ada", times=1)
    smtp_server.answer("RCPT", "550 5.1.1 nobody", to="grace")
    send(asked, smtp_server)
    first, second = rows(asked)
    assert (first.state, first.code, first.enhanced_code) == (DEFERRED, 451, "4.3.0")
    assert (second.state, second.next_attempt_at) == (REFUSED, None)

    send(asked, smtp_server)
    assert states(asked) == [DEFERRED, REFUSED]
    time.pass_by(minutes=7)
    send(asked, smtp_server)

    assert states(asked) == [SENT, REFUSED]
    assert rows(asked)[0].attempt == 2


def test_trying_ends(asked: Site, smtp_server: CapturingServer, time: Time) -> None:
    smtp_server.answer("RCPT", "451 4.3.0 later")
    for _ in range(60):
        send(asked, smtp_server)
        time.pass_by(hours=4)

    assert states(asked) == [NoticeState.EXPIRED, NoticeState.EXPIRED]
    assert smtp_server.received == []


def test_a_lost_reply_is_in_doubt_and_the_same_message_goes_once_more(
    asked: Site, smtp_server: CapturingServer, time: Time
) -> None:
    smtp_server.answer(".", DROP, to="ada")
    for _ in range(3):
        send(asked, smtp_server)
        time.pass_by(minutes=10)
    first, second = rows(asked)

    assert (first.state, first.attempt, first.next_attempt_at) == (UNKNOWN, 2, None)
    assert second.state == SENT


def test_what_was_in_flight_at_a_kill_is_in_doubt_and_goes_once_more(
    asked: Site, smtp_server: CapturingServer
) -> None:
    with writing(asked.engine) as connection:
        ada, grace = notice_store.read_due(connection, asked.now(), 0, 10)
        assert notice_store.start(connection, ada.id, "gone.example:1:a", asked.now()) == 1
        assert notice_store.start(connection, grace.id, _dead_here(), asked.now()) == 1
    send(asked, smtp_server)
    assert states(asked) == [STARTED, SENT]

    with writing(asked.engine) as connection:
        connection.execute(
            update(schema.notices)
            .where(schema.notices.c.id == grace.id)
            .values(state=STARTED, worker=_dead_here(), attempt=2)
        )
    send(asked, smtp_server)

    assert states(asked) == [STARTED, UNKNOWN]
    assert len(smtp_server.received) == 1


def _dead_here() -> str:
    import socket
    import subprocess
    import sys

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return f"{socket.gethostname()}:{gone.pid}:a"


def test_a_copy_sent_once_more_has_the_same_id_and_link(
    asked: Site, smtp_server: CapturingServer, time: Time
) -> None:
    send(asked, smtp_server)
    with writing(asked.engine) as connection:
        connection.execute(
            update(schema.notices).values(state=UNKNOWN, next_attempt_at=time(), attempt=1)
        )
    time.pass_by(minutes=5)
    send(asked, smtp_server)

    messages = [one.content.decode() for one in smtp_server.received if "ada" in one.recipients[0]]
    assert len(messages) == 2
    for pattern in (r"Message-ID: <\S+>", r"https://larkfield.example/confirm/\S+"):
        first, second = (re.findall(pattern, message) for message in messages)
        assert first == second
        assert first


def test_only_one_of_two_senders_begins_a_notice(asked: Site) -> None:
    with writing(asked.engine) as connection:
        first, _ = notice_store.read_due(connection, asked.now(), 0, 10)
        attempts = [
            notice_store.start(connection, first.id, name, asked.now()) for name in ("a", "b")
        ]

    assert attempts == [1, None]


def test_a_server_that_closes_after_each_message_is_no_fault(
    asked: Site, smtp_server: CapturingServer
) -> None:
    send(asked, smtp_server, messages_per_connection=1)

    assert states(asked) == [SENT, SENT]
    assert smtp_server.script.connections == 2


def test_another_provider_takes_over_and_a_fallback_only_then(
    asked: Site, start_smtp_server: Callable[..., CapturingServer]
) -> None:
    main, spare = start_smtp_server(), start_smtp_server()
    main.answer("MAIL", "550 5.7.1 not from you")
    one, other = settings_for(main, name="main"), settings_for(spare, name="spare", fallback=True)
    send_by(asked, [other, one])

    assert states(asked) == [SENT, SENT]
    assert len(spare.received) == 2
    ask(asked, "third@example.com")
    settle_requests(asked)
    main.script.answers.clear()
    send_by(asked, [other, one])
    assert len(main.received) == 1


def test_without_a_provider_that_works_all_stay_planned(
    asked: Site, smtp_server: CapturingServer
) -> None:
    smtp_server.answer("MAIL", "451 4.3.2 not now")
    with pytest.raises(TransportUnavailable):
        send(asked, smtp_server)

    assert states(asked) == [PLANNED, PLANNED]
    assert [row.attempt for row in rows(asked)] == [0, 0]


def test_limits_hold_for_notices_too(asked: Site, smtp_server: CapturingServer, time: Time) -> None:
    send(asked, smtp_server, messages_per_minute=1)
    assert states(asked) == [SENT, PLANNED]
    time.pass_by(minutes=1, seconds=1)
    send(asked, smtp_server, messages_per_minute=1)

    assert states(asked) == [SENT, SENT]


def test_a_held_site_sends_no_notice(
    asked: Site, smtp_server: CapturingServer, site: SiteFolder
) -> None:
    place = settings_for(smtp_server)
    site.add_post("first", date="2026-03-02")
    run_pass(asked)
    ask(asked, "late@example.com")
    file = asked.config.var / "installation.json"
    file.rename(file.with_suffix(".away"))

    Noticing(asked, place, lambda *_: None).look()
    run_pass(asked)

    assert smtp_server.received == []
    assert states(asked) == [SENT, SENT]  # of before, to the local mailbox


def test_serving_answers_a_request_by_itself(asked: Site, smtp_server: CapturingServer) -> None:
    said: list[str] = []
    noticing = Noticing(asked, settings_for(smtp_server), lambda _, text: said.append(text))
    noticing.start()
    try:
        smtp_server.wait_for(2)
    finally:
        noticing.stop()

    assert states(asked) == [SENT, SENT]
    assert set(said) <= {""}


def test_an_erased_person_gets_no_notice(asked: Site, smtp_server: CapturingServer) -> None:
    with writing(asked.engine) as connection:
        connection.execute(
            update(schema.subscribers)
            .where(schema.subscribers.c.email == "ada@example.com")
            .values(email=None, identity=None)
        )
    send(asked, smtp_server)

    assert [one.recipients for one in smtp_server.received] == [("grace@example.org",)]
