"""What a setting must be to work: addresses, names, zones, rules."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.config.hosts import ascii_host, ascii_url
from pipeline.config.settings import Dkim, Serve, Site
from pipeline.errors import ConfigError


def complete_site(site: Site, file: str) -> Site:
    """Fill in what follows from the url. Raises ConfigError for what cannot be."""
    url = complete_url(site.url, file, "site.url")
    email = complete_address(site.email, file, "site.email")
    check_zone(site.timezone, file, "site.timezone")
    host = site.authority or urlsplit(url).hostname or ""
    authority = complete_host(host, file, "site.authority", 'as in "example.org"')
    return replace(site, url=url, email=email, authority=authority)


def complete_serve(serve: Serve, site: Site, file: str) -> Serve:
    """Fill in the address readers use. Raises ConfigError for what is none."""
    url = serve.public_url or site.url
    return replace(serve, public_url=complete_url(url, file, "serve.public_url"))


def complete_dkim(dkim: Dkim, file: str) -> Dkim:
    """Refuse keys that are half set: mail must never go unsigned in silence."""
    key, hint = "dkim.domain", 'the domain of the senders, as in "example.org"'
    if not dkim.domain:
        raise ConfigError("is missing while [dkim] is set", file=file, key=key, hint=hint)
    if not dkim.keys:
        raise ConfigError(
            "is missing while [dkim] is set",
            file=file,
            key="dkim.keys",
            hint="`pipeline dkim new` makes a key, or remove [dkim] if your provider signs",
        )
    return replace(dkim, domain=complete_domain(dkim.domain, file, key, hint))


def check_schedule(rule: str, file: str) -> None:
    """Raise ConfigError unless `rule` is a cron rule."""
    from cronsim import CronSim, CronSimError

    try:
        if len(rule.split()) != 5:  # a sixth field would be seconds
            raise CronSimError("Wrong number of fields")  # noqa: TRY301  # cronsim's own words
        next(CronSim(rule, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ConfigError(
            f"{rule!r} is no cron rule: {error}",
            file=file,
            key="newsletter.schedule",
            hint='minute hour day month weekday, as in "0 9 * * 2" for Tuesdays at 09:00',
        ) from None


def check_zone(name: str, file: str, key: str) -> None:
    """Raise ConfigError unless `name` is a zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"{name!r} is no time zone", file=file, key=key, hint='as in "America/New_York"'
        ) from None


def complete_url(url: str, file: str, key: str) -> str:
    """A web address in ASCII, without a slash at its end. Raises ConfigError for what is none."""
    try:
        return ascii_url(url).rstrip("/")
    except ValueError:
        raise ConfigError(
            f"{url!r} is no web address", file=file, key=key, hint='as in "https://example.org"'
        ) from None


def complete_host(host: str, file: str, key: str, hint: str) -> str:
    """A host's name in ASCII. Raises ConfigError for what is none."""
    try:
        return ascii_host(host)
    except ValueError:
        raise ConfigError(f"{host!r} is no name of a host", file=file, key=key, hint=hint) from None


def complete_domain(domain: str, file: str, key: str, hint: str) -> str:
    """A domain in A-labels and lower case. Raises ConfigError for what is none."""
    name = complete_host(domain, file, key, hint).lower()
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", name):  # also RFC 6376 3.5, d=
        raise ConfigError(f"{name!r} is no domain", file=file, key=key, hint=hint)
    return name


def check_name(name: str, file: str, key: str) -> None:
    """Raise ConfigError unless `name` is one that files, addresses and variables can bear."""
    if len(name) > 100 or not re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", name):
        raise ConfigError(
            f"{name!r} is no name",
            file=file,
            key=key,
            hint="use up to 100 small letters, digits, '-' and '_'",
        )


def complete_address(address: str, file: str, key: str) -> str:
    """A mail address with its domain in A-labels. Raises ConfigError for what is none."""
    from email_validator import EmailNotValidError, validate_email

    try:
        read = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ConfigError(f"{address!r} is no mail address: {error}", file=file, key=key) from None
    return f"{read.local_part}@{read.ascii_domain}"
