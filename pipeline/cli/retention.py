"""`pipeline retention`: what goes after the time that the site has set."""

from __future__ import annotations

import click

from pipeline.cli.frame import json_option, open_site, print_json, say, site_option


@click.command()
@site_option
@json_option
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def retention(as_json: bool, dry_run: bool) -> None:
    """Forget what is older than [retention] says; `run` and `serve` do so by themselves.

    \b
    Examples:
      pipeline retention --dry-run
      pipeline retention
    """
    from dataclasses import asdict

    from pipeline.cli.report import counted
    from pipeline.clock import forget_old

    site = open_site()
    forgotten = forget_old(site, dry_run=dry_run)
    if as_json:
        print_json(asdict(forgotten))
        return
    verb = "would go" if dry_run else "went"
    days = site.config.retention.network_days
    age = f"older than {days:,} days" if days else "of any age: network_days is 0"
    say(f"{counted(forgotten.networks, 'client network')} {age} {verb}.")
