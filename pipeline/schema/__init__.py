"""All tables, by what they are about; each state has its sentence.

Times are aware and in UTC. Ids are never reused, so that a ledger row names the same person for
ever. What differs between SQLite and PostgreSQL stands in db/.
"""

from pipeline.schema.audience_tables import (
    import_batches,
    import_changes,
    mailing_lists,
    receipts,
    subscribers,
    subscriptions,
    suppressions,
    wordings,
)
from pipeline.schema.campaign_tables import (
    campaigns,
    consumed_posts,
    editions,
    known_posts,
    newsletters,
    occurrences,
    schedules,
)
from pipeline.schema.columns import Id, Json, UtcDateTime, metadata
from pipeline.schema.ledger_tables import decisions, deliveries, installations, ranges
from pipeline.schema.states import (
    CampaignState,
    ConsentEvent,
    Decision,
    DeliveryStatus,
    Outcome,
    SubscriptionState,
    SuppressionReason,
)
from pipeline.schema.throttle_tables import slots, throttles

__all__ = [
    "CampaignState",
    "ConsentEvent",
    "Decision",
    "DeliveryStatus",
    "Id",
    "Json",
    "Outcome",
    "SubscriptionState",
    "SuppressionReason",
    "UtcDateTime",
    "campaigns",
    "consumed_posts",
    "decisions",
    "deliveries",
    "editions",
    "import_batches",
    "import_changes",
    "installations",
    "known_posts",
    "mailing_lists",
    "metadata",
    "newsletters",
    "occurrences",
    "ranges",
    "receipts",
    "schedules",
    "slots",
    "subscribers",
    "subscriptions",
    "suppressions",
    "throttles",
    "wordings",
]
