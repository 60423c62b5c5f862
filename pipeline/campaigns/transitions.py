"""What a person may do with a campaign in which state: the whole table on one page.

sending ──pause──▶ paused ──resume──▶ sending; sending or paused ──cancel──▶ cancelled.
A sending campaign becomes sent by itself (rule 9); nothing leads out of sent and cancelled.
"""

from __future__ import annotations

from enum import StrEnum

from pipeline.errors import InvalidTransition
from pipeline.schema import CampaignState, Decision


class Step(StrEnum):
    """What is asked of a campaign."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


DECISIONS = {
    Step.PAUSE: Decision.PAUSED,
    Step.RESUME: Decision.RESUMED,
    Step.CANCEL: Decision.CANCELLED,
}

_SENDING, _PAUSED = CampaignState.SENDING, CampaignState.PAUSED
_CANCELLED, _SENT = CampaignState.CANCELLED, CampaignState.SENT

_ALLOWED = {
    (_SENDING, Step.PAUSE): _PAUSED,
    (_SENDING, Step.CANCEL): _CANCELLED,
    (_PAUSED, Step.RESUME): _SENDING,
    (_PAUSED, Step.CANCEL): _CANCELLED,
}

_LATE = "what has left cannot be called back"
_NEXT = "its newsletter goes on with its next edition"

_REFUSED = {
    (_SENDING, Step.RESUME): ("is being sent already", "`pipeline status` shows how far it is"),
    (_PAUSED, Step.PAUSE): ("is paused already", "`pipeline campaigns resume` lets it go on"),
    (_CANCELLED, Step.PAUSE): ("is cancelled, so nothing of it goes out", _NEXT),
    (_CANCELLED, Step.RESUME): ("is cancelled for good and cannot be resumed", _NEXT),
    (_CANCELLED, Step.CANCEL): ("is cancelled already", _NEXT),
    (_SENT, Step.PAUSE): ("is sent: nobody is left to wait", _LATE),
    (_SENT, Step.RESUME): ("is sent: nobody is left to send it to", _NEXT),
    (_SENT, Step.CANCEL): ("is sent and cannot be cancelled", _LATE),
}


def state_after(campaign_id: int, state: CampaignState, step: Step) -> CampaignState:
    """The state a step leads to. Raises InvalidTransition when the state forbids it."""
    if (state, step) in _ALLOWED:
        return _ALLOWED[state, step]
    why, hint = _REFUSED[state, step]
    raise InvalidTransition(f"campaign {campaign_id} {why}", hint=hint)


def refuse_again(campaign_id: int, state: CampaignState) -> None:
    """Raise InvalidTransition for a campaign of which no message may be sent again."""
    if state is CampaignState.CANCELLED:
        raise InvalidTransition(
            f"campaign {campaign_id} is cancelled, so nothing of it is sent again",
            hint="decide --sent for what went; the others stay in doubt",
        )
