"""`pipeline segments`: saved rules over subscribers, and whom they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.frame import json_option, open_site, print_json, say, site_option

if TYPE_CHECKING:  # at run time imported by the commands
    from pipeline.audience import Rule
    from pipeline.clock import Site

list_option = click.option("--list", "name_of_list", help="Count only people of this list.")


@click.group(invoke_without_command=True)
@site_option
@json_option
@click.pass_context
def segments(context: click.Context, as_json: bool) -> None:
    """List segments, show, try, set or remove one.

    \b
    Examples:
      pipeline segments
      pipeline segments try "plan = 'pro' and visits > 3" --list readers
      pipeline segments set regulars "visits > 3 and confirmed within 90 days"
    """
    if context.invoked_subcommand is None:
        context.invoke(list_segments, as_json=as_json)


@segments.command("list")
@site_option
@json_option
def list_segments(as_json: bool) -> None:
    """List all segments with their rules.

    \b
    Example: pipeline segments list --json
    """
    from dataclasses import asdict

    from pipeline.audience import read_segments
    from pipeline.cli.listing import print_table
    from pipeline.db import reading

    with reading(open_site().engine) as connection:
        rows = [asdict(one) for one in read_segments(connection)]
    print_json(rows) if as_json else print_table(rows, ("name", "rule"))


@segments.command("show")
@site_option
@json_option
@list_option
@click.argument("name")
def show_segment(name: str, name_of_list: str | None, as_json: bool) -> None:
    """Show the rule of the segment NAME, how many people it holds, and some of them.

    \b
    Example: pipeline segments show regulars --list readers
    """
    from pipeline.audience import find_segment, read_rule
    from pipeline.db import reading

    site = open_site()
    with reading(site.engine) as connection:
        segment = find_segment(connection, name)
    held = _held(site, read_rule(segment.rule), name_of_list)
    _show({"name": name, **held}, as_json=as_json)


@segments.command("try")
@site_option
@json_option
@list_option
@click.argument("rule")
def try_rule(rule: str, name_of_list: str | None, as_json: bool) -> None:
    """Count whom RULE holds, and show some of them; nothing is kept.

    \b
    Example: pipeline segments try "tag = 'press' or city = 'Berlin'" --list readers
    """
    from pipeline.audience import read_rule

    _show(_held(open_site(), read_rule(rule), name_of_list), as_json=as_json)


@segments.command("set")
@site_option
@json_option
@list_option
@click.argument("name")
@click.argument("rule")
def set_segment(name: str, rule: str, name_of_list: str | None, as_json: bool) -> None:
    """Keep RULE as the segment NAME, new or changed; show how many people it holds.

    \b
    Example: pipeline segments set regulars "visits > 3 and plan in ('pro', 'team')"
    """
    from pipeline.audience import read_rule, save_segment
    from pipeline.db import writing

    site = open_site()
    read = read_rule(rule)
    held = _held(site, read, name_of_list)
    with writing(site.engine) as connection:
        save_segment(connection, name, read, site.now())
    _show({"name": name, **held}, as_json=as_json)


@segments.command("remove")
@site_option
@click.argument("name")
def remove(name: str) -> None:
    """Forget the segment NAME; campaigns that were launched with it keep its rule.

    \b
    Example: pipeline segments remove regulars
    """
    from pipeline.audience import remove_segment
    from pipeline.db import writing

    with writing(open_site().engine) as connection:
        remove_segment(connection, name)
    say(f"The segment {name} is removed.")


def _held(site: Site, rule: Rule, name_of_list: str | None) -> dict[str, Any]:
    """A rule with its count and a sample. Raises AudienceError for what it names and is not."""
    from pipeline.audience import check_names, count_segment, find_list, sample_segment
    from pipeline.db import reading

    now = site.now()
    with reading(site.engine) as connection:
        mailing_list = None if name_of_list is None else find_list(connection, name_of_list)
        check_names(connection, rule)
        people = sample_segment(connection, rule, now, mailing_list)
        return {
            "rule": rule.text,
            "list": name_of_list or "",
            "people": count_segment(connection, rule, now, mailing_list),
            "sample": [{"id": one.id, "email": one.email, "name": one.name} for one in people],
        }


def _show(held: dict[str, Any], *, as_json: bool) -> None:
    from pipeline.cli.listing import print_table
    from pipeline.cli.report import counted

    if as_json:
        print_json(held)
        return
    if "name" in held:
        say(f"Segment {held['name']}: {held['rule']}")
    where = f" of the list {held['list']}" if held["list"] else ""
    say(f"{counted(held['people'], 'person')}{where}{', among them' if held['sample'] else ''}")
    if held["sample"]:
        print_table(held["sample"], ("id", "email", "name"))
