"""Reads pipeline.toml and the environment over it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pipeline.config.checks import complete_dkim, complete_serve, complete_site, complete_smtp
from pipeline.config.newsletter import read_newsletters
from pipeline.config.settings import (
    Brand,
    Config,
    Database,
    Delivery,
    Dkim,
    Feeds,
    Security,
    Serve,
    Site,
    Smtp,
)
from pipeline.config.typed import build, refuse_unknown
from pipeline.errors import ConfigError

FILE_NAME = "pipeline.toml"

_SECTIONS: dict[str, type] = {
    "site": Site,
    "brand": Brand,
    "feeds": Feeds,
    "smtp": Smtp,
    "dkim": Dkim,
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
    _refuse_misspelt(environ)
    document = _read_toml(file)
    newsletters = document.pop("newsletter", [])
    refuse_unknown(document, {**_SECTIONS, "newsletter": None}, str(file), "section")
    sections: dict[str, Any] = {}
    for name, kind in _SECTIONS.items():
        given = document.get(name, {})
        if not isinstance(given, dict):
            raise ConfigError("must be a table", file=str(file), key=f"[{name}]")
        sections[name] = build(
            kind, {**given, **_from_environment(kind, name, environ)}, str(file), name
        )
    sections["site"] = complete_site(sections["site"], str(file))
    sections["serve"] = complete_serve(sections["serve"], sections["site"], str(file))
    for name, complete in (("smtp", complete_smtp), ("dkim", complete_dkim)):
        is_set = name in document or bool(_from_environment(_SECTIONS[name], name, environ))
        sections[name] = complete(sections[name], str(file)) if is_set else None
    return Config(
        root=root,
        newsletters=read_newsletters(newsletters, sections["site"], str(file)),
        **sections,
    )


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


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    """Raise ConfigError for a variable that means a section of ours and no key of it.

    A provider's host under a misspelt name would otherwise be a rehearsal in silence.
    """
    known = {
        f"PIPELINE_{section}_{item.name}".upper(): None
        for section, kind in _SECTIONS.items()
        for item in fields(kind)
    }
    ours = tuple(f"PIPELINE_{section}_".upper() for section in _SECTIONS)
    for variable in environ:
        if variable.startswith(ours):
            refuse_unknown({variable: None}, known, "the environment", "setting")


def _from_environment(kind: type, section: str, environ: Mapping[str, str]) -> dict[str, str]:
    names = {f"PIPELINE_{section}_{item.name}".upper(): item.name for item in fields(kind)}
    return {name: environ[variable] for variable, name in names.items() if environ.get(variable)}
