"""The [throttle.NAME] tables: receiving domains that are given no more than they like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.config.checks import check_name, complete_domain
from pipeline.config.settings import DomainLimit
from pipeline.config.typed import build
from pipeline.errors import ConfigError


def read_throttles(tables: Any, file: str) -> tuple[DomainLimit, ...]:
    """All limits, in the file's order. Raises ConfigError, also for a domain that has two."""
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise ConfigError(
            "is written [throttle.NAME]",
            file=file,
            key="throttle",
            hint='as in [throttle.gmail] with domains = ["gmail.com", "googlemail.com"] below it',
        )
    found = tuple(_read(name, table, file) for name, table in tables.items())
    _refuse_two_for_one(found, file)
    return found


def _read(name: str, table: dict[str, Any], file: str) -> DomainLimit:
    section = f"throttle.{name}"
    check_name(name, file, section)
    limit: DomainLimit = build(DomainLimit, table, file, section, name=name)
    key, hint = f"{section}.domains", 'as in domains = ["gmail.com", "googlemail.com"]'
    if not limit.domains:
        raise ConfigError("needs at least one domain", file=file, key=key, hint=hint)
    domains = [complete_domain(domain, file, key, hint) for domain in limit.domains]
    return replace(limit, domains=tuple(dict.fromkeys(domains)))


def _refuse_two_for_one(limits: tuple[DomainLimit, ...], file: str) -> None:
    seen: dict[str, str] = {}
    for limit in limits:
        for domain in limit.domains:
            if domain in seen:
                raise ConfigError(
                    f"{domain!r} stands in [throttle.{seen[domain]}] already",
                    file=file,
                    key=f"throttle.{limit.name}.domains",
                    hint="name each domain once, so that it is clear which limit holds",
                )
            seen[domain] = limit.name
