"""Every fault of a site at once: posts, renames, subscriber files, newsletters, templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from pipeline import audience, campaigns, clock
from pipeline.cli import real_mail
from pipeline.cli.frame import say, visible
from pipeline.cli.report import size_warning
from pipeline.clock import Content, Site
from pipeline.compose import read_signer
from pipeline.content import published
from pipeline.db import reading
from pipeline.errors import AudienceError, ContentErrors, PipelineError


@dataclass(frozen=True)
class Fault:
    """One thing to mend. `blocks` is False for what a run goes on with, such as a refused row."""

    sentence: str
    hint: str
    blocks: bool = True

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"sentence": self.sentence, "hint": self.hint, "blocks": self.blocks}


def find_faults(site: Site) -> tuple[Fault, ...]:
    """All faults, in the order in which a pass would meet them."""
    faults = [Fault(*note, blocks=False) for note in real_mail.notes(site.config)]
    content = None
    try:
        content = clock.read_content(site)
    except ContentErrors as errors:
        faults += [Fault(str(error), error.hint) for error in errors.errors]
    if content is not None:
        faults += [Fault(rename.sentence, rename.hint) for rename in content.renames]
    files: tuple[Path, ...] = ()
    try:
        files = audience.list_files(site.config.subscribers)
    except AudienceError as error:
        faults.append(Fault(str(error), error.hint))
    faults += _lists(files)
    faults += _signing(site)
    faults += _newsletters(site, content, {file.stem for file in files})
    return tuple(faults)


def _lists(files: Iterable[Path]) -> Iterator[Fault]:
    for file in files:
        try:
            for error in audience.check_file(file):
                yield Fault(str(error), error.hint, blocks=False)
        except PipelineError as error:
            yield Fault(str(error), error.hint)


def _signing(site: Site) -> Iterator[Fault]:
    try:
        signer = read_signer(site.config)
    except PipelineError as error:
        yield Fault(str(error), error.hint)
        return
    if signer is None:
        return
    for newsletter in clock.read_newsletters(site):
        try:
            signer.check_sender(newsletter.settings.from_email)
        except PipelineError as error:
            yield Fault(f"newsletter {newsletter.name!r}: {error}", error.hint)


def _newsletters(site: Site, content: Content | None, lists: set[str]) -> Iterator[Fault]:
    newsletters = clock.read_newsletters(site)
    for found in campaigns.differences(site.config.newsletters, newsletters):
        yield Fault(found.sentence, found.hint, blocks=False)
    with reading(site.engine) as connection:
        lists = lists | {one.name for one in audience.read_lists(connection)}
        for newsletter in newsletters:
            if newsletter.settings.list not in lists:
                yield _no_list(newsletter)
            if content is not None and published(content.posts, site.now(), private=True):
                yield from _edition(connection, site, newsletter, content)


def _no_list(newsletter: campaigns.Newsletter) -> Fault:
    name = newsletter.settings.list
    return Fault(
        f"newsletter {newsletter.name!r}: there is no list called {name!r}",
        f"add subscribers/{name}.csv, or name another list",
    )


def _edition(
    connection: Connection, site: Site, newsletter: campaigns.Newsletter, content: Content
) -> Iterator[Fault]:
    try:
        edition = campaigns.compose_next(
            connection, newsletter, content.posts, site.config, site.now()
        )
        if warning := size_warning(edition):
            yield Fault(f"newsletter {newsletter.name!r}: {warning}", "", blocks=False)
    except PipelineError as error:
        yield Fault(f"newsletter {newsletter.name!r}: {error}", error.hint)


def print_faults(faults: tuple[Fault, ...]) -> None:
    """One line a fault, its mend below it."""
    import click

    for fault in faults:
        word = (
            click.style("Fault:", fg="red") if fault.blocks else click.style("Note:", fg="yellow")
        )
        click.echo(f"{word} {visible(fault.sentence)}")
        if fault.hint:
            say(f"       {fault.hint}")
    blocking = sum(fault.blocks for fault in faults)
    if blocking:
        say(f"{blocking} to mend before the next run.")
    else:
        say("No fault found." if not faults else "Nothing that stops a run.")
