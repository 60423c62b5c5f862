"""`pipeline prove`: kill -9 and worse on a throw-away site, and nobody lost, nobody doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.frame import json_option, print_json, say

if TYPE_CHECKING:  # at run time imported by the command
    from pipeline.proving import Proof

MOST_SHOWN = 10  # faults


@click.command()
@json_option
@click.option(
    "--recipients",
    type=click.IntRange(100, 1_000_000),
    default=3_000,
    show_default=True,
    help="How many people the campaign is for.",
)
@click.option(
    "--kills",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    help="How often a worker is killed; the other troubles go by it.",
)
@click.option("--seed", type=click.IntRange(0), help="Repeats a run's choices (default: chance).")
@click.option("--database", metavar="URL", help="An empty PostgreSQL database (default: SQLite).")
@click.option(
    "--sabotage",
    type=click.Choice(["fence", "attempt", "late-start", "leave-check"]),
    help="Switch a rule off, to see that the proof notices: ends with 1.",
)
@click.option("--quiet", is_flag=True, help="Print nothing unless the proof fails.")
def prove(
    as_json: bool,
    quiet: bool,
    recipients: int,
    kills: int,
    seed: int | None,
    database: str | None,
    sabotage: str | None,
) -> None:
    """Prove that delivery loses nobody and doubles nobody; exit 1 when it does.

    Makes a throw-away site, lets two workers send through a mail server of its own while they are
    killed, frozen and cut off, and compares the ledger with that server's list, address by address.
    Your site is not touched and no mail leaves this machine.

    \b
    Examples:
      pipeline prove
      pipeline prove --recipients 20000 --kills 100 --seed 7
      pipeline prove --sabotage fence
    """
    import random
    import signal
    import tempfile
    from pathlib import Path

    from pipeline.cli.progress import Display
    from pipeline.proving import Trial, Watch, prove

    chosen = random.randrange(1_000_000) if seed is None else seed  # noqa: S311  # guards nothing
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidies up, as Ctrl-C does
    with tempfile.TemporaryDirectory(prefix="pipeline-prove-") as folder:
        trial = Trial(Path(folder), recipients, kills, chosen, database or "", sabotage or "")
        try:
            with Display(show=not (as_json or quiet)) as display:
                proof = prove(trial, Watch(display.stage, display.progress))
        except KeyboardInterrupt:
            say(f"Stopped; the seed was {chosen}.", err=True)
            raise SystemExit(130) from None
    if as_json:
        print_json(_as_json(proof))
    elif not (quiet and proof.holds):
        _print(proof)
    if not proof.holds:
        raise SystemExit(1)


def _as_json(proof: Proof) -> dict[str, Any]:
    from pipeline.proving import Fault

    return {
        "recipients": proof.recipients,
        "lost": proof.count(Fault.LOST),
        "doubled": proof.count(Fault.DOUBLED),
        "unknown": proof.counts.get("unknown", 0),
        "kills": proof.kills,
        "connections": proof.connections,
        "seed": proof.seed,
        "seconds": round(proof.seconds),
        "troubles": proof.troubles,
        "faults": [f"{kind}: {sentence}" for kind, sentence in proof.faults],
    }


def _print(proof: Proof) -> None:
    from pipeline.proving import Fault

    for kind, sentence in proof.faults[:MOST_SHOWN]:
        say(f"{kind}: {sentence}")
    if len(proof.faults) > MOST_SHOWN:
        say(f"… and {len(proof.faults) - MOST_SHOWN} faults more")
    say("Came about:")
    for name, count in proof.troubles.items():
        say(f"  {name:28}{count:>5}")
    lines = {
        "recipients": proof.recipients,
        **{name: proof.counts.get(name, 0) for name in ("sent", "unknown", "skipped", "cancelled")},
        "lost": proof.count(Fault.LOST),
        "doubled": proof.count(Fault.DOUBLED),
        "kills": proof.kills,
        "connections": proof.connections,
        "seed": proof.seed,
        "seconds": round(proof.seconds),
    }
    for name, number in lines.items():
        say(f"{name:12}{number:>10,}" if name != "seed" else f"{name:12}{number:>10}")
    say("Nobody lost, nobody doubled." if proof.holds else "The proof fails: see above.")
