"""Who gets the mail: subscribers, lists, subscriptions, suppressions, and how people leave."""

from pipeline.audience.addresses import Address, read_address
from pipeline.audience.export_store import Exported, export_people, export_suppressions
from pipeline.audience.exporting import attribute_names, rows_of, write_csv, write_json
from pipeline.audience.importer import (
    ImportReport,
    check_file,
    import_file,
    import_lists,
    list_files,
)
from pipeline.audience.keys import Keys, read_keys
from pipeline.audience.leaving_store import come_back, pause_subscription, unsubscribe
from pipeline.audience.macs import mac
from pipeline.audience.receipt_store import (
    Proof,
    consent_of,
    keep_wording,
    verify_receipts,
    write_receipts,
)
from pipeline.audience.receipts import Chain, Receipt
from pipeline.audience.store import (
    ListCount,
    MailingList,
    Person,
    Subscription,
    count_confirmed,
    find_id,
    find_list,
    find_person,
    find_subscription,
    hold_list,
    last_change,
    list_people,
    read_lists,
    read_subscriptions,
)
from pipeline.audience.suppression_file import SuppressionReport, import_suppressions
from pipeline.audience.suppression_store import (
    come_back_to_everything,
    count_suppressions,
    erase_person,
    find_suppressed,
    leave_everything,
    left_everything_at,
    lift_suppression,
    suppress,
    suppress_identities,
)
from pipeline.audience.tokens import UnsubscribeClaim, read_unsubscribe_token, unsubscribe_token

__all__ = [
    "Address",
    "Chain",
    "Exported",
    "ImportReport",
    "Keys",
    "ListCount",
    "MailingList",
    "Person",
    "Proof",
    "Receipt",
    "Subscription",
    "SuppressionReport",
    "UnsubscribeClaim",
    "attribute_names",
    "check_file",
    "come_back",
    "come_back_to_everything",
    "consent_of",
    "count_confirmed",
    "count_suppressions",
    "erase_person",
    "export_people",
    "export_suppressions",
    "find_id",
    "find_list",
    "find_person",
    "find_subscription",
    "find_suppressed",
    "hold_list",
    "import_file",
    "import_lists",
    "import_suppressions",
    "keep_wording",
    "last_change",
    "leave_everything",
    "left_everything_at",
    "lift_suppression",
    "list_files",
    "list_people",
    "mac",
    "pause_subscription",
    "read_address",
    "read_keys",
    "read_lists",
    "read_receipts",
    "read_subscriptions",
    "read_unsubscribe_token",
    "read_wording",
    "rows_of",
    "suppress",
    "suppress_identities",
    "unsubscribe",
    "unsubscribe_token",
    "verify_receipts",
    "write_csv",
    "write_json",
    "write_receipts",
]
