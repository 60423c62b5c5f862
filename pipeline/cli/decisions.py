"""The commands by which a person decides: reconcile, arm; campaigns pause, resume and cancel."""

from __future__ import annotations

from typing import Any

import click

from pipeline.cli.frame import Command, json_option, open_site, print_json, say, site_option


def by_option(command: Command) -> Command:
    """`--by NAME`, kept with the decision."""
    option = click.option(
        "--by", metavar="NAME", help="Who decides (default: the operating system's user)."
    )
    return option(command)


@click.command()
@site_option
@json_option
@click.argument("number", type=int, metavar="CAMPAIGN")
@click.option("--sent", "decision", flag_value="sent", help="Decide: these messages went.")
@click.option("--again", "decision", flag_value="again", help="Decide: send them once more.")
@click.option("--all", "every", is_flag=True, help="About everybody in doubt.")
@click.option("--address", "addresses", multiple=True, help="About this person; repeat it.")
@click.option("--id", "ids", type=int, multiple=True, help="About this subscriber; repeat it.")
@by_option
def reconcile(
    number: int, decision: str | None, by: str | None, *, as_json: bool, **chosen: Any
) -> None:
    """List the messages of CAMPAIGN that are in doubt, or decide about them.

    They left, and no reply was seen. Look for their Message-IDs in your provider's log. Sent
    again, a message keeps its Message-ID.

    \b
    Examples:
      pipeline reconcile 3
      pipeline reconcile 3 --sent --all
      pipeline reconcile 3 --again --address ada@example.com --address bob@example.com
    """
    named = bool(chosen["addresses"] or chosen["ids"])
    if chosen["every"] and named:
        raise click.UsageError("Either --all or single people, not both.")
    if decision is None and (chosen["every"] or named):
        raise click.UsageError("Say what became of them: --sent or --again.")
    if decision is not None and not (chosen["every"] or named):
        raise click.UsageError("Say who: --all, --address ADDRESS or --id N.")
    if decision is None:
        _list_doubts(number, as_json=as_json)
    else:
        _decide(number, decision, by, as_json=as_json, **chosen)


def _list_doubts(number: int, *, as_json: bool) -> None:
    from pipeline.cli.deciding import doubt_rows
    from pipeline.cli.listing import print_table

    rows = doubt_rows(open_site(), number)
    if as_json:
        print_json(rows)
    elif not rows:
        say(f"Nobody is in doubt in campaign {number}.")
    else:
        print_table(rows, ("id", "address", "started_at", "reason", "message_id"))
        say(f"Decide: `pipeline reconcile {number}` with --sent or --again, and --all,")
        say("--address or --id. Without a decision they stay in doubt.")


def _decide(number: int, decision: str, by: str | None, *, as_json: bool, **chosen: Any) -> None:
    from pipeline.cli.deciding import Chosen, decide, who
    from pipeline.cli.report import counted
    from pipeline.schema import Decision

    by = who(by)
    count = decide(open_site(), number, Decision(decision), Chosen(**chosen), by)
    if as_json:
        print_json({"campaign": number, "decision": decision, "by": by, "decided": count})
        return
    becomes = "sent" if decision == "sent" else "planned again, for the next `pipeline run`"
    say(f"{counted(count, 'message')} of campaign {number} now {becomes}; decided by {by}.")


@click.command()
@site_option
@click.option("--new", "is_new", is_flag=True, help="Nothing was lost: it moved, or is new here.")
@by_option
def arm(by: str | None, *, is_new: bool) -> None:
    """Let a held site send again: a restored backup, or with --new a moved or added machine.

    Of a restored backup, nobody knows what was sent since. So its open messages are put in doubt,
    and newsletters that are due wait for their next time.

    \b
    Examples:
      pipeline arm --by "Ada Byron"
      pipeline arm --new
    """
    from pipeline import clock
    from pipeline.cli.deciding import who
    from pipeline.schema import Decision

    by = who(by)
    decision = Decision.NEW if is_new else Decision.RESTORED
    armed, waiting = clock.arm(open_site(), decision, by)
    if not armed.found:
        say("Nothing is held: database and var/ belong together.")
        return
    kind = "as new: open messages go out" if is_new else "as a restored backup"
    say(f"Found: {armed.found}. Armed {kind}, by {by}.")
    if armed.in_doubt:
        say(f"In doubt now: {armed.in_doubt:,}. `pipeline status` shows of which campaigns.")
    for name in waiting:
        say(f"Newsletter {name} was due and may have gone out: it waits for its next time.")


@click.command()
@site_option
@json_option
@click.argument("number", type=int)
@by_option
def pause(number: int, by: str | None, *, as_json: bool) -> None:
    """Pause the campaign NUMBER from the very next message on; nobody is lost.

    Messages in flight still get their outcome.

    \b
    Example: pipeline campaigns pause 3
    """
    _move(number, "pause", by, as_json=as_json)


@click.command()
@site_option
@json_option
@click.argument("number", type=int)
@by_option
def resume(number: int, by: str | None, *, as_json: bool) -> None:
    """Let the paused campaign NUMBER go on.

    \b
    Example: pipeline campaigns resume 3
    """
    _move(number, "resume", by, as_json=as_json)


@click.command()
@site_option
@json_option
@click.argument("number", type=int)
@by_option
def cancel(number: int, by: str | None, *, as_json: bool) -> None:
    """Cancel the campaign NUMBER for good, from the very next message on.

    What has left cannot be called back. Messages in flight still get their outcome.

    \b
    Example: pipeline campaigns cancel 3 --by "Ada Byron"
    """
    _move(number, "cancel", by, as_json=as_json)


def _move(number: int, step: str, by: str | None, *, as_json: bool) -> None:
    from pipeline.campaigns import Step
    from pipeline.cli.deciding import move, who
    from pipeline.cli.report import show_balances

    balance = move(open_site(), number, Step(step), who(by))
    show_balances([balance], as_json=as_json)
