"""pipeline.toml and the environment, read once into frozen values that are passed down.

Every key `[section] name` can also be set as the environment variable PIPELINE_SECTION_NAME,
which wins; newsletters are declared in the file alone. docs/configuration.md explains each key.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import ConfigError

FILE_NAME = "pipeline.toml"
SECURITIES = ("starttls", "tls", "none")
DEFAULT_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True)
class Site:
    """[site]: who publishes, and where readers find it."""

    title: str
    url: str
    email: str
    description: str = ""
    language: str = "en"
    timezone: str = "UTC"
    author: str = ""
    authority: str = ""  # host inside post ids; defaults to the host of `url`
    postal_address: str = ""
    disclaimer: str = ""
    reason: str = "You receive this because you subscribed to it."

    @property
    def zone(self) -> ZoneInfo:
        """The zone of naive dates in posts and of dates shown to readers."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Brand:
    """[brand]: how newsletters and pages look."""

    accent: str = "#0f6b6b"
    logo: str = ""  # path below the site, PNG or JPEG
    logo_dark: str = ""
    logo_width: int = 160  # pixels as shown


@dataclass(frozen=True)
class Feeds:
    """[feeds]: what is published."""

    length: int = 50  # newest posts per feed


@dataclass(frozen=True)
class Smtp:
    """[smtp]: the provider that carries mail; without it mail goes to the local mailbox."""

    host: str = ""
    port: int = 0  # 0: by `security`
    security: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 8
    messages_per_connection: int = 500
    timeout_seconds: int = 300


@dataclass(frozen=True)
class Delivery:
    """[delivery]: how hard the worker tries."""

    retry_minutes: tuple[int, ...] = (5, 30, 60, 120, 240)  # the last one repeats
    give_up_hours: int = 96  # after launch
    lease_seconds: int = 60
    range_size: int = 500  # subscriber ids handed to a worker at once


@dataclass(frozen=True)
class Serve:
    """[serve]: the address `pipeline serve` listens on, and the one readers reach it by."""

    host: str = "127.0.0.1"
    port: int = 8321
    public_url: str = ""  # defaults to [site] url; unsubscribe links start with it


@dataclass(frozen=True)
class Database:
    """[database]: where the truth is kept."""

    url: str = field(default="", repr=False)  # defaults to SQLite in var/pipeline.db


@dataclass(frozen=True)
class Security:
    """[security]: keys."""

    secret: str = field(default="", repr=False)  # signs links; defaults to var/secret.key


@dataclass(frozen=True)
class NewsletterSettings:
    """[[newsletter]]: a standing order as the file declares it."""

    name: str
    list: str
    title: str = ""  # masthead; defaults to the site's title
    template: str = "digest"
    subject: str = "{{ posts[0].title }}"
    schedule: str = "0 9 * * 2"  # cron: minute hour day month weekday (0 and 7 are Sunday)
    timezone: str = ""  # defaults to [site] timezone
    from_name: str = ""  # defaults to the site's title
    from_email: str = ""  # defaults to the site's email
    reply_to: str = ""
    tags: tuple[str, ...] = ()  # any of these; empty: all posts
    categories: tuple[str, ...] = ()
    language: str = ""  # empty: all languages
    private: bool = False  # whether private posts go in
    max_age_days: int = 30


@dataclass(frozen=True)
class Config:
    """One site: its folder and every setting, complete and checked."""

    root: Path
    site: Site
    brand: Brand = Brand()
    feeds: Feeds = Feeds()
    smtp: Smtp | None = None
    delivery: Delivery = Delivery()
    serve: Serve = Serve()
    database: Database = Database()
    security: Security = Security()
    newsletters: tuple[NewsletterSettings, ...] = ()

    @property
    def posts(self) -> Path:
        """Folder of the Markdown files."""
        return self.root / "posts"

    @property
    def templates(self) -> Path:
        """Folder of the site's own templates; the shipped ones stand behind them."""
        return self.root / "templates"

    @property
    def subscribers(self) -> Path:
        """Folder of the CSV files, one a list."""
        return self.root / "subscribers"

    @property
    def var(self) -> Path:
        """Folder of everything the program writes at run time."""
        return self.root / "var"

    @property
    def rehearsal(self) -> bool:
        """Whether mail goes to the local mailbox because no provider is set."""
        return self.smtp is None


_SECTIONS: dict[str, type] = {
    "site": Site,
    "brand": Brand,
    "feeds": Feeds,
    "smtp": Smtp,
    "delivery": Delivery,
    "serve": Serve,
    "database": Database,
    "security": Security,
}


