"""All tables, by what they are about; each state has its sentence.

Times are aware and in UTC. Ids are never reused, so that a ledger row names the same person for
ever. What differs between SQLite and PostgreSQL stands in db/.
"""

from pipeline.schema.audience_tables import (
    import_batches,
    import_changes,
    mailing_lists,
    receipts,
    segments,
    subscriber_tags,
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
from pipeline.schema.columns import Id, Json, UtcDateTime, metadata, octets
from pipeline.schema.joining_tables import notices, requests
from pipeline.schema.ledger_tables import decisions, deliveries, installations, ranges
from pipeline.schema.search_keys import LONGEST_NAME_KEY, domain_of, name_key
from pipeline.schema.states import (
    CampaignState,
    ConsentEvent,
    Decision,
    DeliveryStatus,
    NoticeKind,
    NoticeState,
    Outcome,
    RequestState,
    SubscriptionState,
    SuppressionReason,
)
from pipeline.schema.throttle_tables import slots, throttles

__all__ = [
    "LONGEST_NAME_KEY",
    "CampaignState",
    "ConsentEvent",
    "Decision",
    "DeliveryStatus",
    "Id",
    "Json",
    "NoticeKind",
    "NoticeState",
    "Outcome",
    "RequestState",
    "SubscriptionState",
    "SuppressionReason",
    "UtcDateTime",
    "campaigns",
    "consumed_posts",
    "decisions",
    "deliveries",
    "domain_of",
    "editions",
    "import_batches",
    "import_changes",
    "installations",
    "known_posts",
    "mailing_lists",
    "metadata",
    "name_key",
    "newsletters",
    "notices",
    "occurrences",
    "octets",
    "ranges",
    "receipts",
    "requests",
    "schedules",
    "segments",
    "slots",
    "subscriber_tags",
    "subscribers",
    "subscriptions",
    "suppressions",
    "throttles",
    "wordings",
]
