"""`pipeline subscribers find, history, set, tag, untag`: one person, or a few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.frame import json_option, open_site, print_json, say, site_option

if TYPE_CHECKING:  # at run time imported by the commands
    from pipeline.clock import History, Site


@click.command("find")
@site_option
@json_option
@click.argument("text")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many."
)
def find(text: str, as_json: bool, limit: int) -> None:
    """Find people whose address, domain or name begins with TEXT; a domain with @ before it.

    \b
    Examples:
      pipeline subscribers find ada
      pipeline subscribers find @example.org
    """
    from pipeline.cli.listing import print_table

    rows, more = _found(open_site(), text, limit)
    if as_json:
        print_json({"people": rows, "more": more})
        return
    print_table(rows, ("id", "email", "name", "by"))
    if more:
        say(f"There are more than {limit}: write more of it, or raise --limit.")


def _found(site: Site, text: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Each person once, by the first thing that fits, and whether there are more."""
    from dataclasses import asdict

    from pipeline.audience import find_people, read_search
    from pipeline.db import reading

    rows: dict[int, dict[str, Any]] = {}
    more = False
    with reading(site.engine) as connection:
        for search in read_search(text):
            page = find_people(connection, search, limit=limit)
            for one in page.people:
                rows.setdefault(one.id, {**asdict(one), "by": search.by.value})
            more = more or page.next is not None
    return list(rows.values())[:limit], more or len(rows) > limit


@click.command("history")
@site_option
@json_option
@click.argument("address")
def history(address: str, as_json: bool) -> None:
    """Show all that is known of ADDRESS, and what happened: joined, sent, bounced, left.

    \b
    Example: pipeline subscribers history ada@example.com
    """
    from pipeline.clock import read_history

    site = open_site()
    found = read_history(site, address)
    print_json(_as_json(found)) if as_json else _print_history(found, site)


def _details(history: History) -> dict[str, Any]:
    person = history.person
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "time_zone": person.time_zone,
        "tags": person.tags,
        "lists": {one.list: one.state.value for one in person.memberships},
        "suppressed": person.suppressed or "",
        "attributes": person.attributes,
    }


def _as_json(history: History) -> dict[str, Any]:
    from dataclasses import asdict

    happened = [
        {**asdict(one), "at": one.at.isoformat(timespec="seconds")} for one in history.happenings
    ]
    return {**_details(history), "history": happened}


def _print_history(history: History, site: Site) -> None:
    from pipeline.cli.listing import print_details, print_table
    from pipeline.cli.report import local_time

    shown = _details(history)
    attributes = {f"  {name}": value for name, value in shown.pop("attributes").items()}
    print_details({name: value for name, value in shown.items() if value} | attributes)
    say("")
    rows = [
        {
            "at": local_time(one.at, site.config.site.timezone),
            "what": one.what,
            "about": one.about,
            "details": one.details,
        }
        for one in history.happenings
    ]
    print_table(rows, ("at", "what", "about", "details"))


@click.command("set")
@site_option
@click.argument("address")
@click.argument("key")
@click.argument("value")
def set_person(address: str, key: str, value: str) -> None:
    """Set what is known of ADDRESS: name, language, time_zone, or an attribute called KEY.

    A number, true or false is kept as such, anything else as text; in double quotes it is always
    text. An empty VALUE takes the attribute away.

    \b
    Examples:
      pipeline subscribers set ada@example.com plan pro
      pipeline subscribers set ada@example.com time_zone Europe/London
      pipeline subscribers set ada@example.com postcode '"10115"'
    """
    from pipeline.audience import read_address, set_value
    from pipeline.db import writing

    with writing(open_site().engine) as connection:
        kept = set_value(connection, read_address(address), key, value)
    if kept is None:
        say(f"{address} has no {key} any more.")
    else:
        say(f"{address}: {key} is now {_shown(kept)}.")


def _shown(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


@click.command("tag")
@site_option
@click.argument("address")
@click.argument("tags", nargs=-1, required=True)
def tag(address: str, tags: tuple[str, ...]) -> None:
    """Give ADDRESS one or more TAGS; capitals make no difference.

    \b
    Example: pipeline subscribers tag ada@example.com press founder
    """
    from pipeline.audience import add_tags

    _change_tags(address, tags, add_tags)


@click.command("untag")
@site_option
@click.argument("address")
@click.argument("tags", nargs=-1, required=True)
def untag(address: str, tags: tuple[str, ...]) -> None:
    """Take one or more TAGS from ADDRESS.

    \b
    Example: pipeline subscribers untag ada@example.com press
    """
    from pipeline.audience import remove_tags

    _change_tags(address, tags, remove_tags)


def _change_tags(address: str, tags: tuple[str, ...], change: Any) -> None:
    from pipeline.audience import read_address, read_profile, read_tags
    from pipeline.db import writing

    known = read_address(address)
    with writing(open_site().engine) as connection:
        change(connection, known, read_tags(tags))
        left = read_profile(connection, known).tags
    say(f"{address} is tagged: {', '.join(left)}." if left else f"{address} has no tags.")
