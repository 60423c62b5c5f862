"""The commands that do a site's work: check, run, serve, feeds, preview, status."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.frame import json_option, open_site, print_json, say, site_option


@click.command()
@site_option
@json_option
def check(as_json: bool) -> None:
    """List every fault of the site at once; exit 1 when there is one.

    Reads the configuration, all posts, the subscriber files and the templates. Nothing is sent
    and nothing is published.

    \b
    Example: pipeline check --site my-site
    """
    from pipeline.cli.checking import find_faults, print_faults

    faults = find_faults(open_site())
    if as_json:
        print_json([fault.as_json() for fault in faults])
    else:
        print_faults(faults)
    if any(fault.blocks for fault in faults):
        raise SystemExit(1)


@click.command()
@site_option
@json_option
@click.option("--quiet", is_flag=True, help="Print nothing unless something needs you.")
def run(as_json: bool, quiet: bool) -> None:
    """Publish the feeds, send what is due, and end.

    Without a provider in [smtp] the mail goes to the local mailbox in var/mailbox: a rehearsal.

    \b
    Examples:
      pipeline run
      pipeline run --json
      PIPELINE_SMTP_HOST=smtp.example.org pipeline run
    """
    from pipeline.cli.frame import say_error
    from pipeline.cli.progress import Display
    from pipeline.cli.real_mail import say_notes
    from pipeline.cli.report import pass_as_json, print_pass
    from pipeline.cli.stopping import stopping_politely
    from pipeline.clock import run_pass

    site = open_site()
    say_notes(site.config)
    try:
        with stopping_politely(), Display(show=not (quiet or as_json)) as display:
            done = run_pass(
                site,
                on_stage=display.stage,
                on_progress=display.progress,
                on_foresight=display.foresee,
            )
    except KeyboardInterrupt:
        say("Stopped. What was not sent stays planned: `pipeline run` goes on.", err=True)
        raise SystemExit(130) from None
    if as_json:
        print_json(pass_as_json(done))
    else:
        print_pass(site, done, quiet=quiet)
    for problem in done.problems:
        say_error(problem)
    if done.problems:
        raise SystemExit(1)


@click.command()
@site_option
@click.option("--host", help="Listen on this address instead of [serve] host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of [serve] port.")
def serve(host: str | None, port: int | None) -> None:
    """Keep running: the clock, the worker, feeds and mailbox over HTTP, until Ctrl-C.

    \b
    Example: pipeline serve --port 8000
    """
    from pipeline.cli.real_mail import say_notes
    from pipeline.cli.serving import serve_site

    site = open_site()
    say_notes(site.config)
    settings = site.config.serve
    serve_site(site, host or settings.host, settings.port if port is None else port)


@click.command()
@site_option
@json_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder (default: var/site)."
)
def feeds(out: Path | None, as_json: bool) -> None:
    """Write RSS, Atom and JSON feeds, and a page per post; only what changed.

    \b
    Example: pipeline feeds --out public
    """
    from pipeline.cli.report import print_publication, print_renames, publication_as_json
    from pipeline.clock import publish_feeds, read_content

    site = open_site()
    content = read_content(site)
    publication = publish_feeds(site, content, out)
    if as_json:
        print_json(publication_as_json(publication))
    else:
        print_renames(content.renames)
        print_publication(publication)


@click.command()
@site_option
@click.argument("newsletter")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder."
)
def preview(newsletter: str, out: Path) -> None:
    """Write the next edition as edition.html, edition.txt and edition.eml; nothing is sent.

    \b
    Example: pipeline preview digest --out preview
    """
    from pipeline.cli.previewing import write_preview
    from pipeline.cli.report import edition_line, size_warning

    edition, files = write_preview(open_site(), newsletter, out)
    say(edition.subject)
    say(f"Edition {edition_line(edition)}")
    if warning := size_warning(edition):
        say(warning, err=True)
    for file in files:
        say(f"  {file}")


@click.command()
@site_option
@json_option
def status(as_json: bool) -> None:
    """Show the balance sheet of every campaign.

    \b
    Example: pipeline status --json
    """
    from pipeline.cli.frame import say_error
    from pipeline.cli.report import show_balances
    from pipeline.clock import all_balances, foresee
    from pipeline.ledger import find_hold

    site = open_site()
    show_balances(foresee(site, all_balances(site)), as_json=as_json)
    if held := find_hold(site.engine, site.config.var):
        say_error(held)
