"""How a provider treats us in one run: which of its refusals are believed, and when to stop.

A server that has something against us often says so to each reader in turn, and a broken one may
swallow each message without a word. Believed, either would cost a whole list its mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.delivery.replies import is_about_us
from pipeline.errors import ReplyLost, TransportError, TransportUnavailable

MOST_BELIEVED = 10  # refusals in a row, and one more for each ten messages that were accepted;
# as many again are tried again later, and then something else must be wrong
MOST_LOST = 3  # replies, and one more for each hundred that came


@dataclass(frozen=True)
class Judged:
    """What to record of a failure; `stop` says why nothing more should be sent now."""

    error: TransportError
    stop: TransportUnavailable | None = None


class Standing:
    """What one provider accepted, refused and left unanswered."""

    def __init__(self, was_accepted: Callable[[int], bool]) -> None:
        """`was_accepted` asks the ledger whether any message of a campaign was ever accepted."""
        self._was_accepted = was_accepted
        self._campaigns: set[int] = set()  # those of which something was accepted
        self._answered = 0
        self._accepted = 0
        self._refused_in_a_row = 0
        self._lost = 0

    def accept(self, campaign_id: int) -> None:
        """Note an accepted message."""
        self._campaigns.add(campaign_id)
        self._answered += 1
        self._accepted += 1
        self._refused_in_a_row = 0

    def judge(self, campaign_id: int, error: TransportError) -> Judged:
        """Weigh a message that was not accepted."""
        if isinstance(error, TransportUnavailable):
            return Judged(error)
        if isinstance(error, ReplyLost):
            return Judged(error, self._lose())
        self._answered += 1
        return self._judge_refusal(campaign_id, error) if error.permanent else Judged(error)

    def _lose(self) -> TransportUnavailable | None:
        self._lost += 1
        if self._lost <= (MOST_LOST + self._answered // 100 if self._accepted else 0):
            return None
        return TransportUnavailable(
            f"the provider broke off {self._lost} times after a message had left, without a reply",
            hint="whether these messages arrived is unknown, and they are not sent again; ask the"
            " provider what is wrong before you go on",
        )

    def _judge_refusal(self, campaign_id: int, error: TransportError) -> Judged:
        self._refused_in_a_row += 1
        known = self._knows(campaign_id)
        believed = MOST_BELIEVED + self._accepted // 10
        if known and self._refused_in_a_row <= believed:
            return Judged(error)
        doubted = _doubted(error)
        if not known and is_about_us(error):
            return Judged(doubted, _about_us(error, "nothing of this campaign was accepted yet"))
        if self._refused_in_a_row >= 2 * believed:
            return Judged(doubted, _about_us(error, f"{2 * believed} were refused in a row"))
        return Judged(doubted)

    def _knows(self, campaign_id: int) -> bool:
        if campaign_id not in self._campaigns and self._was_accepted(campaign_id):
            self._campaigns.add(campaign_id)
        return campaign_id in self._campaigns


def _doubted(error: TransportError) -> TransportError:
    """The same refusal as one for now: the reader is tried again, and nobody is suppressed."""
    return type(error)(str(error), code=error.code, enhanced_code=error.enhanced_code)


def _about_us(error: TransportError, why: str) -> TransportUnavailable:
    return TransportUnavailable(
        str(error),
        code=error.code,
        enhanced_code=error.enhanced_code,
        hint=f"{why}, so this seems to be about us, not the readers: check the login, the sender"
        " and your provider's rules; whoever was refused is tried again",
    )
