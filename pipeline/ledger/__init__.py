"""The ledger: one row per campaign and person, for ever; every recipient is accounted for.

Nobody is lost: a person is `planned` before sending begins, and a row only leaves `planned` by a
committed decision. Nobody is doubled: before the body of a message leaves, its row goes to
`started` by a conditional update (rule 4, the fence); what does not come back is not sent. Where
each rule lives: roster.py (2), leases.py (3, 6, 9), fence.py (4, 5), reconcile.py (7), copies.py
(8), sheet.py (the balance); settling.py brings paused and cancelled campaigns to rest.
"""

from pipeline.ledger.copies import Armed, arm, find_hold, raise_generation
from pipeline.ledger.decisions import Decided, keep_decisions, read_decisions
from pipeline.ledger.fence import Result, Start, kept_reply, record, skip_gone, start
from pipeline.ledger.forgetting import forget_replies
from pipeline.ledger.histories import PersonDelivery, deliveries_of
from pipeline.ledger.leases import (
    Range,
    Recipient,
    finish_campaigns,
    is_held,
    lease_range,
    read_recipients,
    read_workers,
    release_range,
    renew_leases,
)
from pipeline.ledger.receivers import count_open_at, read_list_name
from pipeline.ledger.reconcile import Doubt, read_doubts, reconcile
from pipeline.ledger.roster import count_eligible, open_cancelled, open_range
from pipeline.ledger.settling import has_unsettled, settle_range
from pipeline.ledger.sheet import Sheet, has_accepted, read_sheet, read_sheets

__all__ = [
    "Armed",
    "Decided",
    "Doubt",
    "PersonDelivery",
    "Range",
    "Recipient",
    "Result",
    "Sheet",
    "Start",
    "arm",
    "count_eligible",
    "count_open_at",
    "deliveries_of",
    "find_hold",
    "finish_campaigns",
    "forget_replies",
    "has_accepted",
    "has_unsettled",
    "is_held",
    "keep_decisions",
    "kept_reply",
    "lease_range",
    "open_cancelled",
    "open_range",
    "raise_generation",
    "read_decisions",
    "read_doubts",
    "read_list_name",
    "read_recipients",
    "read_sheet",
    "read_sheets",
    "read_workers",
    "reconcile",
    "record",
    "release_range",
    "renew_leases",
    "settle_range",
    "skip_gone",
    "start",
]
