"""Settings in the environment: which variable sets which key, and what is misspelt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.config.typed import refuse_unknown


def variable_of(section: str, key: str) -> str:
    """The variable for a key: PIPELINE_SMTP_BACK_UP_HOST for `host` in [smtp.back-up]."""
    return f"PIPELINE_{section}_{key}".upper().replace(".", "_").replace("-", "_")


def from_environment(
    section: str, keys: Iterable[str], environ: Mapping[str, str]
) -> dict[str, str]:
    """What the environment sets of these keys; an empty variable counts as not set."""
    names = {variable_of(section, key): key for key in keys}
    return {key: environ[name] for name, key in names.items() if environ.get(name)}


def refuse_misspelt(environ: Mapping[str, str], keys: Mapping[str, Iterable[str]]) -> None:
    """Raise ConfigError for a variable that means a section of ours and no key of it.

    `keys` holds those of each section. A provider's host under a misspelt name would otherwise
    be a rehearsal in silence.
    """
    known = {variable_of(section, key): None for section, names in keys.items() for key in names}
    ours = tuple(variable_of(section, "") for section in keys)
    for name in environ:
        if name.startswith(ours):
            refuse_unknown({name: None}, known, "the environment", "setting")
