"""Sending: the worker, its connections, what replies mean, and the local mailbox."""

from pipeline.delivery.letters import LetterBook
from pipeline.delivery.mailbox import LocalMailbox, Mail, list_mails, read_head, read_mail
from pipeline.delivery.notice_store import has_due_notices, plan_confirmation
from pipeline.delivery.notices import Notices
from pipeline.delivery.opening import none_works, probe, probe_each
from pipeline.delivery.routing import able_to_carry
from pipeline.delivery.worker import Worker
from pipeline.delivery.worker_name import gone_workers

__all__ = [
    "LetterBook",
    "LocalMailbox",
    "Mail",
    "Notices",
    "Worker",
    "able_to_carry",
    "gone_workers",
    "has_due_notices",
    "list_mails",
    "none_works",
    "plan_confirmation",
    "probe",
    "probe_each",
    "read_head",
    "read_mail",
]
