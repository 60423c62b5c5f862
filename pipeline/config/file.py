"""Reads pipeline.toml and the environment over it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.config.checks import complete_dkim, complete_serve, complete_site
from pipeline.config.environment import from_environment, refuse_misspelt
from pipeline.config.lists import check_joining, check_list_routes, read_lists
from pipeline.config.newsletter import read_newsletters
from pipeline.config.providers import (
    ONLY,
    PROVIDER_KEYS,
    check_routes,
    provider_tables,
    read_providers,
    section_of,
)
from pipeline.config.settings import (
    Brand,
    Config,
    Database,
    Delivery,
    Dkim,
    Feeds,
    Joining,
    Retention,
    Security,
    Serve,
    Site,
)
from pipeline.config.throttles import read_throttles
from pipeline.config.typed import build, keys_of, refuse_unknown
from pipeline.errors import ConfigError

FILE_NAME = "pipeline.toml"

SECTIONS: dict[str, type] = {
    "site": Site,
    "brand": Brand,
    "feeds": Feeds,
    "dkim": Dkim,
    "delivery": Delivery,
    "serve": Serve,
    "database": Database,
    "security": Security,
    "retention": Retention,
    "joining": Joining,
}
_TABLES = dict.fromkeys(("smtp", "throttle", "newsletter", "lists"))  # there may be several


def read_config(root: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check `root`/pipeline.toml with the environment over it.

    Raises ConfigError that names the file and the key.
    """
    file = str(root / FILE_NAME)
    document = _read_toml(root / FILE_NAME)
    newsletters, throttles = document.pop("newsletter", []), document.pop("throttle", {})
    lists = document.pop("lists", {})
    smtp = provider_tables(document.pop("smtp", None), environ, file)
    refuse_unknown(document, {**SECTIONS, **_TABLES}, file, "section")
    _refuse_misspelt(environ, smtp)
    sections = {
        name: _read_section(name, kind, document, environ, file) for name, kind in SECTIONS.items()
    }
    sections["site"] = complete_site(sections["site"], file)
    sections["serve"] = complete_serve(sections["serve"], sections["site"], file)
    signs = "dkim" in document or from_environment("dkim", keys_of(Dkim), environ)
    sections["dkim"] = complete_dkim(sections["dkim"], file) if signs else None
    sections["joining"] = check_joining(sections["joining"], file)
    orders = read_newsletters(newsletters, sections["site"], file)
    made = Config(
        root=root,
        providers=read_providers(smtp, environ, file),
        throttles=read_throttles(throttles, file),
        newsletters=orders,
        lists=read_lists(lists, orders, sections["site"], file),
        **sections,
    )
    check_routes(made.providers, made.newsletters, file)
    check_list_routes(made.providers, made.lists, file)
    return made


def _read_section(
    name: str, kind: type, document: Mapping[str, Any], environ: Mapping[str, str], file: str
) -> Any:
    given = document.get(name, {})
    if not isinstance(given, dict):
        raise ConfigError("must be a table", file=file, key=f"[{name}]")
    return build(kind, {**given, **from_environment(name, keys_of(kind), environ)}, file, name)


def _refuse_misspelt(environ: Mapping[str, str], providers: Iterable[str]) -> None:
    """Also for [throttle] and [lists], which the environment sets nothing of."""
    plain = {name: keys_of(kind) for name, kind in SECTIONS.items()}
    mail = {section_of(name): PROVIDER_KEYS for name in (ONLY, *providers)}
    refuse_misspelt(environ, {**plain, **mail, "throttle": (), "lists": ()})


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(
            "there is no such file, so this folder is not a site",
            file=str(file),
            hint="name the site's folder with --site DIR, or make one with `pipeline init DIR`",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"is not valid TOML: {error}", file=str(file), hint="mend that line; see toml.io"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", file=str(file), hint="see who may read it"
        ) from None
