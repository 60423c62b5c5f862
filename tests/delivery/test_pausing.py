"""A campaign paused or cancelled in mid-send: the very next message stays here, nobody is lost."""

from __future__ import annotations

import pytest

from pipeline.campaigns import Step, move_campaign
from pipeline.clock import Site, settle_campaigns
from pipeline.db import writing
from pipeline.errors import InvalidTransition
from tests.delivery.sending import KEYS, Sending, copies, meanwhile, one_each, some_people
from tests.support.smtp import CapturingServer


def move(sending: Sending, step: Step) -> None:
    with writing(sending.engine) as connection:
        move_campaign(connection, sending.campaign_id, step, "ada", sending.clock())


def test_a_pause_holds_for_the_very_next_message(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(20))
    meanwhile(smtp_server, ".", lambda: move(sending, Step.PAUSE), after=8)
    sending.worker(smtp_server).run()

    assert copies(smtp_server) == one_each(range(1, 10))  # the ninth was in flight
    assert sending.counts == {"sent": 9, "planned": 11}
    sending.worker(smtp_server).run()
    assert sending.counts == {"sent": 9, "planned": 11}

    move(sending, Step.RESUME)
    sending.worker(smtp_server, connections=3).run()

    assert copies(smtp_server) == one_each(range(1, 21))
    assert sending.finished


def test_cancelling_holds_for_the_very_next_message_and_accounts_for_everybody(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(20))
    meanwhile(smtp_server, ".", lambda: move(sending, Step.CANCEL), after=8)
    sending.worker(smtp_server).run()

    assert sending.counts == {"sent": 9, "cancelled": 11}
    settle_campaigns(Site(sending.config, sending.engine, KEYS, sending.clock))

    assert copies(smtp_server) == one_each(range(1, 10))
    assert sending.counts == {"sent": 9, "cancelled": 11}
    assert sending.rows == 20
    with pytest.raises(InvalidTransition, match="cannot be resumed"):
        move(sending, Step.RESUME)


def test_a_campaign_that_is_sent_is_neither_paused_nor_cancelled(
    sending: Sending, smtp_server: CapturingServer
) -> None:
    sending.launch(some_people(2))
    sending.worker(smtp_server).run()

    for step in Step:
        with pytest.raises(InvalidTransition, match="is sent"):
            move(sending, step)
    assert sending.finished
