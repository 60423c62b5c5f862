"""`pipeline subscribers`: the lists and their people."""

from __future__ import annotations

from pathlib import Path

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
      pipeline subscribers import members.csv
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
def import_subscribers(file: Path, as_json: bool) -> None:
    """Import FILE, a CSV with a column `email`, into the list of its name.

    `pipeline run` imports the files in subscribers/ by itself. Who unsubscribed stays so.

    \b
    Example: pipeline subscribers import members.csv
    """
    from pipeline.audience import import_file
    from pipeline.cli.report import counted

    site = open_site()
    report = import_file(site.engine, file, site.now())
    if as_json:
        refused = [str(error) for error in report.refused]
        print_json(
            {"list": report.list, "rows": report.rows, "joined": report.joined, "refused": refused}
        )
        return
    people = counted(report.joined, "person")
    say(f"{counted(report.rows, 'row')} read, {people} joined {report.list}")
    for error in report.refused:
        say(f"Refused row {error}", err=True)


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
