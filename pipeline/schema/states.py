"""The states that rows can be in; each has its sentence."""

from __future__ import annotations

from enum import StrEnum


class SubscriptionState(StrEnum):
    """Where a person stands with one list."""

    PENDING = "pending"  # asked, not yet confirmed: gets nothing but the confirmation mail
    CONFIRMED = "confirmed"  # gets the list's mail
    UNSUBSCRIBED = "unsubscribed"  # left; an import does not bring them back


class ConsentEvent(StrEnum):
    """What a consent receipt tells of."""

    ASKED = "asked"  # a person filled in a form; they are to confirm it by mail
    CONFIRMED = "confirmed"  # the person at the address said yes
    JOINED = "joined"  # a person joined a list that asks for no confirmation
    IMPORTED = "imported"  # a batch of people was brought over, on the basis it states
    CHANGED = "changed"  # the person chose other lists or another rhythm, or moved
    LEFT = "left"  # the person, or staff for them, took the consent back
    RETURNED = "returned"  # the person took back that they had left
    ERASED = "erased"  # what the receipts before this one say of the person is gone


class SuppressionReason(StrEnum):
    """Why an address is never to be mailed."""

    HARD_BOUNCE = "hard_bounce"  # a server says that there is no such address
    REPEATED_BOUNCE = "repeated_bounce"  # it could not be reached again and again
    COMPLAINT = "complaint"  # the reader marked a mail as spam
    UNSUBSCRIBED_ALL = "unsubscribed_all"  # the reader wants no mail at all
    ERASED = "erased"  # the reader had everything erased; only a keyed hash is left
    MANUAL = "manual"  # staff decided so


class CampaignState(StrEnum):
    """How far a campaign has come."""

    SENDING = "sending"  # launched; workers take its ranges
    PAUSED = "paused"  # nothing more is started until it is resumed
    CANCELLED = "cancelled"  # nothing more is ever started; open rows count as cancelled
    SENT = "sent"  # roster complete, and no row is planned, started or deferred


class DeliveryStatus(StrEnum):
    """Where one message to one person stands: the balance sheet's columns."""

    PLANNED = "planned"  # on the roster, not yet begun
    STARTED = "started"  # in flight: its body may have left
    SENT = "sent"  # accepted by the next server; not "in the inbox"
    DEFERRED = "deferred"  # refused for now (4xx); tried again at next_attempt_at
    REFUSED = "refused"  # refused for good (5xx)
    UNKNOWN = "unknown"  # the body left and no reply was seen; a person decides
    SKIPPED = "skipped"  # might no longer get it when its turn came; see reason
    CANCELLED = "cancelled"  # the campaign was called off first
    EXPIRED = "expired"  # deferred until trying ended
    BOUNCED = "bounced"  # accepted, then reported undeliverable
    COMPLAINED = "complained"  # accepted, then marked as spam


class Outcome(StrEnum):
    """What became of a newsletter's occurrence."""

    LAUNCHED = "launched"  # a campaign was made
    NOTHING_NEW = "nothing_new"  # no new post: nothing to send


class Decision(StrEnum):
    """What a person decided about a delivery, a campaign or the site."""

    SENT = "sent"  # a row in doubt: the message went
    AGAIN = "again"  # a row in doubt: send it again, under the same Message-ID
    PAUSED = "paused"  # a campaign: start nothing more for now
    RESUMED = "resumed"  # a campaign: go on
    CANCELLED = "cancelled"  # a campaign: start nothing more
    RESTORED = "restored"  # the site: a backup was restored, so what was not final is in doubt
    NEW = "new"  # the site: it moved or is a new machine, and nothing was lost


class RequestState(StrEnum):
    """What became of a wish to join a list."""

    OPEN = "open"  # asked; the clock has not looked at it, or it waits for its turn
    MAILED = "mailed"  # a confirmation mail was planned; its link waits to be used
    CONFIRMED = "confirmed"  # the link was used, or the list asks for no confirmation
    DROPPED = "dropped"  # nothing follows: on the list already, mailed a while ago, or shut out


class NoticeKind(StrEnum):
    """What a notice is for."""

    CONFIRMATION = "confirmation"  # does the person at this address want to join the list?


class NoticeState(StrEnum):
    """Where a notice stands."""

    PLANNED = "planned"  # not yet begun
    STARTED = "started"  # in flight: its body may have left
    SENT = "sent"  # accepted by the next server
    DEFERRED = "deferred"  # refused for now (4xx); tried again at next_attempt_at
    REFUSED = "refused"  # refused for good (5xx)
    UNKNOWN = "unknown"  # the body may have left and no reply was seen; sent again once
    EXPIRED = "expired"  # tried for too long
