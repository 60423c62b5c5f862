"""Imports by hand: what was asked for becomes an order, what came of it becomes sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline import audience
from pipeline.audience import Batch, ImportReport, Order, Undone
from pipeline.cli.deciding import who
from pipeline.cli.frame import say
from pipeline.cli.report import counted
from pipeline.clock import Site
from pipeline.db import reading, writing
from pipeline.errors import AudienceError

_FIRST = 10  # refused rows a dry run shows


def import_by_hand(
    site: Site,
    file: Path,
    by: str | None,
    options: Mapping[str, Any],
    on_progress: Callable[[str, int, int], None],
) -> ImportReport:
    """Import a file as it was asked for. Raises AudienceError, also where no basis is stated."""
    order = _order(site, file, by, options)
    return audience.import_file(site.engine, file, site.now(), order, site.keys, on_progress)


def _order(site: Site, file: Path, by: str | None, options: Mapping[str, Any]) -> Order:
    own = file.resolve().parent == site.config.subscribers.resolve()
    if not options["basis"] and not own and not options["dry"]:
        raise AudienceError(
            f"{file}: what allows to mail these people is not stated",
            hint='as in: --basis "signed up on the old site, confirmed by mail"; kept as proof',
        )
    preset = audience.find_preset(options["preset"]) if options["preset"] else None
    basis = {"basis": options["basis"]} if options["basis"] else {}
    return Order(
        list=options["name"],
        source=options["source"],
        by="nobody" if options["dry"] else who(by),
        given=_given(options["given"]),
        preset=preset,
        dry=options["dry"],
        rejects=options["rejects"],
        **basis,
    )


def _given(pairs: Sequence[str]) -> dict[str, str]:
    given = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not (theirs.strip() and equals and ours.strip()):
            raise AudienceError(
                f"--map {pair!r} says no column", hint='as in: --map "E-Mail-Adresse=email"'
            )
        given[theirs.strip()] = ours.strip()
    return given


def print_import(report: ImportReport, *, dry: bool) -> None:
    """What an import did, or would do."""
    reading_as = report.reading
    if reading_as is not None and reading_as.preset is not None:
        say(f"Recognised as {reading_as.preset.title} ({reading_as.preset.name}).")
    if dry and reading_as is not None:
        for column, ours in reading_as.mapping.items():
            say(f"  {column} -> {ours}")
    people = counted(report.joined, "person")
    would = "would join" if dry else "joined"
    say(f"{counted(report.rows, 'row')} read, {people} {would} {report.list}")
    told = report.forecast
    for count, words in (
        (told.changed, "known before, with a new name or new columns"),
        (told.left, "left there, so unsubscribed here"),
        (told.suppressed, "never to be mailed: bounced, complained or blocked there"),
        (told.kept_away, "kept away: they left, or are suppressed or erased, here"),
        (report.refused_count, "refused"),
    ):
        if count:
            say(f"  {count:,} {words}")
    if report.batch is not None:
        say(
            f"Import batch {report.batch.id}; to take it back: pipeline subscribers undo"
            f" {report.batch.id}"
        )
    elif dry:
        say("Nothing was written.")
    _say_refused(report, _FIRST if dry else len(report.refused))


def _say_refused(report: ImportReport, most: int) -> None:
    for error in report.refused[:most]:
        say(f"Refused row {error}", err=True)
    if untold := report.refused_count - len(report.refused[:most]):
        say(f"and {counted(untold, 'refused row')} more: --rejects FILE writes all", err=True)


def import_as_json(report: ImportReport) -> dict[str, Any]:
    """An import for scripts."""
    found = report.reading
    return {
        "list": report.list,
        "rows": report.rows,
        **asdict(report.forecast),
        "refused": [str(error) for error in report.refused],
        "refused_count": report.refused_count,
        "preset": found.preset.name if found is not None and found.preset else "",
        "columns": found.mapping if found is not None else {},
        "batch": report.batch.id if report.batch else None,
    }


def batch_rows(site: Site) -> list[dict[str, Any]]:
    """All batches, newest first."""
    with reading(site.engine) as connection:
        return [_batch_row(batch) for batch in audience.read_batches(connection)]


def _batch_row(batch: Batch) -> dict[str, Any]:
    state = "undone" if batch.undone_at else "done" if batch.finished_at else "unfinished"
    return {
        "batch": batch.id,
        "at": f"{batch.started_at:%Y-%m-%dT%H:%MZ}",
        "by": batch.imported_by,
        "state": state,
        **{name: value for name, value in asdict(batch).items() if name not in ("id", "by")},
    }


def undo(site: Site, number: int, by: str) -> Undone:
    """Undo a batch. Raises AudienceError where that cannot be."""
    with writing(site.engine) as connection:
        return audience.undo_batch(connection, number, by, site.now())


def print_undone(undone: Undone) -> None:
    """What undoing came to."""
    batch = undone.batch
    say(
        f"Import batch {batch.id} ({batch.file}) is undone: {counted(undone.off, 'person')} are off"
        f" {batch.list}, {undone.removed:,} of them forgotten"
    )
    for count, words in (
        (undone.restored, "have their name and columns back"),
        (undone.changed_since, "were changed again since, and stay as they are"),
        (undone.back, "whom it had unsubscribed are back as they were"),
        (undone.lifted, "suppressions of its own are lifted"),
        (undone.kept, "opted out here since, which stays"),
    ):
        if count:
            say(f"  {count:,} {words}")
