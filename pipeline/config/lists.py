"""The [lists.NAME] tables, and [joining]: who may join what by a form, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.config.checks import check_name
from pipeline.config.settings import Joining, ListSettings, NewsletterSettings, Provider, Site
from pipeline.config.typed import build
from pipeline.errors import ConfigError

JOINS = ("double", "single", "closed")
NETWORKS = ("truncated", "full", "none")


def read_lists(
    tables: Any, newsletters: Sequence[NewsletterSettings], site: Site, file: str
) -> tuple[ListSettings, ...]:
    """All lists that say something of themselves, in the file's order. Raises ConfigError."""
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise ConfigError(
            "is written [lists.NAME]",
            file=file,
            key="lists",
            hint='as in [lists.readers] with join = "double" below it',
        )
    return tuple(_read(name, table, newsletters, site, file) for name, table in tables.items())


def _read(
    name: str,
    table: dict[str, Any],
    newsletters: Sequence[NewsletterSettings],
    site: Site,
    file: str,
) -> ListSettings:
    section = f"lists.{name}"
    check_name(name, file, section)
    made: ListSettings = build(ListSettings, table, file, section, name=name)
    if made.join not in JOINS:
        raise ConfigError(
            f"must be one of {', '.join(JOINS)}",
            file=file,
            key=f"{section}.join",
            hint="double asks by mail whether the address is theirs, which keeps lists clean",
        )
    titles = [one.title for one in newsletters if one.list == name]
    return replace(made, title=made.title or (titles[0] if titles else site.title))


def check_joining(joining: Joining, file: str) -> Joining:
    """The same. Raises ConfigError for a way to keep networks that is none."""
    if joining.network not in NETWORKS:
        raise ConfigError(f"must be one of {', '.join(NETWORKS)}", file=file, key="joining.network")
    return joining


def check_list_routes(
    providers: Sequence[Provider], lists: Sequence[ListSettings], file: str
) -> None:
    """Raise ConfigError for a list with a form whose confirmations no provider may carry."""
    for one in lists:
        if one.is_open and providers and not any(each.may_carry(one.name) for each in providers):
            raise ConfigError(
                f"no provider may carry the list {one.name!r}, which people can join",
                file=file,
                key=f"{providers[0].section}.lists",
                hint="add that list to the lists of a provider, or leave the lists of one empty",
            )
