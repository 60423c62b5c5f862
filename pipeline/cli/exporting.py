"""`pipeline subscribers export`: everybody as a file for people or for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from pipeline.cli.frame import open_site, say, site_option
from pipeline.errors import PipelineError

output_option = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write, for its owner alone (default: standard output).",
)


@contextmanager
def opened(output: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that appears whole or not at all. Raises PipelineError."""
    if output is None:
        yield sys.stdout
        return
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # addresses
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                yield file
            draft.replace(output)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise PipelineError(
            f"{output}: cannot be written: {error.strerror}",
            hint="name a file in a folder that you may write to, on a disk with room",
        ) from error


@click.command("export")
@site_option
@click.option("--list", "name", help="Only this list (default: all).")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="For spreadsheets, or for programs.",
)
@output_option
def export_subscribers(name: str | None, kind: str, output: Path | None) -> None:
    """Write everybody, with where they stand, to standard output or to a file.

    Who left and who is suppressed is among them, and marked: imported elsewhere or here, they stay
    away. No cell of the CSV is taken for a formula by a spreadsheet.

    \b
    Examples:
      pipeline subscribers export --list readers --output readers.csv
      pipeline subscribers export --format json | jq length
    """
    from pipeline import audience
    from pipeline.db import reading

    site = open_site()
    with reading(site.engine) as connection, opened(output) as file:
        list_id = audience.find_list(connection, name).id if name else None
        people = audience.export_people(connection, list_id)
        if kind == "json":
            count = audience.write_json(people, file)
        else:
            columns = audience.attribute_names(people)
            count = audience.write_csv(audience.export_people(connection, list_id), columns, file)
    if output:
        say(f"{count:,} rows are in {output}.")


@click.command("everything")
@site_option
@click.argument("address")
@output_option
def export_everything(address: str, output: Path | None) -> None:
    """Write all that is kept of ADDRESS as JSON, for the person themselves.

    What is known of them, what they agreed to and in which words, how they came, and every message.

    \b
    Example: pipeline subscribers everything ada@example.com --output ada.json
    """
    import json

    from pipeline.clock import read_everything

    found = read_everything(open_site(), address)
    with opened(output) as file:
        json.dump(found, file, ensure_ascii=False, indent=2, default=str)
        file.write("\n")
    if output:
        say(f"All that is kept of {address} is in {output}.")
