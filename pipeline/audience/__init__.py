"""Who gets the mail: subscribers, lists, subscriptions, suppressions, and how people leave."""

from pipeline.audience.addresses import Address, read_address
from pipeline.audience.importer import (
    ImportReport,
    check_file,
    import_file,
    import_lists,
    list_files,
)
from pipeline.audience.keys import Keys, read_keys
from pipeline.audience.macs import mac
from pipeline.audience.store import (
    ListCount,
    MailingList,
    Person,
    Subscription,
    count_confirmed,
    find_list,
    find_person,
    find_subscription,
    hold_list,
    last_change,
    list_people,
    read_lists,
    suppress,
    unsubscribe,
)
from pipeline.audience.tokens import UnsubscribeClaim, read_unsubscribe_token, unsubscribe_token

__all__ = [
    "Address",
    "ImportReport",
    "Keys",
    "ListCount",
    "MailingList",
    "Person",
    "Subscription",
    "UnsubscribeClaim",
    "check_file",
    "count_confirmed",
    "find_list",
    "find_person",
    "find_subscription",
    "hold_list",
    "import_file",
    "import_lists",
    "last_change",
    "list_files",
    "list_people",
    "mac",
    "read_address",
    "read_keys",
    "read_lists",
    "read_unsubscribe_token",
    "suppress",
    "unsubscribe",
    "unsubscribe_token",
]
