"""A worker process of a trial: passes over the throw-away site until everything is sent.

Its first line of input is its order; each further line names a point to die at.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from pipeline.audience import read_keys
from pipeline.clock import Site, all_balances, run_pass
from pipeline.config import read_config
from pipeline.db import database_url, make_engine
from pipeline.errors import PipelineError
from pipeline.proving.dying import Doom
from pipeline.proving.sabotage import SABOTAGES
from pipeline.proving.trial import FastClock, Order
from pipeline.schema import CampaignState

BREATH_SECONDS = 0.1  # between two passes


def main() -> None:
    """Send until nothing is left, or until whoever gave the order is gone."""
    order = Order(**json.loads(sys.stdin.readline()))
    if order.sabotage:
        SABOTAGES[order.sabotage]()
    doom = Doom(order.point)
    doom.place_points()
    threading.Thread(target=_listen, args=(doom,), daemon=True).start()
    site = _open(order)
    while not _is_finished(site):
        try:
            for problem in run_pass(site).problems:
                _say(problem)
        except PipelineError as error:
            _say(error)
        time.sleep(BREATH_SECONDS)


def _open(order: Order) -> Site:
    config = read_config(Path(order.folder), {"PIPELINE_SMTP_PORT": str(order.port)})
    clock = FastClock(order.began, order.step_seconds)
    return Site(config, make_engine(database_url(config)), read_keys(config), clock)


def _is_finished(site: Site) -> bool:
    found = all_balances(site)
    return bool(found) and all(one.campaign.state is CampaignState.SENT for one in found)


def _say(problem: PipelineError) -> None:
    sys.stderr.write(f"{problem}\n")


def _listen(doom: Doom) -> None:
    for line in sys.stdin:
        doom.point = line.strip()
    os._exit(1)  # nobody conducts any more


if __name__ == "__main__":
    main()
