"""The database: engine, transactions, upgrades; all that differs between SQLite and PostgreSQL."""

from pipeline.db.engine import database_url, make_engine, open_database
from pipeline.db.many_rows import ids_param, is_among, is_one_of, lies_between, rows_param
from pipeline.db.matching import (
    LONGEST_NUMBER,
    NUMBER_IN_TEXT,
    Pattern,
    is_day,
    json_is_text,
    json_number,
    json_truth,
    json_value,
    matches,
)
from pipeline.db.staging import (
    drop_staging,
    fill_staging,
    make_staging,
    measure_staging,
    seek_by_index,
)
from pipeline.db.statements import comparable, hold_rows, insert, lock_rows, merged, take_turns
from pipeline.db.transactions import LastingConnection, reading, writing
from pipeline.db.upgrading import migrate, upgrade

__all__ = [
    "LONGEST_NUMBER",
    "NUMBER_IN_TEXT",
    "LastingConnection",
    "Pattern",
    "comparable",
    "database_url",
    "drop_staging",
    "fill_staging",
    "hold_rows",
    "ids_param",
    "insert",
    "is_among",
    "is_day",
    "is_one_of",
    "json_is_text",
    "json_number",
    "json_truth",
    "json_value",
    "lies_between",
    "lock_rows",
    "make_engine",
    "make_staging",
    "matches",
    "measure_staging",
    "merged",
    "migrate",
    "open_database",
    "reading",
    "rows_param",
    "seek_by_index",
    "take_turns",
    "upgrade",
    "writing",
]
