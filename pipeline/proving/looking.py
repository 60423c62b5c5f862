"""What a trial looks up in its ledger while it runs."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline import campaigns, ledger
from pipeline.campaigns import Campaign, Step
from pipeline.db import reading, writing
from pipeline.errors import InvalidTransition
from pipeline.ledger import Sheet
from pipeline.proving import store
from pipeline.proving.comparing import Row
from pipeline.proving.ground import Ground
from pipeline.proving.trial import WHO
from pipeline.schema import CampaignState, DeliveryStatus

_OVER = frozenset({CampaignState.SENT, CampaignState.CANCELLED})


def read_campaigns(ground: Ground) -> tuple[Campaign, ...]:
    """Every campaign, newest first."""
    with reading(ground.engine) as connection:
        return campaigns.read_campaigns(connection)


def find_campaign(ground: Ground, name: str) -> Campaign | None:
    """The campaign of a newsletter, once it is launched."""
    return next((one for one in read_campaigns(ground) if one.newsletter == name), None)


def are_launched(ground: Ground, *names: str) -> bool:
    """Whether these newsletters have a campaign."""
    return {one.newsletter for one in read_campaigns(ground)}.issuperset(names)


def is_over(ground: Ground, name: str) -> bool:
    """Whether a newsletter's campaign, and whatever came before it, is at its end."""
    with reading(ground.engine) as connection:
        found = campaigns.read_campaigns(connection)
        if ledger.has_unsettled(connection):
            return False
    names = {one.newsletter for one in found}
    return name in names and all(one.state in _OVER for one in found)


def read_sheets(ground: Ground) -> Iterator[tuple[Campaign, Sheet]]:
    """Every campaign with its sheet, all of one instant."""
    with reading(ground.engine) as connection:
        found = campaigns.read_campaigns(connection)
        sheets = ledger.read_sheets(connection, tuple(one.id for one in found)) if found else {}
    return ((one, sheets[one.id]) for one in found)


def stands(ground: Ground, email: str, status: DeliveryStatus) -> bool:
    """Whether one person's message stands so."""
    with reading(ground.engine) as connection:
        return store.read_status(connection, email) == status


def count_attempts(ground: Ground) -> int:
    """How many messages were ever started."""
    with reading(ground.engine) as connection:
        return store.count_attempts(connection)


def read_generation(ground: Ground) -> int:
    """How often the site was begun with."""
    with reading(ground.engine) as connection:
        return store.read_generation(connection)


def read_rows(ground: Ground) -> tuple[Row, ...]:
    """Every row of the ledger."""
    with reading(ground.engine) as connection:
        return store.read_rows(connection)


def read_doubted(ground: Ground) -> dict[str, Row]:
    """The rows that are in doubt, by address."""
    return {row.email: row for row in read_rows(ground) if row.status == DeliveryStatus.UNKNOWN}


def move(ground: Ground, campaign: Campaign, step: Step) -> bool:
    """Take a step with a campaign, as a person would; whether it was still to be taken."""
    try:
        with writing(ground.engine) as connection:
            campaigns.move_campaign(connection, campaign.id, step, WHO, ground.now())
    except InvalidTransition:
        return False
    return True
