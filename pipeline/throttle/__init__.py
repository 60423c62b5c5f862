"""How much may be begun now: limits of a provider and its receiving domains, and what they learn.

All connections and processes share it through the database, and it survives a restart. It is asked
inside the worker's own transactions and opens none. windows.py counts, pace.py learns, forecast.py
says when all will have left, shares.py divides connections; the rest reads and writes rows.
"""

from pipeline.throttle.limiter import (
    finish_at,
    give_back,
    learn,
    read_full,
    read_learned,
    take,
)
from pipeline.throttle.pace import Pace
from pipeline.throttle.scope import Grant, Rule, Scope, make_rules
from pipeline.throttle.shares import Need
from pipeline.throttle.slot_store import is_awaited, read_slot_workers, return_slots, take_slots

__all__ = [
    "Grant",
    "Need",
    "Pace",
    "Rule",
    "Scope",
    "finish_at",
    "give_back",
    "is_awaited",
    "learn",
    "make_rules",
    "read_full",
    "read_learned",
    "read_slot_workers",
    "return_slots",
    "take",
    "take_slots",
]
