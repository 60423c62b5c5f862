"""`pipeline subscribers`: the lists and their people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.cli.decisions import by_option
from pipeline.cli.frame import json_option, open_site, print_json, say, site_option
from pipeline.errors import AudienceError


@click.group(invoke_without_command=True)
@site_option
@json_option
@click.pass_context
def subscribers(context: click.Context, as_json: bool) -> None:
    """List the lists, show who is on one, import a file, take somebody off, or erase.

    \b
    Examples:
      pipeline subscribers
      pipeline subscribers show readers
      pipeline subscribers import members.csv --basis "asked for it at the till"
      pipeline subscribers undo 3
      pipeline subscribers unsubscribe ada@example.com --list readers
      pipeline subscribers erase ada@example.com
    """
    if context.invoked_subcommand is None:
        context.invoke(list_subscribers, as_json=as_json)


@subscribers.command("list")
@site_option
@json_option
def list_subscribers(as_json: bool) -> None:
    """List all lists with their people counted.

    \b
    Example: pipeline subscribers list
    """
    from pipeline.cli.listing import list_rows, print_table

    rows = list_rows(open_site())
    print_json(rows) if as_json else print_table(rows, tuple(rows[0]) if rows else ())


@subscribers.command("show")
@site_option
@json_option
@click.argument("name")
def show_list(name: str, as_json: bool) -> None:
    """Show everybody on the list NAME.

    \b
    Example: pipeline subscribers show readers --json
    """
    from pipeline.cli.listing import people_rows, print_table

    rows = people_rows(open_site(), name)
    print_json(rows) if as_json else print_table(rows, ("id", "email", "name", "state"))


@subscribers.command("import")
@site_option
@json_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--list", "name", default="", help="The list (default: the file's name).")
@click.option("--basis", default="", help="What allows to mail these people; kept as proof.")
@click.option("--source", default="", help="Where they come from (default: the file's name).")
@by_option
@click.option("--map", "given", multiple=True, help='"their column=ours"; "-" leaves it out.')
@click.option("--preset", default="", help="The tool that wrote the file, if it is taken wrongly.")
@click.option("--dry-run", "dry", is_flag=True, help="Show what would happen, write nothing.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A CSV file to write refused rows to, with the reason.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
def import_subscribers(
    file: Path, by: str | None, *, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Import FILE, a CSV with a column of addresses, into a list; with its opt-outs.

    Exports of Mailchimp, Substack, Ghost, listmonk, Buttondown, beehiiv and Keila are recognised by
    their columns. Who left stays away, here or there. `pipeline run` imports the files in
    subscribers/ by itself.

    \b
    Examples:
      pipeline subscribers import members.csv --basis "asked for it at the till, forms kept"
      pipeline subscribers import export.csv --list readers --basis "consent in Ghost" --dry-run
      pipeline subscribers import cleaned.csv --list readers --basis "opt-outs" --rejects bad.csv
    """
    from pipeline.cli.importing import import_as_json, import_by_hand, print_import
    from pipeline.cli.progress import Display

    with Display(show=not (quiet or as_json), work="Importing") as display:
        report = import_by_hand(open_site(), file, by, options, display.work)
    if as_json:
        print_json(import_as_json(report))
    else:
        print_import(report, dry=options["dry"])


@subscribers.command("batches")
@site_option
@json_option
def list_batches(as_json: bool) -> None:
    """List what was imported, newest first: file, basis, by whom, and what it did.

    \b
    Example: pipeline subscribers batches
    """
    from pipeline.cli.importing import batch_rows
    from pipeline.cli.listing import print_table

    rows = batch_rows(open_site())
    columns = ("batch", "list", "file", "at", "by", "state", "joined", "changed", "left")
    print_json(rows) if as_json else print_table(rows, (*columns, "suppressed", "refused", "basis"))


@subscribers.command("undo")
@site_option
@json_option
@click.argument("number", type=int, metavar="BATCH")
@by_option
def undo_batch(number: int, by: str | None, as_json: bool) -> None:
    """Take back what the import BATCH did; not what people have said here since.

    \b
    Example: pipeline subscribers undo 3
    """
    from dataclasses import asdict

    from pipeline.cli.deciding import who
    from pipeline.cli.importing import print_undone, undo

    undone = undo(open_site(), number, who(by))
    print_json(asdict(undone)) if as_json else print_undone(undone)


@subscribers.command("unsubscribe")
@site_option
@click.argument("address")
@click.option("--list", "name", required=True, help="The list to take them off.")
@by_option
def unsubscribe_person(address: str, name: str, by: str | None) -> None:
    """Take ADDRESS off a list; effective for the very next message.

    \b
    Example: pipeline subscribers unsubscribe ada@example.com --list readers
    """
    from pipeline.cli.deciding import who
    from pipeline.cli.listing import unsubscribe

    say(unsubscribe(open_site(), address, name, who(by)))


@subscribers.command("erase")
@site_option
@click.argument("address")
@by_option
def erase_person(address: str, by: str | None) -> None:
    """Forget all that is known of ADDRESS, for good; a keyed hash keeps imports from undoing it.

    What stays says nothing about anybody: that a message went to somebody, and the chain of consent
    receipts without what they said. Only a fresh double opt-in brings the person back.

    \b
    Example: pipeline subscribers erase ada@example.com
    """
    from pipeline.cli.deciding import who
    from pipeline.clock import erase

    if not erase(open_site(), address, f"staff: {who(by)}"):
        raise AudienceError(f"nobody is known at {address}", hint="nothing has changed")
    say(f"All that was known of {address} is forgotten.")
