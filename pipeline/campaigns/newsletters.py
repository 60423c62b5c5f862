"""A newsletter: the standing order, and where the file and the database say different things."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from pipeline.config import NewsletterSettings


@dataclass(frozen=True)
class Newsletter:
    """A standing order as the database has it; that is the one that rules."""

    id: int
    settings: NewsletterSettings

    @property
    def name(self) -> str:
        """Its name, which never changes."""
        return self.settings.name


@dataclass(frozen=True)
class Difference:
    """One key that pipeline.toml and the database disagree on; the database's value holds."""

    newsletter: str
    key: str
    in_file: Any
    in_database: Any

    @property
    def sentence(self) -> str:
        """What holds, and what the file says."""
        return (
            f"{self.newsletter}: {self.key} is {self.in_database!r},"
            f" but pipeline.toml says {self.in_file!r}"
        )

    @property
    def hint(self) -> str:
        """How to make the file's value hold."""
        return f"to take the file's: pipeline newsletters adopt {self.newsletter}"


def differences(
    declared: tuple[NewsletterSettings, ...], ruling: tuple[Newsletter, ...]
) -> tuple[Difference, ...]:
    """Where newsletters of the same name differ, key by key."""
    in_file = {settings.name: settings for settings in declared}
    return tuple(
        Difference(newsletter.name, key, file_value, ruling_value)
        for newsletter in ruling
        if newsletter.name in in_file
        for key, file_value in asdict(in_file[newsletter.name]).items()
        if file_value != (ruling_value := getattr(newsletter.settings, key))
    )


def to_json(settings: NewsletterSettings) -> dict[str, Any]:
    """Settings as the database keeps them."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(settings).items()
    }


def from_json(kept: dict[str, Any]) -> NewsletterSettings:
    """Settings from the database; a key added to the program since takes its default."""
    known = {field.name for field in fields(NewsletterSettings)}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in kept.items()
        if key in known
    }
    return NewsletterSettings(**values)
