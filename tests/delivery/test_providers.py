"""Several providers: by weight, as a fallback, for certain lists; with real workers and SMTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from pipeline import throttle
from pipeline.db import writing
from pipeline.errors import TransportUnavailable
from pipeline.throttle import Need, Scope
from tests.delivery.sending import (
    EDITION,
    NEWSLETTER,
    Sending,
    copies,
    one_each,
    outcome,
    provider_at,
    run_in_thread,
    some_people,
)
from tests.support.smtp import CapturingServer

StartServer = Callable[..., CapturingServer]
DOWN = "554 5.7.1 not you"


def test_mail_is_shared_by_weight(sending: Sending, start_smtp_server: StartServer) -> None:
    many, few = start_smtp_server(), start_smtp_server()
    sending.launch(some_people(40))
    sending.worker_by(
        provider_at(many, name="many", weight=3, connections=3), provider_at(few, name="few")
    ).run()

    assert copies(many, few) == one_each(range(1, 41))
    assert 8 <= len(few.received) <= 12
    assert sending.finished


def test_who_has_used_up_its_quota_leaves_the_rest_to_the_other(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    limited, free = start_smtp_server(), start_smtp_server()
    sending.launch(some_people(30))
    sending.worker_by(
        provider_at(limited, name="limited", messages_per_hour=5), provider_at(free, name="free")
    ).run()

    assert (len(limited.received), len(free.received)) == (5, 25)
    assert copies(limited, free) == one_each(range(1, 31))


def test_a_provider_whose_connections_others_have_is_not_waited_for(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    taken, free = start_smtp_server(), start_smtp_server()
    sending.launch(some_people(10))
    now = sending.clock()
    with writing(sending.engine) as connection:
        until = now + timedelta(hours=1)
        throttle.take_slots(connection, Scope("taken"), "elsewhere:1:a", Need(1), 1, now, until)
    sending.worker_by(provider_at(taken, name="taken"), provider_at(free, name="free")).run()

    assert (len(taken.received), len(free.received)) == (0, 10)


def test_a_fallback_is_not_even_connected_to_while_the_other_works(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    usual, spare = start_smtp_server(), start_smtp_server()
    sending.launch(some_people(20))
    sending.worker_by(
        provider_at(usual, name="usual", connections=2),
        provider_at(spare, name="spare", fallback=True),
    ).run()

    assert len(usual.received) == 20
    assert spare.script.connections == 0


def test_a_fallback_takes_over_in_mid_send_and_nobody_is_lost_doubled_or_put_off(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    usual, spare = start_smtp_server(), start_smtp_server()
    usual.answer("MAIL", "550 5.7.1 your account is closed", after=6)
    sending.launch(some_people(30))
    problems: list[TransportUnavailable] = []
    worker = sending.worker_by(
        provider_at(usual, name="usual", connections=3),
        provider_at(spare, name="spare", connections=3, fallback=True),
        on_problem=problems.append,
    )
    worker.run()

    assert copies(usual, spare) == one_each(range(1, 31))
    assert len(usual.received) <= 6
    assert sending.counts == {"sent": 30}
    assert ["your account is closed" in str(one) for one in problems] == [True]
    assert worker.failed == {"usual"}


def test_a_list_goes_by_the_provider_that_is_for_it(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    special, usual = start_smtp_server(), start_smtp_server()
    sending.launch(some_people(5))
    members = replace(NEWSLETTER, name="members", list="members")
    theirs = replace(EDITION, id="1" * 64, newsletter="members")
    sending.launch([("ada@members.example", "")], theirs, members)
    sending.worker_by(
        provider_at(special, name="special", lists=("members",)),
        provider_at(usual, name="usual", lists=("readers",)),
    ).run()

    assert copies(special) == {"ada@members.example": 1}
    assert copies(usual) == one_each(range(1, 6))


def test_a_list_whose_provider_is_down_waits_and_the_others_go(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    down, usual = start_smtp_server(), start_smtp_server()
    down.answer("CONNECT", DOWN)
    members = replace(NEWSLETTER, name="members", list="members")
    theirs = replace(EDITION, id="1" * 64, newsletter="members")
    sending.launch([("ada@members.example", "")], theirs, members)
    waiting = sending.campaign_id
    sending.launch(some_people(5))
    providers = (
        provider_at(down, name="down", lists=("members",)),
        provider_at(usual, name="usual", lists=("readers",)),
    )
    problems: list[TransportUnavailable] = []
    assert outcome(sending.worker_by(*providers, on_problem=problems.append)) is None

    assert sending.counts == {"sent": 5}
    assert len(problems) == 1
    sending.campaign_id = waiting
    assert sending.counts == {"planned": 1}
    assert sending.lent == 0

    down.script.answers.clear()
    sending.worker_by(*providers).run()
    assert sending.counts == {"sent": 1}


def test_when_all_providers_are_down_the_last_one_is_told_and_all_stay_planned(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    servers = start_smtp_server(), start_smtp_server()
    for server in servers:
        server.answer("CONNECT", DOWN)
    sending.launch(some_people(5))
    problems: list[TransportUnavailable] = []
    names = ("one", "two")
    providers = [
        provider_at(server, name=name) for server, name in zip(servers, names, strict=True)
    ]
    worker = sending.worker_by(*providers, on_problem=problems.append)

    assert isinstance(outcome(worker), TransportUnavailable)
    assert len(problems) == 1
    assert worker.failed == {"one", "two"}
    assert sending.counts == {"planned": 5}
    assert sending.lent == 0


def test_two_workers_share_a_quota_of_each_of_two_providers(
    sending: Sending, start_smtp_server: StartServer
) -> None:
    first, second = start_smtp_server(), start_smtp_server()
    sending.with_delivery(range_size=3).launch(some_people(40))
    providers = (
        provider_at(first, name="first", connections=2, messages_per_hour=10),
        provider_at(second, name="second", connections=2, messages_per_hour=15),
    )
    ends = [run_in_thread(sending.worker_by(*providers)) for _ in range(2)]

    assert [end() for end in ends] == [None, None]
    assert (len(first.received), len(second.received)) == (10, 15)
    assert sending.counts == {"sent": 25, "planned": 15}
