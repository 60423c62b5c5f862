"""Small proofs, with real processes, a real mail server and real databases."""

from __future__ import annotations

import json
import re
from random import Random

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.proving import SABOTAGES
from pipeline.proving.schedule import Kind, plan


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["prove", *words], catch_exceptions=False)


def test_nobody_is_lost_or_doubled(empty_database_url: str) -> None:
    words = ["--recipients", "600", "--kills", "4", "--seed", "2"]
    result = run("--json", *words, "--database", empty_database_url)

    assert result.exit_code == 0, result.stdout
    said = json.loads(result.stdout)
    troubles = said.pop("troubles")
    by_kind = "full disk" if empty_database_url.startswith("sqlite") else "database sessions ended"
    assert {"cancelled", "restored", by_kind, "kill -9 at launch"} <= troubles.keys()
    assert said.pop("kills") >= 4
    assert said.pop("unknown") <= 60
    assert said.pop("seconds") > 0
    assert said == {
        "recipients": 600,
        "lost": 0,
        "doubled": 0,
        "connections": 4,
        "seed": 2,
        "faults": [],
    }


@pytest.mark.parametrize(
    ("sabotage", "noticed"),
    [
        ("fence", "doubled: .* got 2 copies"),
        ("attempt", "(lost|lie): .* stands as"),
        ("late-start", "doubled: .* got 2 copies|lie: .* got a copy"),
        ("leave-check", "late: .* had left"),
    ],
)
def test_a_rule_that_is_switched_off_is_noticed(sabotage: str, noticed: str) -> None:
    words = ["--recipients", "600", "--kills", "0", "--seed", "1"]
    result = run("--json", *words, "--sabotage", sabotage)

    assert result.exit_code == 1, result.stdout
    assert any(re.match(noticed, fault) for fault in json.loads(result.stdout)["faults"])


def test_a_quiet_proof_that_holds_says_nothing() -> None:
    result = run("--quiet", "--recipients", "100", "--kills", "0", "--seed", "1")

    assert (result.exit_code, result.output) == (0, "")


def test_every_sabotage_can_be_asked_for() -> None:
    result = run("--help")

    assert f"[{'|'.join(SABOTAGES)}]" in result.stdout


def test_a_seed_repeats_the_choices() -> None:
    assert plan(20, Random(7)) == plan(20, Random(7))
    assert plan(20, Random(7)) != plan(20, Random(8))


def test_as_many_kills_are_planned_as_were_asked_for() -> None:
    for kills in (0, 1, 2, 20, 101):
        planned = [trouble for trouble in plan(kills, Random(3)) if trouble.kind is Kind.KILL]
        twice = [trouble for trouble in planned if trouble.moment in ("takeover", "reconcile")]
        assert len(planned) + len(twice) == kills


def test_a_database_with_tables_is_refused(database_url: str) -> None:
    result = run("--database", database_url)

    assert result.exit_code == 1
    assert "--database: has tables already" in result.stderr
