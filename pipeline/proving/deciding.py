"""What a person would decide about rows in doubt who has the provider's log: the sink's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine

from pipeline import campaigns, ledger
from pipeline.campaigns import Campaign
from pipeline.db import writing
from pipeline.proving.trial import WHO
from pipeline.schema import CampaignState, Decision


def decide(engine: Engine, copies: Mapping[str, int], now: datetime, only: str = "") -> None:
    """Decide about everybody in doubt, or one alone: who has a copy got it, others get it again."""
    with writing(engine) as connection:
        for campaign in campaigns.read_campaigns(connection):
            _decide(connection, campaign, copies, now, only)


def _decide(
    connection: Connection, campaign: Campaign, copies: Mapping[str, int], now: datetime, only: str
) -> None:
    doubts = [
        doubt
        for doubt in ledger.read_doubts(connection, campaign.id)
        if only in ("", doubt.email) and doubt.reason != "restored"
    ]
    went = [doubt.subscriber_id for doubt in doubts if doubt.email in copies]
    again = [doubt.subscriber_id for doubt in doubts if doubt.email not in copies]
    if went:
        ledger.reconcile(connection, campaign.id, went, Decision.SENT, WHO, now)
    if again and campaign.state is not CampaignState.CANCELLED:
        ledger.reconcile(connection, campaign.id, again, Decision.AGAIN, WHO, now)
