"""What a command says at its end: what was done, the sheet, what needs you, what next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.campaigns import Due, Verdict, differences
from pipeline.cli.console import console
from pipeline.cli.frame import print_json
from pipeline.clock import Balance, Look, Pass, Site, last_finish
from pipeline.compose import Edition
from pipeline.content import Rename, published
from pipeline.delivery import list_mails
from pipeline.feeds import Publication
from pipeline.schema import CampaignState, DeliveryStatus

# The sheet's rows: a word or two for people; the glossary has the sentence.
MEANINGS = {
    DeliveryStatus.PLANNED: "waiting to be sent",
    DeliveryStatus.STARTED: "in flight",
    DeliveryStatus.SENT: "accepted by the next server",
    DeliveryStatus.DEFERRED: "put off by the server, tried again later",
    DeliveryStatus.REFUSED: "refused for good",
    DeliveryStatus.UNKNOWN: "may have gone: no reply was seen",
    DeliveryStatus.SKIPPED: "left, or could not be mailed, before their turn came",
    DeliveryStatus.CANCELLED: "called off",
    DeliveryStatus.EXPIRED: "tried for too long",
    DeliveryStatus.BOUNCED: "came back",
    DeliveryStatus.COMPLAINED: "marked as spam",
}

LARGE_HTML = 90_000  # octets; Gmail clips near 102,400


# --- a pass -------------------------------------------------------------------------------------


def print_pass(site: Site, done: Pass, *, quiet: bool) -> None:
    """The screen at the end of `run`; with `quiet`, only what needs somebody."""
    out = console()
    if not quiet:
        _print_content(out, site, done)
        _print_feeds(out, done)
    _print_needs(out, site, done)
    if not quiet:
        _print_notices(out, done)
        for look in done.looks:
            _print_look(out, look)
        for balance in done.balances:
            _print_balance(out, site, balance)
        _print_next(out, site)


def _print_content(out: Console, site: Site, done: Pass) -> None:
    posts = done.content.posts
    shown = len(published(posts, site.now(), private=True))
    waiting = _waiting(posts, shown)
    out.print(Text("Posts       ", "bold"), f"{len(posts)} read, {shown} published{waiting}")
    for report in done.imports:
        joined = f", {report.joined} new" if report.joined else ""
        rows = f"{counted(report.rows, 'row')} for {report.list}{joined}"
        out.print(Text("Subscribers ", "bold"), rows)


def _waiting(posts: Sequence[Any], shown: int) -> str:
    return f", {len(posts) - shown} drafts or still to come" if len(posts) > shown else ""


def _print_feeds(out: Console, done: Pass) -> None:
    feeds = len(done.publications[-1].feeds)
    written = len({path for one in done.publications for path in one.written})
    changed = f"{counted(written, 'file')} written" if written else "nothing changed"
    out.print(Text("Feeds       ", "bold"), f"{feeds} feeds up to date, {changed}")


def _print_needs(out: Console, site: Site, done: Pass) -> None:
    """What a person should look at."""
    print_renames(done.content.renames)
    newsletters = [look.newsletter for look in done.looks]
    for found in differences(site.config.newsletters, tuple(newsletters)):
        out.print(Text("Note", "yellow"), f"{found.sentence}; {found.hint}")
    for report in done.imports:
        for error in report.refused:
            out.print(Text("Refused row", "yellow"), str(error))
        if untold := report.refused_count - len(report.refused):
            out.print(Text("Refused", "yellow"), f"{counted(untold, 'row')} more")
        if report.undone:
            out.print(Text("Note", "yellow"), report.undone_sentence)
        if report.absent:
            out.print(
                Text("Note", "yellow"),
                f"On the list {report.list}, {counted(report.absent, 'person')}"
                f" no longer in {report.file.name} stay subscribed. To take one off:"
                f" pipeline subscribers unsubscribe ADDRESS --list {report.list}",
            )


def print_renames(renames: Sequence[Rename]) -> None:
    """Files that look like a published post under a new name."""
    for rename in renames:
        console().print(Text("Renamed", "yellow"), f"{rename.sentence}: {rename.hint}")


def _print_notices(out: Console, done: Pass) -> None:
    counts = {state: count for state, count in done.notices.counts.items() if count}
    if counts:
        said = ", ".join(f"{count:,} {state}" for state, count in counts.items())
        out.print(Text("Confirmation mails", "bold"), said)


def _print_look(out: Console, look: Look) -> None:
    label, name = Text("Newsletter  ", "bold"), look.newsletter.name
    if look.edition is not None and look.campaign_id is not None:
        out.print(label, f"{name}: {look.edition.subject}")
        out.print(f"             edition {edition_line(look.edition)}")
        if warning := size_warning(look.edition):
            out.print(f"             {warning}", style="yellow")
    elif look.problem is not None or look.due is None:
        out.print(label, f"{name}:", Text.assemble(("not sent", "red"), ", see below"))
    else:
        out.print(label, f"{name}: {_why_not(look.due)}")


def _why_not(due: Due) -> str:
    again = local_time(due.next_at, due.newsletter.settings.timezone)
    count = len(due.selection.posts)
    if due.verdict is Verdict.NOBODY:
        return f"nobody is on the list {due.newsletter.settings.list}, so nothing was sent"
    if due.verdict is Verdict.NOTHING_NEW and due.due_at is None:
        return "no new post, nothing to send; the next new one goes out at once"
    if count == 0:
        return f"no new post, nothing to send; next look {again}"
    return f"{count} new {'posts wait' if count > 1 else 'post waits'} for {again}"


def _print_balance(out: Console, site: Site, balance: Balance) -> None:
    campaign, sheet = balance.campaign, balance.sheet
    kind = "Rehearsal" if campaign.rehearsal else "Campaign"
    out.print(
        Text(f"\n{kind} {campaign.id}", "bold"),
        f"of {campaign.newsletter}, {campaign.state}: {campaign.subject}",
    )
    if campaign.rehearsal:
        out.print("No provider is set: these messages went to the local mailbox, to nobody else.")
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(style="dim")
    for state, count in sheet.counts.items():
        if count:
            table.add_row(f"{count:,}", state, MEANINGS[state])
    table.add_row(f"{sheet.recipients:,}", "recipients", "the sheet closes" if sheet.closes else "")
    out.print(table)
    if not sheet.closes:
        fault = ("The sheet does not close", "red")
        out.print(Text.assemble(fault, ": please report this with var/pipeline.db."))
    print_mends(balance)
    if balance.finish is not None:
        out.print(f"{balance.finish.sentence}; keep `pipeline serve` running, or run again then.")
    if sheet.next_attempt_at is not None:
        again = local_time(sheet.next_attempt_at, site.config.site.timezone)
        out.print(f"Next try {again}: run `pipeline run` then, or keep `pipeline serve` running.")


def _print_next(out: Console, site: Site) -> None:
    out.print(f"\nFeeds     {site.output / 'feed.xml'}")
    mails, _ = list_mails(site.mailbox, 1) if site.config.rehearsal else ((), 0)
    if mails:
        out.print(f"A message {site.mailbox / 'new' / mails[0].key}.eml")
    serve = site.config.serve
    out.print(f"Browse    `{_serve_command(site)}`, then http://{serve.host}:{serve.port}/")


def _serve_command(site: Site) -> str:
    root = site.config.root
    if (root / "Makefile").exists():
        return "make serve"
    return "pipeline serve" if root == Path() else f"pipeline serve --site {root}"


def edition_line(edition: Edition) -> str:
    """What an edition is called, how many posts it holds and how large it is."""
    posts, size = counted(len(edition.post_ids), "post"), len(edition.html.encode()) / 1000
    return f"{edition.id[:12]} of {posts}, {size:.1f} kB of HTML"


def size_warning(edition: Edition) -> str:
    """A sentence for a mail that Gmail may cut off, or nothing."""
    if len(edition.html.encode()) < LARGE_HTML:
        return ""
    return (
        "Gmail cuts mail off at about 102 kB, and the link to unsubscribe would go with it:"
        " take fewer posts, or a template that shows less of each"
    )


def counted(count: int, noun: str) -> str:
    """A number with its noun: "1 post", "1,200 people"."""
    many = {"person": "people"}.get(noun, f"{noun}s")
    return f"{count:,} {noun if count == 1 else many}"


def pass_as_json(done: Pass) -> dict[str, Any]:
    """A pass for scripts."""
    finish_at = last_finish(done.balances)
    return {
        "posts": len(done.content.posts),
        "renames": [rename.sentence for rename in done.content.renames],
        "imports": [
            {
                "list": report.list,
                "rows": report.rows,
                "joined": report.joined,
                "refused": [str(error) for error in report.refused],
            }
            for report in done.imports
        ],
        "feeds": publication_as_json(done.publications[-1]),
        "newsletters": [_look_as_json(look) for look in done.looks],
        "notices": {state.value: count for state, count in done.notices.counts.items() if count},
        "campaigns": [balance_as_json(balance) for balance in done.balances],
        "finish_at": finish_at.isoformat() if finish_at else None,
        "problems": [str(problem) for problem in done.problems],
    }


def _look_as_json(look: Look) -> dict[str, Any]:
    return {
        "newsletter": look.newsletter.name,
        "verdict": look.due.verdict if look.due else None,
        "campaign": look.campaign_id,
        "edition": look.edition.id if look.edition else None,
        "new_posts": len(look.due.selection.posts) if look.due else None,
        "next_at": look.due.next_at.isoformat() if look.due else None,
        "problem": str(look.problem) if look.problem else None,
    }


# --- balances and publications ------------------------------------------------------------------


def print_balances(balances: Sequence[Balance]) -> None:
    """All campaigns, a row each."""
    out = console()
    if not balances:
        out.print("No campaign yet: `pipeline run` sends what is due.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "newsletter", "state", "launched (UTC)"):
        table.add_column(heading)
    used = [state for state in DeliveryStatus if any(one.sheet.counts[state] for one in balances)]
    for heading in ("recipients", *used):
        table.add_column(heading, justify="right")
    for balance in balances:
        campaign = balance.campaign
        kind = " (rehearsal)" if campaign.rehearsal else ""
        table.add_row(
            str(campaign.id),
            campaign.newsletter + kind,
            campaign.state,
            f"{campaign.launched_at:%Y-%m-%d %H:%M}",
            f"{balance.sheet.recipients:,}",
            *(f"{balance.sheet.counts[state]:,}" for state in used),
        )
    out.print(table)
    for balance in balances:
        print_mends(balance)
        if balance.finish is not None:
            out.print(f"Campaign {balance.campaign.id}: {balance.finish.sentence}.")


def print_mends(balance: Balance) -> None:
    """What in a campaign waits for a person, with the command for it."""
    out, campaign = console(), balance.campaign
    unknown = balance.sheet.counts[DeliveryStatus.UNKNOWN]
    if unknown:
        whose = f"{counted(unknown, 'message')} of campaign {campaign.id}"
        mend = f"`pipeline reconcile {campaign.id}` lists and decides."
        out.print(Text("In doubt", "yellow"), f"{whose}: {mend}")
    if campaign.state is CampaignState.PAUSED:
        mend = f"`pipeline campaigns resume {campaign.id}`"
        out.print(Text("Paused", "yellow"), f"Campaign {campaign.id} waits: {mend}.")


def show_balances(balances: Sequence[Balance], *, as_json: bool) -> None:
    """All campaigns, for people or for scripts: `status` and `campaigns list` are one answer."""
    if as_json:
        print_json([balance_as_json(balance) for balance in balances])
    else:
        print_balances(balances)


def balance_as_json(balance: Balance) -> dict[str, Any]:
    """A campaign and its sheet, for scripts."""
    campaign, sheet = balance.campaign, balance.sheet
    return {
        "id": campaign.id,
        "newsletter": campaign.newsletter,
        "edition": campaign.edition_id,
        "subject": campaign.subject,
        "rehearsal": campaign.rehearsal,
        "state": campaign.state,
        "recipients": sheet.recipients,
        "counts": {state.value: count for state, count in sheet.counts.items()},
        "closes": sheet.closes,
        "launched_at": campaign.launched_at.isoformat(),
        "finished_at": campaign.finished_at.isoformat() if campaign.finished_at else None,
        "finish_at": balance.finish.at.isoformat() if balance.finish else None,
    }


def print_publication(publication: Publication) -> None:
    """What `feeds` wrote."""
    out = console()
    out.print(
        f"{counted(len(publication.written), 'file')} written, {publication.unchanged} unchanged,"
        f" {len(publication.removed)} removed in {publication.out}"
    )
    for path in publication.kept:
        kept = f"{path}: no longer ours to remove, it was changed by hand"
        out.print(Text("Kept", "yellow"), kept)
    for name in ("feed.xml", "atom.xml", "feed.json"):
        out.print(f"  {publication.out / name}")


def publication_as_json(publication: Publication) -> dict[str, Any]:
    """A publication, for scripts."""
    return {
        "out": str(publication.out),
        "written": list(publication.written),
        "unchanged": publication.unchanged,
        "removed": list(publication.removed),
        "feeds": list(publication.feeds),
    }


def local_time(instant: datetime, zone: str) -> str:
    """An instant where people are, with its zone: "Tue 24 Nov 09:00 America/New_York"."""
    return f"{instant.astimezone(ZoneInfo(zone)):%a %-d %b %Y %H:%M} {zone}"