def read_config(root: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check `root`/pipeline.toml with the environment over it.

    Raises ConfigError that names the file and the key.
    """
    file = root / FILE_NAME
    document = _read_toml(file)
    newsletters = document.pop("newsletter", [])
    _refuse_unknown(document, _SECTIONS, str(file), "section")
    sections: dict[str, Any] = {}
    for name, kind in _SECTIONS.items():
        given = document.get(name, {})
        if not isinstance(given, dict):
            raise ConfigError("must be a table", file=str(file), key=f"[{name}]")
        sections[name] = _build(
            kind, {**given, **_from_environment(kind, name, environ)}, str(file), name
        )
    sections["site"] = _complete_site(sections["site"], str(file))
    sections["serve"] = _complete_serve(sections["serve"], sections["site"], str(file))
    smtp_given = bool(document.get("smtp")) or bool(_from_environment(Smtp, "smtp", environ))
    sections["smtp"] = _complete_smtp(sections["smtp"], str(file)) if smtp_given else None
    return Config(
        root=root,
        newsletters=_read_newsletters(newsletters, sections["site"], str(file)),
        **sections,
    )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file, so this folder is not a site",
            file=str(file),
            hint="name the site's folder with --site DIR, or make one with `pipeline init DIR`",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"is not valid TOML: {error}", file=str(file), hint="mend that line; see toml.io"
        ) from None


def _refuse_unknown(
    given: Mapping[str, Any], known: Mapping[str, Any], file: str, what: str
) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {close[0]!r}?" if close else "docs/configuration.md lists them all"
            )
            raise ConfigError(f"is no {what}", file=file, key=name, hint=hint)


def _from_environment(kind: type, section: str, environ: Mapping[str, str]) -> dict[str, str]:
    names = {f"PIPELINE_{section}_{item.name}".upper(): item.name for item in fields(kind)}
    return {name: environ[variable] for variable, name in names.items() if environ.get(variable)}


def _build(kind: type, given: Mapping[str, Any], file: str, section: str) -> Any:
    """Make a dataclass from a TOML table, checking names and types."""
    known = {item.name: item for item in fields(kind)}
    _refuse_unknown(given, known, file, f"key of [{section}]")
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


def _complete_site(site: Site, file: str) -> Site:
    _check_url(site.url, file, "site.url")
    _check_address(site.email, file, "site.email")
    _check_zone(site.timezone, file, "site.timezone")
    host = urlsplit(site.url).hostname or ""
    return replace(site, url=site.url.rstrip("/"), authority=site.authority or host)


def _complete_serve(serve: Serve, site: Site, file: str) -> Serve:
    if serve.public_url:
        _check_url(serve.public_url, file, "serve.public_url")
    return replace(serve, public_url=(serve.public_url or site.url).rstrip("/"))


def _complete_smtp(smtp: Smtp, file: str) -> Smtp:
    """Refuse a half configured provider: it must never become a silent rehearsal."""

    def fault(message: str, key: str, hint: str) -> ConfigError:
        return ConfigError(message, file=file, key=f"smtp.{key}", hint=hint)

    if not smtp.host:
        raise fault(
            "is missing while other keys of [smtp] are set",
            "host",
            "name your provider's server, or remove [smtp] to send to the local mailbox",
        )
    if smtp.security not in SECURITIES:
        raise fault(
            f"must be one of {', '.join(SECURITIES)}", "security", "most providers: starttls"
        )
    if bool(smtp.username) != bool(smtp.password):
        missing = "password" if smtp.username else "username"
        raise fault(
            "is missing while the other half of the login is set",
            missing,
            f"set it in [smtp] or as PIPELINE_SMTP_{missing.upper()}",
        )
    if smtp.username and smtp.security == "none":
        raise fault(
            "a login never goes over an unencrypted connection",  # RFC 4954 4
            "security",
            'set security = "starttls" or "tls"',
        )
    for name in ("connections", "messages_per_connection", "timeout_seconds"):
        if getattr(smtp, name) < 1:
            raise fault("must be at least 1", name, "remove the key to take the default")
    return replace(smtp, port=smtp.port or DEFAULT_PORTS[smtp.security])


def _read_newsletters(tables: Any, site: Site, file: str) -> tuple[NewsletterSettings, ...]:
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
    newsletter: NewsletterSettings = _build(NewsletterSettings, given, file, "newsletter")
    complete = replace(
        newsletter,
        title=newsletter.title or site.title,
        timezone=newsletter.timezone or site.timezone,
        from_name=newsletter.from_name or site.title,
        from_email=newsletter.from_email or site.email,
    )
    for key in ("name", "list", "template"):
        if not re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", getattr(complete, key)):
            raise ConfigError(
                f"{getattr(complete, key)!r} is no name",
                file=file,
                key=f"newsletter.{key}",
                hint="use small letters, digits, '-' and '_'",
            )
    _check_zone(complete.timezone, file, "newsletter.timezone")
    _check_schedule(complete.schedule, file)
    _check_address(complete.from_email, file, "newsletter.from_email")
    if complete.reply_to:
        _check_address(complete.reply_to, file, "newsletter.reply_to")
    return complete


def _check_schedule(rule: str, file: str) -> None:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(rule, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ConfigError(
            f"{rule!r} is no cron rule: {error}",
            file=file,
            key="newsletter.schedule",
            hint='minute hour day month weekday, as in "0 9 * * 2" for Tuesdays at 09:00',
        ) from None


def _check_zone(name: str, file: str, key: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"{name!r} is no time zone", file=file, key=key, hint='as in "America/New_York"'
        ) from None


def _check_url(url: str, file: str, key: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(
            f"{url!r} is no web address", file=file, key=key, hint='as in "https://example.org"'
        )


def _check_address(address: str, file: str, key: str) -> None:
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ConfigError(f"{address!r} is no mail address: {error}", file=file, key=key) from None
