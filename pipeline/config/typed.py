"""From a table of any values to a dataclass: names and types checked, the place in each error."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints

from pipeline.errors import ConfigError


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


def build(kind: type, given: Mapping[str, Any], file: str, section: str) -> Any:
    """Make a dataclass of `kind` from a TOML table. Raises ConfigError naming file and key."""
    known = {item.name: item for item in fields(kind)}
    refuse_unknown(given, known, file, f"key of [{section}]")
    _refuse_missing(known, given, file, section)
    hints = get_type_hints(kind)
    return kind(
        **{
            name: _convert(value, hints[name], file, f"{section}.{name}")
            for name, value in given.items()
        }
    )


def _refuse_missing(
    known: Mapping[str, Field[Any]], given: Mapping[str, Any], file: str, section: str
) -> None:
    for name, item in known.items():
        if item.default is MISSING and given.get(name, "") == "":
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
        raise ConfigError(f"must be a text in quotes, not {value!r}", file=file, key=key)
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ConfigError(f"must be a list, not {value!r}", file=file, key=key)
    kind = wanted.__args__[0]
    return tuple(_convert(_strip(item), kind, file, key) for item in items)


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _convert_int(value: Any, file: str, key: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d+", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"must be a whole number from 0 up, not {value!r}", file=file, key=key)
    return value


def _one_line(value: str, file: str, key: str) -> str:
    # Settings end up in mail headers: a line break there would start a header of its own.
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ConfigError("holds a line break or control character", file=file, key=key)
    return value.strip()
