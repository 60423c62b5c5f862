"""`pipeline suppressions`: who is never mailed, and why."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.exporting import opened, output_option
from pipeline.cli.frame import json_option, open_site, print_json, say, site_option
from pipeline.errors import AudienceError


@click.group(invoke_without_command=True)
@site_option
@json_option
@click.pass_context
def suppressions(context: click.Context, as_json: bool) -> None:
    """Count who is never mailed by reason; shut an address out, lift that, bring them over.

    \b
    Examples:
      pipeline suppressions
      pipeline suppressions add ada@example.com
      pipeline suppressions import blocked.csv
      pipeline suppressions export --output suppressions.csv
    """
    if context.invoked_subcommand is None:
        context.invoke(list_suppressions, as_json=as_json)


@suppressions.command("list")
@site_option
@json_option
def list_suppressions(as_json: bool) -> None:
    """Count suppressed addresses by their reason.

    \b
    Example: pipeline suppressions list
    """
    from pipeline import audience
    from pipeline.cli.listing import print_table
    from pipeline.db import reading

    with reading(open_site().engine) as connection:
        counts = audience.count_suppressions(connection)
    rows = [{"reason": reason, "addresses": count} for reason, count in counts.items()]
    print_json(rows) if as_json else print_table(rows, ("reason", "addresses"))


@suppressions.command("add")
@site_option
@click.argument("address")
def add_suppression(address: str) -> None:
    """Never mail ADDRESS, known or not, from the very next message on; the reason is `manual`.

    \b
    Example: pipeline suppressions add ada@example.com
    """
    from pipeline import audience
    from pipeline.db import writing
    from pipeline.schema import SuppressionReason

    site = open_site()
    identity = audience.read_address(address).identity
    with writing(site.engine) as connection:
        reasons = {identity: SuppressionReason.MANUAL}
        audience.suppress_identities(connection, reasons, site.now())
    say(f"{address} is never mailed.")


@suppressions.command("lift")
@site_option
@click.argument("address")
def lift_suppression(address: str) -> None:
    """Let ADDRESS be mailed again. Only when its owner asks for it: they may have left for good.

    It brings nobody back onto a list.

    \b
    Example: pipeline suppressions lift ada@example.com
    """
    from pipeline import audience
    from pipeline.db import writing

    site = open_site()
    identity = audience.read_address(address).identity
    with writing(site.engine) as connection:
        if not audience.find_suppressed(connection, site.keys, [identity]):
            raise AudienceError(f"{address} is not suppressed", hint="nothing has changed")
        audience.lift_suppression(connection, site.keys, identity)
    say(f"{address} may be mailed again.")


@suppressions.command("import")
@site_option
@json_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_suppressions(file: Path, as_json: bool) -> None:
    """Suppress every address of FILE, a CSV with a column `email` or `identity`.

    A column `reason` may say hard_bounce, repeated_bounce, complaint, unsubscribed_all, erased or
    manual, which is the default. What `export` wrote is read as it is.

    \b
    Example: pipeline suppressions import blocked.csv
    """
    from pipeline.audience import import_suppressions
    from pipeline.cli.report import counted

    site = open_site()
    report = import_suppressions(site.engine, file, site.now())
    if as_json:
        refused = [str(error) for error in report.refused]
        print_json({"rows": report.rows, "added": report.added, "refused": refused})
        return
    say(f"{counted(report.rows, 'row')} read, {report.added:,} not suppressed before.")
    for error in report.refused:
        say(f"Refused row {error}", err=True)


@suppressions.command("export")
@site_option
@output_option
def export_suppressions(output: Path | None) -> None:
    """Write every suppression as CSV: identity or keyed hash, reason, since when.

    \b
    Example: pipeline suppressions export --output suppressions.csv
    """
    import csv

    from pipeline import audience
    from pipeline.db import reading

    with reading(open_site().engine) as connection, opened(output) as file:
        rows = audience.rows_of(audience.export_suppressions(connection))
        csv.writer(file, lineterminator="\r\n").writerows(rows)
    if output:
        say(f"The suppressions are in {output}.")
