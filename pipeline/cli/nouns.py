"""The commands by noun: posts, subscribers, newsletters, campaigns. A bare noun lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.cli.frame import (
    json_option,
    open_site,
    print_json,
    read_site_config,
    say,
    site_option,
)


def _bare(context: click.Context, command: click.Command, **options: Any) -> None:
    """Run the listing when a noun stands alone."""
    if context.invoked_subcommand is None:
        context.invoke(command, **options)


# --- posts --------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@site_option
@json_option
@click.pass_context
def posts(context: click.Context, as_json: bool) -> None:
    """List posts, show one, or make one from a pasted document.

    \b
    Examples:
      pipeline posts
      pipeline posts show sleep-and-pain
      pipeline posts import article.html
    """
    _bare(context, list_posts, as_json=as_json)


@posts.command("list")
@site_option
@json_option
def list_posts(as_json: bool) -> None:
    """List all posts, newest first.

    \b
    Example: pipeline posts list --json
    """
    from pipeline.cli.listing import post_rows, print_table
    from pipeline.clock import read_content

    site = open_site()
    rows = post_rows(read_content(site).posts, site.now())
    print_json(rows) if as_json else print_table(rows, ("date", "status", "slug", "title"))


@posts.command("show")
@site_option
@json_option
@click.argument("slug")
def show_post(slug: str, as_json: bool) -> None:
    """Show one post: its identity, where it is, and its text.

    \b
    Example: pipeline posts show sleep-and-pain
    """
    from pipeline.cli.listing import post_details, print_details
    from pipeline.clock import read_content

    details = post_details(read_content(open_site()).posts, slug)
    print_json(details) if as_json else print_details(details)


@posts.command("import")
@site_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_post(file: Path) -> None:
    """Make a post of FILE, a plain text or HTML document; print its path.

    What was guessed is said on standard error, so that you can mend it in the new file.

    \b
    Example: pipeline posts import article.txt
    """
    from datetime import UTC, datetime

    from pipeline.pasted import parse_document, read_document, to_markdown, write_post

    config = read_site_config()
    source, html = read_document(file)
    post = parse_document(
        source, html=html, today=datetime.now(UTC).astimezone(config.site.zone).date()
    )
    for guess in post.guesses:
        say(guess.reason, err=True)
    say(str(write_post(to_markdown(post), post, config.posts)))


# --- newsletters --------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@site_option
@json_option
@click.pass_context
def newsletters(context: click.Context, as_json: bool) -> None:
    """List newsletters and where the file differs; add or change one.

    A [[newsletter]] in pipeline.toml is copied when first seen; from then on the database rules.

    \b
    Examples:
      pipeline newsletters
      pipeline newsletters add weekly --list readers --schedule "0 9 * * 2"
      pipeline newsletters set weekly schedule "0 8 * * 1"
      pipeline newsletters adopt weekly
    """
    _bare(context, list_newsletters, as_json=as_json)


@newsletters.command("list")
@site_option
@json_option
def list_newsletters(as_json: bool) -> None:
    """List all newsletters: when each is due, and where pipeline.toml says otherwise.

    \b
    Example: pipeline newsletters list --json
    """
    from pipeline.cli.listing import differing, newsletter_rows, print_differences, print_table

    site = open_site()
    rows = newsletter_rows(site)
    if as_json:
        print_json(rows)
        return
    print_table(rows, ("name", "list", "template", "schedule", "timezone", "next"))
    print_differences(differing(site))


@newsletters.command("show")
@site_option
@json_option
@click.argument("name")
def show_newsletter(name: str, as_json: bool) -> None:
    """Show every setting of one newsletter.

    \b
    Example: pipeline newsletters show digest
    """
    from pipeline.cli.listing import newsletter_details, print_details

    details = newsletter_details(open_site(), name)
    print_json(details) if as_json else print_details(details)


@newsletters.command("add")
@site_option
@click.argument("name")
@click.option("--list", "list_name", required=True, help="The list it goes to.")
@click.option("--template", default="digest", show_default=True)
@click.option("--title", default="", help="Its masthead (default: the site's title).")
@click.option("--schedule", default="0 9 * * 2", show_default=True, help="A cron rule.")
@click.option("--timezone", default="", help="The rule's zone (default: the site's).")
@click.option("--from-email", default="", help="The sender (default: the site's email).")
@click.option("--reply-to", default="")
def add_newsletter(name: str, list_name: str, **settings: str) -> None:
    """Add a newsletter called NAME. Its first edition takes the newest ten matching posts.

    \b
    Example: pipeline newsletters add weekly --list readers --schedule "0 9 * * 2"
    """
    from pipeline.cli.listing import make_newsletter

    make_newsletter(open_site(), {"name": name, "list": list_name, **settings})
    say(f"Newsletter {name} is added; it is due at once, as every new one.")


@newsletters.command("set")
@site_option
@click.argument("name")
@click.argument("key")
@click.argument("value")
def set_newsletter(name: str, key: str, value: str) -> None:
    """Set KEY of the newsletter NAME to VALUE; lists are written a,b.

    \b
    Example: pipeline newsletters set weekly tags knee,hip
    """
    from pipeline.cli.listing import change_newsletter

    change_newsletter(open_site(), name, key, value)
    say(f"Newsletter {name}: {key} is now {value!r}.")


@newsletters.command("adopt")
@site_option
@click.argument("name")
def adopt_newsletter(name: str) -> None:
    """Give the newsletter NAME the settings that pipeline.toml has for it.

    \b
    Example: pipeline newsletters adopt weekly
    """
    from pipeline.cli.listing import adopt

    say(f"Newsletter {name} now is as pipeline.toml says: {adopt(open_site(), name)}.")


# --- campaigns ----------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@site_option
@json_option
@click.pass_context
def campaigns(context: click.Context, as_json: bool) -> None:
    """List campaigns, show one with its balance sheet, or pause, resume or cancel it.

    \b
    Examples:
      pipeline campaigns
      pipeline campaigns show 3 --json
      pipeline campaigns pause 3
    """
    _bare(context, list_campaigns, as_json=as_json)


@campaigns.command("list")
@site_option
@json_option
def list_campaigns(as_json: bool) -> None:
    """List all campaigns, newest first.

    \b
    Example: pipeline campaigns list
    """
    from pipeline.cli.report import show_balances
    from pipeline.clock import all_balances, foresee

    site = open_site()
    show_balances(foresee(site, all_balances(site)), as_json=as_json)


@campaigns.command("show")
@site_option
@json_option
@click.argument("number", type=int)
def show_campaign(number: int, as_json: bool) -> None:
    """Show the campaign NUMBER and its balance sheet.

    \b
    Example: pipeline campaigns show 3 --json
    """
    from pipeline.cli.listing import print_details
    from pipeline.cli.report import balance_as_json
    from pipeline.clock import balances, foresee
    from pipeline.errors import CampaignError

    if number.bit_length() > 63:  # SQLite could not even be asked for it
        raise CampaignError(
            f"there is no campaign {number}", hint="`pipeline campaigns` lists them"
        )
    site = open_site()
    (balance,) = foresee(site, balances(site, [number]))
    details = balance_as_json(balance)
    print_json(details) if as_json else print_details(details)
