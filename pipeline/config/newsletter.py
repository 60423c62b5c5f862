"""The [[newsletter]] tables: standing orders as the file, or the command line, declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.config.checks import check_name, check_schedule, check_zone, complete_address
from pipeline.config.settings import NewsletterSettings, Site
from pipeline.config.typed import build
from pipeline.errors import ConfigError


def read_newsletters(tables: Any, site: Site, file: str) -> tuple[NewsletterSettings, ...]:
    """All declared newsletters, in order. Raises ConfigError, also for two of one name."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(
            "is written [[newsletter]], with two brackets", file=file, key="newsletter"
        )
    made = tuple(make_newsletter_settings(table, site, file) for table in tables)
    names = [newsletter.name for newsletter in made]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"two newsletters are called {name!r}", file=file, key="newsletter.name"
            )
    return made


def make_newsletter_settings(given: Mapping[str, Any], site: Site, file: str) -> NewsletterSettings:
    """Make a newsletter's settings from a table of them, filling in the site's where it has none.

    The command line makes newsletters too, and calls this for the same answers; `file` stands in
    the sentence. Raises ConfigError for what cannot work.
    """
    newsletter: NewsletterSettings = build(NewsletterSettings, given, file, "newsletter")
    complete = replace(
        newsletter,
        title=newsletter.title or site.title,
        timezone=newsletter.timezone or site.timezone,
        from_name=newsletter.from_name or site.title,
        from_email=newsletter.from_email or site.email,
    )
    for key in ("name", "list", "template"):
        check_name(getattr(complete, key), file, f"newsletter.{key}")
    check_zone(complete.timezone, file, "newsletter.timezone")
    check_schedule(complete.schedule, file)
    from_email = complete_address(complete.from_email, file, "newsletter.from_email")
    reply_to = complete.reply_to
    if reply_to:
        reply_to = complete_address(reply_to, file, "newsletter.reply_to")
    return replace(complete, from_email=from_email, reply_to=reply_to)
