"""Rule 8: what was restored or copied sends nothing until somebody arms it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from pipeline import ledger
from pipeline.db import reading, writing
from pipeline.ledger import Armed, copies
from pipeline.ledger.installation import NAME, Mark, read_mark, write_mark
from pipeline.schema import CampaignState, Decision, DeliveryStatus, decisions, installations
from tests.ledger.books import NOW, Books, later
from tests.ledger.conftest import Open

PLANNED, UNKNOWN = DeliveryStatus.PLANNED, DeliveryStatus.UNKNOWN


@dataclass(frozen=True)
class Machine:
    """One var/ on one database."""

    engine: Engine
    var: Path

    def begin(self) -> str:
        """Raise the generation, as each start does; why it is held, if it is."""
        return str(ledger.raise_generation(self.engine, self.var, NOW) or "")

    @property
    def held(self) -> str:
        return str(ledger.find_hold(self.engine, self.var) or "")

    def arm(self, decision: Decision = Decision.RESTORED) -> Armed:
        return ledger.arm(self.engine, self.var, decision, "ada", NOW)

    @property
    def mark(self) -> Mark:
        found = read_mark(self.var)
        assert found is not None
        return found

    def backup(self) -> Callable[[], None]:
        """Keep what the database knows of installations; call the answer to restore it."""
        with reading(self.engine) as connection:
            rows = [dict(row) for row in connection.execute(sa.select(installations)).mappings()]

        def restore() -> None:
            with writing(self.engine) as connection:
                connection.execute(sa.delete(installations))
                if rows:
                    connection.execute(sa.insert(installations), rows)

        return restore


@pytest.fixture
def machine(engine: Engine, tmp_path: Path) -> Machine:
    return Machine(engine, tmp_path / "var")


@pytest.fixture
def other(engine: Engine, tmp_path: Path) -> Machine:
    """A second machine on the same database."""
    return Machine(engine, tmp_path / "other")


# --- starting -----------------------------------------------------------------------------------


def test_a_new_site_arms_itself(machine: Machine) -> None:
    assert machine.held == ""
    assert machine.begin() == ""
    assert machine.held == ""


def test_each_start_raises_the_generation_and_a_look_does_not(machine: Machine) -> None:
    machine.begin()
    machine.begin()
    before = machine.mark
    assert machine.held == ""

    assert machine.mark == before
    assert (before.generation, before.raising) == (2, 2)


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("starts_before", [0, 1])
@pytest.mark.parametrize("files_written", [0, 1, 2])
@pytest.mark.parametrize("at_commit", [False, True])
def test_a_start_that_was_killed_at_any_point_holds_nothing(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    starts_before: int,
    files_written: int,
    *,
    at_commit: bool,
) -> None:
    for _ in range(starts_before):
        machine.begin()
    kill(monkeypatch, files_written, at_commit=at_commit)
    with suppress(Killed):
        machine.begin()
    monkeypatch.undo()

    assert machine.held == ""
    assert machine.begin() == ""
    assert machine.mark.generation == machine.mark.raising


def kill(monkeypatch: pytest.MonkeyPatch, files_written: int, *, at_commit: bool) -> None:
    """End the process before it writes the file once more, or right after that."""
    left = [files_written]

    def write(var: Path, mark: Mark) -> None:
        if at_commit and left[0] == 1:
            write_mark(var, mark)
            raise Killed
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        write_mark(var, mark)

    monkeypatch.setattr(copies, "write_mark", write)


# --- held ---------------------------------------------------------------------------------------


def test_a_database_only_one_generation_back_is_held(machine: Machine) -> None:
    machine.begin()
    restore = machine.backup()
    machine.begin()
    restore()

    assert "the database is older than var/" in machine.held
    assert "the database is older than var/" in machine.begin()
    assert "nothing is launched or sent" in machine.held


def test_a_var_from_a_backup_is_held(machine: Machine) -> None:
    machine.begin()
    old = machine.mark
    machine.begin()
    write_mark(machine.var, old)

    assert "var/ is older than the database" in machine.begin()


def test_a_missing_file_is_held(machine: Machine) -> None:
    machine.begin()
    (machine.var / NAME).unlink()

    assert "installation.json is missing" in machine.begin()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1, "generation": "x"}', "\x00"])
def test_a_broken_file_is_held(machine: Machine, text: str) -> None:
    machine.begin()
    (machine.var / NAME).write_text(text)

    assert "installation.json is missing or broken" in machine.begin()


def test_another_database_is_held(machine: Machine) -> None:
    empty = machine.backup()
    machine.begin()
    empty()

    assert "the database does not know this var/" in machine.begin()


def test_a_copied_folder_is_held_though_its_numbers_fit(machine: Machine, other: Machine) -> None:
    machine.begin()
    shutil.copytree(machine.var, other.var)

    assert "var/ is a copy of another one" in other.begin()
    assert machine.begin() == ""


def test_a_held_start_raises_nothing(machine: Machine) -> None:
    machine.begin()
    machine.begin()
    old = machine.mark
    write_mark(machine.var, Mark(old.id, 1, 1))
    machine.begin()

    assert (machine.mark.generation, machine.mark.raising) == (1, 1)


# --- several machines ---------------------------------------------------------------------------


def test_a_second_machine_is_held_alone_and_joins_as_new(machine: Machine, other: Machine) -> None:
    machine.begin()
    assert other.begin() != ""
    assert machine.begin() == ""

    other.arm(Decision.NEW)

    for one in (machine, other, machine, other):
        assert one.begin() == ""


def test_one_machine_that_sees_the_database_go_back_holds_all(
    machine: Machine, other: Machine
) -> None:
    machine.begin()
    other.begin()
    other.arm(Decision.NEW)
    restore = machine.backup()
    machine.begin()
    restore()
    assert other.begin() == ""  # its own numbers fit

    assert machine.held != ""
    assert "the database is older than var/ on" in other.begin()


@pytest.mark.parametrize("decision", [Decision.RESTORED, Decision.NEW])
def test_armed_by_one_machine_the_others_need_no_second_arming(
    machine: Machine, other: Machine, decision: Decision
) -> None:
    machine.begin()
    other.arm(Decision.NEW)
    restore = machine.backup()
    machine.begin()
    other.begin()
    restore()
    assert machine.begin() != ""
    assert other.begin() != ""

    machine.arm(decision)

    for one in (other, machine, other, machine):
        assert one.begin() == ""


# --- arming -------------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", [Decision.RESTORED, Decision.NEW])
def test_arming_says_what_it_found_keeps_the_decision_and_holds_no_more(
    machine: Machine, decision: Decision
) -> None:
    machine.begin()
    (machine.var / NAME).unlink()

    assert "missing" in machine.arm(decision).found
    assert machine.held == ""
    assert machine.begin() == ""
    with reading(machine.engine) as connection:
        (row,) = connection.execute(sa.select(decisions)).all()
    assert (row.decision, row.decided_by, row.campaign_id) == (decision, "ada", None)


def test_arming_what_is_not_held_does_nothing(machine: Machine, books: Open) -> None:
    machine.begin()
    campaign = books(2).launch()

    assert machine.arm() == Armed("", 0)
    assert campaign.sheet.counts[PLANNED] == 2
    with reading(machine.engine) as connection:
        assert connection.execute(sa.select(decisions)).all() == []


@pytest.mark.parametrize("files_written", [0, 1])
def test_an_arming_that_was_killed_leaves_all_held_and_all_planned(
    machine: Machine, books: Open, monkeypatch: pytest.MonkeyPatch, files_written: int
) -> None:
    machine.begin()
    restore = machine.backup()
    machine.begin()
    machine.begin()
    restore()
    campaign = books(2).launch()
    kill(monkeypatch, files_written, at_commit=bool(files_written))
    with pytest.raises(Killed):
        machine.arm()
    monkeypatch.undo()

    assert machine.begin() != ""
    assert campaign.count(PLANNED) == 2
    assert machine.arm().in_doubt == 2
    assert machine.begin() == ""


def test_an_arming_of_a_copy_that_was_killed_is_no_first_start(
    machine: Machine, other: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = machine.backup()
    machine.begin()
    shutil.copytree(machine.var, other.var)
    empty()
    kill(monkeypatch, 1, at_commit=True)
    with pytest.raises(Killed):
        other.arm()
    monkeypatch.undo()

    assert other.begin() != ""


def held_with(machine: Machine, campaign: Books) -> Books:
    """A restored database, in which the campaign is as the backup had it."""
    machine.begin()
    (machine.var / NAME).unlink()
    return campaign


@pytest.fixture
def under_way(books: Open) -> Books:
    """Seven people: 1 sent, 2 in flight, 3 deferred, 4 planned, 5 to 7 not yet on the roster."""
    campaign = books(7).launch()
    campaign.open_range(4)
    campaign.must_lease()
    campaign.start([1, 2, 3])
    campaign.record([1])
    campaign.defer([3], later(minutes=5))
    return campaign


@pytest.mark.parametrize("state", [CampaignState.SENDING, CampaignState.PAUSED])
def test_after_a_restore_rows_without_a_final_state_are_in_doubt(
    machine: Machine, under_way: Books, state: CampaignState
) -> None:
    under_way.move(state)
    campaign = held_with(machine, under_way)

    assert machine.arm().in_doubt == 6

    assert campaign.status(1) is DeliveryStatus.SENT
    assert campaign.count(UNKNOWN) == 6
    assert campaign.sheet.closes
    assert len(campaign.rows) == 7
    assert campaign.start(range(1, 8)) == {}
    assert campaign.lease() is None


def test_after_a_restore_a_person_decides_who_gets_it_again(
    machine: Machine, under_way: Books
) -> None:
    campaign = held_with(machine, under_way)
    machine.arm()
    campaign.reconcile([5, 6], Decision.AGAIN)

    assert campaign.state is CampaignState.SENDING
    assert campaign.lease("b") is not None
    assert campaign.start(range(1, 8), "b") == {5: 1, 6: 1}


def test_a_new_machine_keeps_its_rows(machine: Machine, under_way: Books) -> None:
    campaign = held_with(machine, under_way)
    before = campaign.rows

    assert machine.arm(Decision.NEW).in_doubt == 0
    assert campaign.rows == before


def test_after_a_restore_a_cancelled_campaign_doubts_only_what_was_in_flight(
    machine: Machine, under_way: Books
) -> None:
    under_way.move(CampaignState.CANCELLED)
    campaign = held_with(machine, under_way)

    assert machine.arm().in_doubt == 1
    campaign.settle(now=later(minutes=5))
    assert campaign.count(DeliveryStatus.CANCELLED) == 5
    assert campaign.is_finished()


def test_after_a_restore_what_was_final_stays(machine: Machine, books: Open) -> None:
    campaign = books(2).launch()
    campaign.open_all()
    campaign.start([1, 2])
    campaign.record([1, 2])
    before: dict[int, Any] = dict(campaign.rows)
    held_with(machine, campaign)
    machine.arm()

    assert campaign.rows == before
