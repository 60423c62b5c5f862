"""What a person may do with a campaign: every state, every step, and why not."""

from __future__ import annotations

from itertools import product

import pytest

from pipeline.campaigns import Step, refuse_again
from pipeline.campaigns.transitions import state_after
from pipeline.errors import InvalidTransition
from pipeline.schema import CampaignState

SENDING, PAUSED = CampaignState.SENDING, CampaignState.PAUSED
CANCELLED, SENT = CampaignState.CANCELLED, CampaignState.SENT
ALLOWED = {
    (SENDING, Step.PAUSE): PAUSED,
    (SENDING, Step.CANCEL): CANCELLED,
    (PAUSED, Step.RESUME): SENDING,
    (PAUSED, Step.CANCEL): CANCELLED,
}


@pytest.mark.parametrize(("state", "step"), ALLOWED)
def test_an_allowed_step_leads_on(state: CampaignState, step: Step) -> None:
    assert state_after(3, state, step) is ALLOWED[state, step]


@pytest.mark.parametrize(
    ("state", "step"), [pair for pair in product(CampaignState, Step) if pair not in ALLOWED]
)
def test_every_other_step_is_refused_with_a_sentence(state: CampaignState, step: Step) -> None:
    with pytest.raises(InvalidTransition, match=r"^campaign 3 is ") as caught:
        state_after(3, state, step)

    assert caught.value.hint


def test_of_a_cancelled_campaign_nothing_is_sent_again() -> None:
    with pytest.raises(InvalidTransition, match="cancelled"):
        refuse_again(3, CANCELLED)
    for state in (SENDING, PAUSED, SENT):
        refuse_again(3, state)
