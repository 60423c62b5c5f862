"""What happens when: one pass over the whole site, and the tick that repeats it.

A pass reads posts and lists, publishes feeds, launches what is due and sends it.
"""

from pipeline.clock.arming import arm
from pipeline.clock.erasing import erase
from pipeline.clock.everything import read_everything
from pipeline.clock.finishing import foresee, last_finish
from pipeline.clock.history import Happening, History, read_history
from pipeline.clock.joining import purge_requests, settle_requests
from pipeline.clock.one_pass import Pass, run_pass
from pipeline.clock.retention import Forgotten, forget_old
from pipeline.clock.settling import settle_campaigns
from pipeline.clock.site import Site
from pipeline.clock.steps import (
    Balance,
    Content,
    Finish,
    Look,
    all_balances,
    balances,
    declare_newsletters,
    find_newsletter,
    publish_feeds,
    read_content,
    read_newsletters,
)
from pipeline.clock.ticking import Clock

__all__ = [
    "Balance",
    "Clock",
    "Content",
    "Finish",
    "Forgotten",
    "Happening",
    "History",
    "Look",
    "Pass",
    "Site",
    "all_balances",
    "arm",
    "balances",
    "declare_newsletters",
    "erase",
    "find_newsletter",
    "foresee",
    "forget_old",
    "last_finish",
    "publish_feeds",
    "purge_requests",
    "read_content",
    "read_everything",
    "read_history",
    "read_newsletters",
    "run_pass",
    "settle_campaigns",
    "settle_requests",
]
