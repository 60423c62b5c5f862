"""What people are found by: a name without its capitals, and the domain of an address."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

LONGEST_NAME_KEY = 100  # characters: enough to find somebody, and PostgreSQL can index it


def name_key(name: str) -> str:
    """A name as it is looked up: capitals, and how a letter is put together, make no difference."""
    return normalize("NFC", " ".join(name.split()).casefold())[:LONGEST_NAME_KEY]


def domain_of(identity: str | None) -> str:
    """The part behind the @; empty for somebody who was erased."""
    return (identity or "").rpartition("@")[2]


def inserted_name_key(context: Any) -> str:
    """`name_key` of a row that is inserted without it."""
    return name_key(context.get_current_parameters().get("name") or "")


def inserted_domain(context: Any) -> str:
    """`domain` of a row that is inserted without it."""
    return domain_of(context.get_current_parameters().get("identity"))
