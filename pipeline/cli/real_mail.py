"""What to mend before mail goes to real readers, though nothing stops it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.cli.frame import say
from pipeline.cli.init import PLACEHOLDER_ADDRESS

if TYPE_CHECKING:
    from pipeline.config import Config


def notes(config: Config) -> Iterator[tuple[str, str]]:
    """Sentences with their mends; none while all mail goes to the local mailbox."""
    if config.rehearsal:
        return
    if config.site.postal_address == PLACEHOLDER_ADDRESS:
        yield (
            "site.postal_address: is still what `pipeline init` made up, and readers would see it",
            "put your own postal address there, as the law asks",
        )
    if not config.serve.public_url.startswith("https:"):  # RFC 8058 3.1
        yield (
            "serve.public_url: is no https address, so mail programs show no button to unsubscribe",
            "put a web server with TLS before `pipeline serve`, and its address there",
        )


def say_notes(config: Config) -> None:
    """Say them on standard error, before a command that sends."""
    for sentence, _ in notes(config):
        say(f"Note: {sentence}", err=True)
