"""What people decide, carried out: rows in doubt, and campaigns to pause or to cancel."""

from __future__ import annotations

import getpass
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pipeline import audience, campaigns, clock, ledger
from pipeline.campaigns import Step
from pipeline.clock import Balance, Site
from pipeline.db import reading, writing
from pipeline.delivery import LetterBook
from pipeline.errors import CampaignError, PipelineError
from pipeline.ledger import Doubt, Recipient, Start
from pipeline.schema import Decision


@dataclass(frozen=True)
class Chosen:
    """Whose rows a decision is about: those named, or all in doubt."""

    every: bool
    addresses: Sequence[str]
    ids: Sequence[int]


def who(by: str | None) -> str:
    """Who decides: the name that was given, else the operating system's user."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        raise PipelineError(
            "a decision is kept with a name, and this machine has none for you",
            hint="say who you are: --by NAME",
        ) from None


def move(site: Site, number: int, step: Step, by: str) -> Balance:
    """Pause, resume or cancel a campaign; where it stands then."""
    with writing(site.engine) as connection:
        campaigns.move_campaign(connection, number, step, by, site.now())
    clock.settle_campaigns(site)
    (balance,) = clock.balances(site, [number])
    return balance


def doubt_rows(site: Site, number: int) -> list[dict[str, Any]]:
    """A campaign's rows in doubt, each with the Message-ID to look for in a provider's log."""
    letters = LetterBook(site.engine, site.config, site.keys)
    with reading(site.engine) as connection:
        campaigns.read_campaign(connection, number)
        return [_doubt_row(letters, number, doubt) for doubt in _all_doubts(connection, number)]


def _all_doubts(connection: Connection, number: int) -> Iterator[Doubt]:
    last = 0
    while page := ledger.read_doubts(connection, number, after_id=last):
        yield from page
        last = page[-1].subscriber_id


def _doubt_row(letters: LetterBook, number: int, doubt: Doubt) -> dict[str, Any]:
    wish = Start(number, doubt.subscriber_id)
    reader = letters.reader(wish, Recipient(doubt.subscriber_id, doubt.email, ""))
    return {
        "id": doubt.subscriber_id,
        "address": doubt.email,
        "started_at": doubt.started_at.isoformat() if doubt.started_at else None,
        "attempt": doubt.attempt,
        "reason": doubt.reason,
        "message_id": f"<{reader.message_id}>",
    }


def decide(site: Site, number: int, decision: Decision, chosen: Chosen, by: str) -> int:
    """Take a decision about rows in doubt; how many there were.

    Named people are decided about all together or, when one of them is not in doubt, not at all.
    All of a campaign go page by page: what a kill leaves is still in doubt.
    """
    with reading(site.engine) as connection:
        campaign = campaigns.read_campaign(connection, number)
        if decision is Decision.AGAIN:
            campaigns.refuse_again(number, campaign.state)
        named = _named(connection, chosen)
    if not chosen.every:
        return _decide_named(site, number, decision, named, by)
    decided = 0
    while ids := _first_page(site, number):
        with writing(site.engine) as connection:
            decided += len(ledger.reconcile(connection, number, ids, decision, by, site.now()))
    return decided


def _first_page(site: Site, number: int) -> list[int]:
    with reading(site.engine) as connection:
        return [doubt.subscriber_id for doubt in ledger.read_doubts(connection, number)]


def _decide_named(
    site: Site, number: int, decision: Decision, named: dict[int, str], by: str
) -> int:
    with writing(site.engine) as connection:
        found = ledger.reconcile(connection, number, named.keys(), decision, by, site.now())
        if missing := [text for one, text in named.items() if one not in found]:
            raise _not_in_doubt(number, missing)
    return len(found)


def _named(connection: Connection, chosen: Chosen) -> dict[int, str]:
    """The people that were named, by number, as they were named."""
    named = {number: str(number) for number in chosen.ids}
    for text in chosen.addresses:
        subscriptions = audience.find_person(connection, audience.read_address(text))
        if not subscriptions:
            raise CampaignError(
                f"nobody with the address {text} is known", hint="nothing was changed"
            )
        named[subscriptions[0].subscriber_id] = text
    return named


def _not_in_doubt(number: int, missing: Collection[str]) -> CampaignError:
    listed = ", ".join(missing)
    return CampaignError(
        f"not in doubt in campaign {number}, so nothing was changed: {listed}",
        hint=f"`pipeline reconcile {number}` lists who is",
    )
