"""Who gets the mail: subscribers, lists, subscriptions, suppressions, and how people leave."""

from pipeline.audience.addresses import Address, read_address
from pipeline.audience.csv_file import read_rows
from pipeline.audience.importer import (
    ImportReport,
    import_file,
    import_lists,
    list_files,
    list_name,
)
from pipeline.audience.keys import Keys, read_keys
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
    "count_confirmed",
    "find_list",
    "find_person",
    "find_subscription",
    "hold_list",
    "import_file",
    "import_lists",
    "list_files",
    "list_name",
    "list_people",
    "read_address",
    "read_keys",
    "read_lists",
    "read_rows",
    "read_unsubscribe_token",
    "suppress",
    "unsubscribe",
    "unsubscribe_token",
]
