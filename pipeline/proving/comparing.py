"""The comparison: the ledger beside what the sink has written down, address by address. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.schema import DeliveryStatus

# The ledger's reasons for what a takeover put in doubt, and what an arming did.
WORKER_LOST, PUT_BACK = "worker lost", "restored"


class Fault(StrEnum):
    """What a proof may find; one of any is enough to fail it."""

    LOST = "lost"  # a person without a row, or whose row was left open or closed without reason
    DOUBLED = "doubled"  # more than one copy
    LIE = "lie"  # the row says other than the sink
    LATE = "late"  # started after its reader had left, or its campaign or site had been stopped
    DOUBT = "doubt"  # more in doubt than connections were open, or without a cause
    UNBALANCED = "unbalanced"  # a balance sheet that did not close
    CRASH = "crash"  # a worker ended by itself
    SHORT = "short"  # fewer kills than were asked for


@dataclass(frozen=True)
class Row:
    """A row of the ledger with its person's address."""

    email: str
    status: str
    attempt: int = 1
    worker: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that is known from outside the ledger."""

    expected: Collection[str]  # those on the list before the launch
    copies: Mapping[str, int]  # by the sink
    cut: Collection[str]  # of whose bodies the sink took something and gave no reply
    left: Mapping[str, int]  # who left, with the attempts their rows had when they had left
    connections: int  # of one worker
    called_off: Mapping[str, int] = field(default_factory=dict)  # cancelled, with attempts by then
    restored: Collection[str] = ()  # whose rows an older ledger was put back over
    decided: Collection[Row] = ()  # rows in doubt, as they stood when somebody decided


@dataclass(frozen=True)
class Proof:
    """What a trial came to."""

    recipients: int
    counts: Mapping[str, int]  # rows by status
    kills: int
    connections: int
    seed: int
    seconds: float = 0
    troubles: Mapping[str, int] = field(default_factory=dict)  # what came about, by its name
    faults: tuple[tuple[Fault, str], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nobody was lost, doubled, or told otherwise of."""
        return not self.faults

    def count(self, kind: Fault) -> int:
        """How many faults of one kind were found."""
        return sum(found is kind for found, _ in self.faults)


def compare(rows: Collection[Row], evidence: Evidence) -> Iterator[tuple[Fault, str]]:
    """Every fault, with a sentence that names the address or the worker."""
    by_email: dict[str, list[Row]] = {}
    for row in rows:
        by_email.setdefault(row.email, []).append(row)
    for email in sorted({*evidence.expected, *by_email, *evidence.copies}):
        yield from _about(email, by_email.get(email, []), evidence)
    yield from _doubts(rows, evidence)


def _about(email: str, rows: list[Row], evidence: Evidence) -> Iterator[tuple[Fault, str]]:
    copies = evidence.copies.get(email, 0)
    if copies > 1:
        yield Fault.DOUBLED, f"{email} got {copies} copies"
    if email not in evidence.expected:
        if rows or copies:
            yield Fault.LIE, f"{email} was not to be written to: {len(rows)} rows, {copies} copies"
    elif len(rows) != 1:
        kind = Fault.DOUBLED if rows else Fault.LOST
        yield kind, f"{email} has {len(rows)} rows and {copies} copies"
    else:
        yield from _about_row(rows[0], copies, evidence)


def _about_row(row: Row, copies: int, evidence: Evidence) -> Iterator[tuple[Fault, str]]:
    email, status = row.email, row.status
    settled = {DeliveryStatus.SENT, DeliveryStatus.UNKNOWN}
    if status not in settled and status not in _excused(email, evidence):
        yield Fault.LOST, f"{email} stands as {status} at the end"
    if copies and status not in settled:
        yield Fault.LIE, f"{email} stands as {status} and got a copy"
    if status == DeliveryStatus.SENT and not copies:
        yield Fault.LIE, f"{email} stands as sent and got nothing"
    for stopped, said in ((evidence.left, "had left"), (evidence.called_off, "was called off")):
        if row.attempt > stopped.get(email, row.attempt):
            yield Fault.LATE, f"{email} {said}, and attempt {row.attempt} was started"


def _excused(email: str, evidence: Evidence) -> Iterator[str]:
    """How else than sent or in doubt a row may end."""
    if email in evidence.left:
        yield DeliveryStatus.SKIPPED
    if email in evidence.called_off:
        yield DeliveryStatus.CANCELLED


def _doubts(rows: Collection[Row], evidence: Evidence) -> Iterator[tuple[Fault, str]]:
    doubted = [row for row in (*rows, *evidence.decided) if row.status == DeliveryStatus.UNKNOWN]
    lost = Counter(row.worker for row in doubted if row.reason == WORKER_LOST)
    for worker, count in sorted(lost.items()):
        if count > evidence.connections:
            yield (
                Fault.DOUBT,
                f"{worker} left {count} in doubt over {evidence.connections} connections",
            )
    for row in doubted:
        put_back = row.reason == PUT_BACK and row.email in evidence.restored
        if row.reason != WORKER_LOST and row.email not in evidence.cut and not put_back:
            yield Fault.DOUBT, f"{row.email} is in doubt, though its reply was given"


def miss_kills(came: int, asked: int) -> Iterator[tuple[Fault, str]]:
    """A proof of fewer kills than were asked for is not the one that was asked for."""
    if came < asked:
        yield Fault.SHORT, f"all was sent after {came} of {asked} kills: ask for more people"
