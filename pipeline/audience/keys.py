"""The keys that sign links: configured, or made once and kept in var/secret.key."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pipeline.config import Config
from pipeline.errors import ConfigError

MINIMUM_LENGTH = 32  # characters

# Newest first: the first signs, all verify, so that links in old mail outlive a change of key.
Keys = tuple[bytes, ...]


def read_keys(config: Config) -> Keys:
    """The site's keys, newest first; makes var/secret.key when there is none.

    Raises ConfigError for a key that is too short to protect anything.
    """
    if config.security.secret:
        lines, place = [config.security.secret], "security.secret"
    else:
        file = config.var / "secret.key"
        lines, place = _read_or_make(file), str(file)
    keys = tuple(line.strip().encode() for line in lines if line.strip())
    if not keys or min(map(len, keys)) < MINIMUM_LENGTH:
        raise ConfigError(
            f"a key needs at least {MINIMUM_LENGTH} characters",
            key=place,
            hint="make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return keys


def _read_or_make(file: Path) -> list[str]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{file}: the key cannot be read or made: {error}",
            hint="see who may read it; a key in the environment is PIPELINE_SECURITY_SECRET",
        ) from error


def _make(file: Path) -> None:
    """Write a key that appears whole or not at all, and only once when two processes start."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(secrets.token_hex(32) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        draft.unlink()
