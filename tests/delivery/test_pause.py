"""A pause ends by the first of two clocks."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from pipeline.delivery.pause import Pause
from tests.delivery.sending import Hand

LENGTH = timedelta(seconds=20)


def test_it_lasts_from_its_beginning_to_its_end() -> None:
    pause = Pause(Hand())
    before = pause.lasts
    pause.begin(LENGTH)
    meanwhile = pause.lasts
    pause.end()

    assert (before, meanwhile, pause.lasts) == (False, True, False)


def test_it_ends_by_the_clock_on_the_wall_though_the_machine_slept() -> None:
    wall = Hand()
    pause = Pause(wall)
    pause.begin(LENGTH)

    wall.forward(seconds=20)
    assert not pause.lasts


def test_it_ends_in_time_though_the_clock_on_the_wall_was_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wall = Hand()
    pause = Pause(wall)
    pause.begin(LENGTH)
    wall.forward(hours=-1)
    assert pause.lasts

    later = time.monotonic() + 20
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not pause.lasts
