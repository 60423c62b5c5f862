"""A worker process of a trial: passes over the throw-away site until everything is sent.

It hears words from its conductor: a point to die at, or that its disk is full and has room again.
It says when the database would not, and when the site is held.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline import ledger
from pipeline.audience import read_keys
from pipeline.clock import Site, all_balances, run_pass
from pipeline.config import read_config
from pipeline.db import database_url, make_engine, reading
from pipeline.errors import DatabaseUnavailable, PipelineError, SiteHeld
from pipeline.proving.deciding import decide
from pipeline.proving.dying import Doom, Point
from pipeline.proving.sabotage import SABOTAGES
from pipeline.proving.server import read_log
from pipeline.proving.trial import SINK_LOG, FastClock, Order
from pipeline.schema import CampaignState

BREATH_SECONDS = 0.1  # between two passes
DISK_FULL, DISK_HAS_ROOM = "disk full", "disk has room"  # heard
REFUSED, HELD = "refused", "held"  # said


def send(order: Order, conductor: Connection) -> None:
    """Send until nothing is left, or until whoever gave the order is gone."""
    os.setpgid(0, 0)  # Ctrl-C is for the conductor, which then ends us
    _write_to(Path(order.log))
    if order.sabotage:
        SABOTAGES[order.sabotage]()
    doom = Doom(order.point)
    doom.place_points()
    threading.Thread(target=_listen, args=(doom, conductor), daemon=True).start()
    site = _open(order)
    if order.point == Point.RECONCILE:
        copies, _ = read_log(Path(order.folder) / SINK_LOG)
        decide(site.engine, copies, site.now())
    while not _is_finished(site):
        _pass(site, conductor)
        time.sleep(BREATH_SECONDS)


def _pass(site: Site, conductor: Connection) -> None:
    try:
        problems = run_pass(site).problems
    except PipelineError as error:
        problems = (error,)
    for problem in problems:
        with suppress(OSError):  # its disk may be full
            os.write(2, f"{problem}\n".encode())
        if isinstance(problem, DatabaseUnavailable):
            conductor.send(REFUSED)
        elif isinstance(problem, SiteHeld):
            conductor.send(HELD)


def _write_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)


def _open(order: Order) -> Site:
    config = read_config(Path(order.folder), {"PIPELINE_SMTP_PORT": str(order.port)})
    clock = FastClock(order.began, order.step_seconds)
    return Site(config, make_engine(database_url(config)), read_keys(config), clock)


def _is_finished(site: Site) -> bool:
    try:
        with reading(site.engine) as connection:
            if ledger.has_unsettled(connection):
                return False
        states = [one.campaign.state for one in all_balances(site)]
    except DatabaseUnavailable:
        return False
    over = {CampaignState.SENT, CampaignState.CANCELLED}
    return len(states) == len(site.config.newsletters) and over.issuperset(states)


def _listen(doom: Doom, conductor: Connection) -> None:
    with suppress(EOFError, OSError):
        while True:
            word = conductor.recv()
            if word in (DISK_FULL, DISK_HAS_ROOM):
                _limit_files(full=word == DISK_FULL)
            else:
                doom.point = word
    os._exit(1)  # nobody conducts any more


def _limit_files(*, full: bool) -> None:
    """Let no file be written, as if the disk had no room; Python ignores the signal."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0 if full else most, most))
