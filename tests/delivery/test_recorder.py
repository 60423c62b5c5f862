"""The recorder gives each start to one connection."""

from __future__ import annotations

from concurrent.futures import Future

from sqlalchemy import Engine

from pipeline.delivery.recorder import Recorder, _StartWish
from pipeline.ledger import Start
from tests.ledger.books import LEASE, NOW, Books


def test_two_connections_that_wish_for_one_message_start_it_once(engine: Engine) -> None:
    campaign = Books.open(engine, 2).launch()
    campaign.open_all()
    recorder = Recorder(engine, "a", LEASE, lambda: NOW, lambda _: None)
    wishes = [_StartWish(Start(campaign.campaign_id, one), Future()) for one in (1, 2, 1)]

    recorder._write(wishes)

    assert [one.attempt.result() for one in wishes] == [1, 1, None]
