"""What a server's reply means for one message: pure rules, RFC 5321 4.2.1 and RFC 3463."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline.config import Delivery
from pipeline.errors import ReplyLost, TransportError, TransportUnavailable
from pipeline.ledger import Result, Start
from pipeline.schema import DeliveryStatus

# The address itself is at fault: mailing it again only hurts. Full boxes (x.2.2), routing
# (x.4.x), content (x.6.x) and policy (x.7.x) are not the reader's doing and suppress nobody.
DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a terminal would obey them
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")


class Reply(NamedTuple):
    """What a server said: its code decides, its text is kept for people."""

    code: int
    text: str


def make_reply(code: int, text: bytes | str) -> Reply:
    """A reply from what smtplib gives: its lines become one, without control characters."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not decoded.isprintable():
        decoded = _CONTROLS.sub(" ", decoded)
    return Reply(code, " ".join(decoded.split()))


def enhanced_code(code: int, text: str) -> str:
    """The RFC 3463 code at the start of a reply, or "" when there is none that fits.

    Its class must be the reply code's first digit; otherwise the reply code wins (RFC 2034 4).
    """
    match = _ENHANCED.match(text)
    return match[1] if match and match[1][0] == str(code)[0] else ""


def accepted(wish: Start, attempt: int, code: int, text: str) -> Result:
    """The next server has taken the message."""
    return Result(
        wish.campaign_id,
        wish.subscriber_id,
        attempt,
        DeliveryStatus.SENT,
        code,
        enhanced_code(code, text),
        text,
    )


def failed(wish: Start, attempt: int, error: TransportError, retry_at: datetime | None) -> Result:
    """What a refusal or a loss means; `retry_at` is None when trying has to end.

    A provider that will not work with us at all, be it for good, says nothing about the reader.
    """
    if isinstance(error, ReplyLost):
        status = DeliveryStatus.UNKNOWN
    elif error.permanent and not isinstance(error, TransportUnavailable):
        status = DeliveryStatus.REFUSED
    else:
        status = DeliveryStatus.DEFERRED if retry_at else DeliveryStatus.EXPIRED
    return Result(
        wish.campaign_id,
        wish.subscriber_id,
        attempt,
        status,
        error.code,
        error.enhanced_code,
        str(error),
        retry_at if status is DeliveryStatus.DEFERRED else None,
    )


def retry_at(
    attempt: int, launched_at: datetime, now: datetime, delivery: Delivery, jitter: float
) -> datetime | None:
    """When to try again after `attempt` failed for now; None once trying has gone on too long.

    `jitter` from 0 to 1 spreads a crowd of deferred messages over a fifth more time, so that
    they do not come back in one second (RFC 5321 4.5.4.1 asks for growing gaps).
    """
    steps = delivery.retry_minutes
    minutes = steps[min(attempt, len(steps)) - 1] * (1 + 0.2 * jitter)
    at = now + timedelta(minutes=minutes)
    return at if at <= launched_at + timedelta(hours=delivery.give_up_hours) else None


def is_about_us(error: TransportError) -> bool:
    """Whether a refusal may really mean us: no login, a blocked sender, policy.

    Servers say so in the reply to RCPT (Postfix) or to the body, to each reader in turn (530 of
    RFC 4954 6, X.7.X of RFC 3463 3.8).
    """
    return error.code == 530 or error.enhanced_code.startswith("5.7.")


def asks_to_slow_down(error: TransportError) -> bool:
    """Whether a receiver wants less mail from us for a while (RFC 5321 3.8, RFC 3463 3.8)."""
    if isinstance(error, TransportUnavailable) or error.permanent:
        return False
    return error.code == 421 or error.enhanced_code.startswith("4.7.")


def kills_address(result: Result) -> bool:
    """Whether a refusal says that the address does not exist."""
    return result.status is DeliveryStatus.REFUSED and result.enhanced_code in DEAD_ADDRESS
