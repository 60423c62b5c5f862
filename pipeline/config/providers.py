"""[smtp], or the [smtp.NAME] tables: one provider or several, each whole or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from pipeline.config.checks import check_name, complete_host
from pipeline.config.environment import from_environment, variable_of
from pipeline.config.settings import NewsletterSettings, Provider
from pipeline.config.typed import build
from pipeline.errors import ConfigError

SECURITIES = ("starttls", "tls", "none")
DEFAULT_PORTS = {"starttls": 587, "tls": 465, "none": 25}
AUTHS = ("plain", "login", "xoauth2")
PROVIDER_KEYS = tuple(item.name for item in fields(Provider) if item.name != "name")

ONLY = "smtp"  # the name of a provider that has the section to itself
# Each would be taken for another one, in messages and in what is counted by provider.
_RESERVED = {ONLY: "the only provider of a site", "mailbox": "the local mailbox"}

Tables = Mapping[str, Mapping[str, Any]]


def provider_tables(given: Any, environ: Mapping[str, str], file: str) -> Tables:
    """The provider tables of the file by their names; one without keys where only variables are.

    Raises ConfigError where one provider and several are mixed.
    """
    alone = from_environment(ONLY, PROVIDER_KEYS, environ)
    if given is None:
        return {ONLY: {}} if alone else {}
    if not isinstance(given, dict):
        raise ConfigError("must be a table", file=file, key="[smtp]")
    named = {key for key, value in given.items() if isinstance(value, dict)}
    if not named:
        return {ONLY: given}
    _refuse_mixed(given, named, alone, file)
    _check_names(given, file)
    return given


def read_providers(tables: Tables, environ: Mapping[str, str], file: str) -> tuple[Provider, ...]:
    """All providers, in the file's order. Raises ConfigError for one that could not work."""
    found = tuple(_read(name, table, environ, file) for name, table in tables.items())
    if found and all(provider.fallback for provider in found):
        raise ConfigError(
            "leaves no provider for as long as all is well",
            file=file,
            key=f"{found[0].section}.fallback",
            hint="set it to false for at least one provider",
        )
    return found


def check_routes(
    providers: Sequence[Provider], newsletters: Sequence[NewsletterSettings], file: str
) -> None:
    """Raise ConfigError for a newsletter whose list no provider may carry."""
    for newsletter in newsletters:
        if providers and not any(one.may_carry(newsletter.list) for one in providers):
            raise ConfigError(
                f"no provider may carry the list {newsletter.list!r}"
                f" of the newsletter {newsletter.name!r}",
                file=file,
                key=f"{providers[0].section}.lists",
                hint="add that list to the lists of a provider, or leave the lists of one empty",
            )


def section_of(name: str) -> str:
    """The section of a provider of that name."""
    return Provider(name=name).section


def _refuse_mixed(
    given: Mapping[str, Any], named: set[str], alone: Mapping[str, str], file: str
) -> None:
    name = min(named)
    if loose := [key for key in given if key not in named]:
        raise ConfigError(
            f"stands beside [smtp.{name}], so it is unclear whose it is",
            file=file,
            key=f"smtp.{loose[0]}",
            hint=f"move it into [smtp.{name}], or into a table with a name of its own",
        )
    for key in alone:
        raise ConfigError(
            f"sets the only provider, while pipeline.toml has [smtp.{name}]",
            file="the environment",
            key=variable_of(ONLY, key),
            hint=f"set {variable_of(section_of(name), key)} instead",
        )


def _check_names(given: Mapping[str, Any], file: str) -> None:
    seen: dict[str, str] = {}
    for name in given:
        key = f"smtp.{name}"
        check_name(name, file, key)
        if name in _RESERVED:
            raise ConfigError(
                f"{name!r} is what {_RESERVED[name]} is called",
                file=file,
                key=key,
                hint="choose another name for this provider",
            )
        same = seen.setdefault(variable_of(key, ""), name)
        if same != name:
            raise ConfigError(
                f"the variables for it and for [smtp.{same}] would be the same",
                file=file,
                key=key,
                hint="choose names that differ by more than '-' and '_'",
            )


def _read(name: str, table: Mapping[str, Any], environ: Mapping[str, str], file: str) -> Provider:
    section = section_of(name)
    given = {**table, **from_environment(section, PROVIDER_KEYS, environ)}
    return _complete(build(Provider, given, file, section, name=name), file)


def _complete(provider: Provider, file: str) -> Provider:
    """Refuse a half configured provider: it must never become a silent rehearsal."""
    _check_server(provider, file)
    _check_login(provider, file)
    for name in provider.lists:
        check_name(name, file, f"{provider.section}.lists")
    key = f"{provider.section}.host"
    host = complete_host(provider.host, file, key, 'as in "smtp.example.org"')
    return replace(provider, host=host, port=provider.port or DEFAULT_PORTS[provider.security])


def _check_server(provider: Provider, file: str) -> None:
    section = provider.section
    if not provider.host:
        raise ConfigError(
            f"is missing, though [{section}] or a variable for it is there",
            file=file,
            key=f"{section}.host",
            hint=f"name your provider's server, or remove [{section}];"
            " without any provider mail goes to the local mailbox",
        )
    if provider.security not in SECURITIES:
        raise ConfigError(
            f"must be one of {', '.join(SECURITIES)}",
            file=file,
            key=f"{section}.security",
            hint="most providers: starttls",
        )


def _check_login(provider: Provider, file: str) -> None:
    def fault(message: str, key: str, hint: str) -> ConfigError:
        return ConfigError(message, file=file, key=f"{provider.section}.{key}", hint=hint)

    if provider.auth not in ("", *AUTHS):
        raise fault(
            f"must be one of {', '.join(AUTHS)}, or empty",
            "auth",
            "leave it empty to log in by what the server offers",
        )
    if provider.password and provider.password_command:
        raise fault("stands beside password", "password_command", "remove one of the two")
    if missing := _missing_half(provider):
        raise fault(
            "is missing while the other half of the login is set",
            missing,
            f"set it in [{provider.section}] or as {variable_of(provider.section, missing)}",
        )
    if provider.username and provider.security == "none":
        raise fault(
            "a login never goes over an unencrypted connection",  # RFC 4954 4
            "security",
            'set security = "starttls" or "tls"',
        )


def _missing_half(provider: Provider) -> str:
    has_secret = bool(provider.password or provider.password_command)
    if provider.username and not has_secret:
        return "password"
    return "username" if not provider.username and (has_secret or provider.auth) else ""
