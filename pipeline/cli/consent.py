"""`pipeline consent`: what people agreed to, and whether that record was tampered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.frame import json_option, open_site, print_json, say, site_option
from pipeline.errors import AudienceError

if TYPE_CHECKING:  # at run time imported by the commands
    from pipeline.clock import Site


@click.group()
def consent() -> None:
    """Show what a person agreed to, or verify the whole record.

    \b
    Examples:
      pipeline consent show ada@example.com
      pipeline consent verify
    """


@consent.command("show")
@site_option
@json_option
@click.argument("address")
def show_consent(address: str, as_json: bool) -> None:
    """Print everything ADDRESS agreed to and took back: when, where, and by which words.

    \b
    Example: pipeline consent show ada@example.com
    """
    rows = _rows(open_site(), address)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        about = f" {row['list']}" if row["list"] else ""
        say(f"{row['at']}  {row['event']}{about}")
        for name, value in row["details"].items():
            say("\n".join(f"    {line}" for line in f"{name}: {value}".splitlines()))


@consent.command("verify")
@site_option
@json_option
def verify_consent(as_json: bool) -> None:
    """Walk along all consent receipts; exit 1 at the first that does not hold.

    Note the last link down elsewhere from time to time: as long as it stands in the record, nothing
    before it was altered, added or taken out.

    \b
    Example: pipeline consent verify
    """
    from dataclasses import asdict

    from pipeline.audience import verify_receipts
    from pipeline.db import reading

    with reading(open_site().engine) as connection:
        chain = verify_receipts(connection)
    if as_json:
        print_json(asdict(chain))
    elif chain.broken_at is None:
        erased = f"{chain.erased:,} of them without what an erased person agreed to"
        say(f"All {chain.receipts:,} receipts hold, {erased}.")
        say(f"Last link: {chain.head}")
    else:
        say(f"Receipt {chain.broken_at} does not hold: {chain.broken}.")
        say(f"The {chain.receipts:,} before it do.")
    if chain.broken_at is not None:
        raise SystemExit(1)


def _rows(site: Site, address: str) -> list[dict[str, Any]]:
    from pipeline.audience import arrivals, consent_of, read_address
    from pipeline.db import reading

    with reading(site.engine) as connection:
        person = read_address(address)
        found = consent_of(connection, person)
        came = arrivals(connection, person)
    if not found and not came:
        raise AudienceError(
            f"nothing is kept of what {address} agreed to",
            hint="`pipeline subscribers` shows the lists; an erased person has no proof any more",
        )
    imported = [
        {
            "receipt": None,
            "at": one.batch.started_at.isoformat(timespec="seconds"),
            "event": "unsubscribed by import" if one.left else "imported",
            "list": one.list,
            "details": {
                "batch": str(one.batch.id),
                "basis": one.batch.basis,
                "source": one.batch.source,
                "file": one.batch.file,
                "by": one.batch.imported_by,
                **one.proof,
            },
        }
        for one in came
    ]
    return imported + [
        {
            "receipt": one.id,
            "at": one.at.isoformat(timespec="seconds"),
            "event": one.event.value,
            "list": one.list,
            "details": dict(one.details),
        }
        for one in found
    ]
