"""From a table of any values to a dataclass: names and types checked, the place in each error."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints

from pipeline.errors import ConfigError

# The lowest and the highest number that can work; beyond them nothing would be sent, or a time
# could not be told.
LIMITS = {
    "brand.logo_width": (1, 600),
    "delivery.give_up_hours": (0, 8_760),
    "delivery.lease_seconds": (1, 86_400),
    "delivery.range_size": (1, 100_000),
    "delivery.retry_minutes": (1, 10_080),
    "feeds.length": (1, 100_000),
    "joining.requests_per_address": (1, 1_000),
    "joining.requests_per_list": (1, 1_000_000),
    "joining.requests_per_network": (1, 100_000),
    "joining.unconfirmed_days": (8, 3_650),
    "newsletter.max_age_days": (1, 36_500),
    "retention.network_days": (0, 36_500),
    "serve.port": (0, 65_535),
    "smtp.connections": (1, 1_000),
    "smtp.first_day": (0, 10_000_000),
    "smtp.messages_per_connection": (1, 1_000_000),
    "smtp.messages_per_day": (0, 100_000_000),
    "smtp.messages_per_hour": (0, 10_000_000),
    "smtp.messages_per_minute": (0, 1_000_000),
    "smtp.messages_per_second": (0, 10_000),
    "smtp.port": (0, 65_535),
    "smtp.timeout_seconds": (1, 3_600),
    "smtp.weight": (1, 100),
    "throttle.connections": (0, 1_000),
    "throttle.messages_per_day": (0, 100_000_000),
    "throttle.messages_per_hour": (0, 10_000_000),
    "throttle.messages_per_minute": (0, 1_000_000),
    "throttle.messages_per_second": (0, 10_000),
}


def keys_of(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(item.name for item in fields(kind))


def refuse_unknown(
    given: Mapping[str, Any], known: Mapping[str, Any], file: str, what: str
) -> None:
    """Raise ConfigError, with the nearest name there is, for a name that is not `known`."""
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {close[0]!r}?" if close else "docs/configuration.md lists them all"
            )
            raise ConfigError(f"is no {what}", file=file, key=name, hint=hint)


def build(kind: type, given: Mapping[str, Any], file: str, section: str, **fixed: Any) -> Any:
    """Make a dataclass of `kind` from a TOML table. Raises ConfigError naming file and key.

    `fixed` are fields that are no keys of the table: the name of a [section.NAME].
    """
    known = {item.name: item for item in fields(kind) if item.name not in fixed}
    refuse_unknown(given, known, file, f"key of [{section}]")
    _refuse_missing(known, given, file, section)
    hints = get_type_hints(kind)
    values = {
        name: _convert(value, hints[name], file, f"{section}.{name}")
        for name, value in given.items()
    }
    return kind(**fixed, **values)


def _refuse_missing(
    known: Mapping[str, Field[Any]], given: Mapping[str, Any], file: str, section: str
) -> None:
    for name, item in known.items():
        if item.default is MISSING and _strip(given.get(name, "")) == "":
            raise ConfigError(
                "is missing", file=file, key=f"{section}.{name}", hint=f"set {name} in [{section}]"
            )


def _convert(value: Any, wanted: Any, file: str, key: str) -> Any:
    """Give `value` the type of its field; strings from the environment are read as such."""
    if wanted is bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise ConfigError(f"must be true or false, not {value!r}", file=file, key=key)
    if wanted is int:
        return _convert_int(value, file, key)
    if wanted is str:
        if isinstance(value, str):
            return _one_line(value, file, key)
        # Without the value: it may be a password.
        raise ConfigError("must be a text in quotes", file=file, key=key)
    return _convert_list(value, wanted.__args__[0], file, key)


def _convert_list(value: Any, kind: Any, file: str, key: str) -> tuple[Any, ...]:
    """A list, or a text with commas; empty items are none."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ConfigError(f"must be a list, not {value!r}", file=file, key=key)
    found = [_strip(item) for item in items]
    made = tuple(_convert(item, kind, file, key) for item in found if item != "")
    if not made and key in LIMITS:
        raise ConfigError("needs at least one number", file=file, key=key)
    return made


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _convert_int(value: Any, file: str, key: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        value = int(value)
    section, *_, name = key.split(".")  # a table's NAME in between has no limits of its own
    low, high = LIMITS[f"{section}.{name}"]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(
            f"must be a whole number from {low} to {high}, not {value!r}", file=file, key=key
        )
    return value


def _one_line(value: str, file: str, key: str) -> str:
    # Settings end up in mail headers: a line break there would start a header of its own. Half a
    # character (Cs), from a variable that is no UTF-8, could not be written anywhere.
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise ConfigError("holds a line break or control character", file=file, key=key)
    return value.strip()
