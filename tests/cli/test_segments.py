"""`pipeline segments`, and what staff set, find and see of one person."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Pipeline
from tests.support.site import SiteFolder

ADA, BOB = "ada@readers.example", "bob@readers.example"


@pytest.fixture
def readers(pipeline: Pipeline, site: SiteFolder) -> Pipeline:
    """Ada and Bob, who were sent a first rehearsal."""
    site.add_post("first")
    site.add_subscribers(
        "readers", [(ADA, "Ada", "4"), (BOB, "Bob", "")], columns="email,name,visits"
    )
    assert pipeline("run").exit_code == 0
    return pipeline


def test_a_segment_shows_whom_it_holds_before_it_is_used(readers: Pipeline) -> None:
    result = readers("segments", "set", "regulars", "visits > 3", "--list", "readers")

    assert result.exit_code == 0
    assert "Segment regulars: visits > 3" in result.stdout
    assert "1 person of the list readers, among them" in result.stdout
    assert ADA in result.stdout
    assert BOB not in result.stdout
    assert "regulars  visits > 3" in readers("segments").stdout


def test_segments_speak_to_scripts(readers: Pipeline) -> None:
    readers("segments", "set", "regulars", "visits > 3")
    (listed,) = json.loads(readers("segments", "--json").stdout)
    shown = json.loads(readers("segments", "show", "regulars", "--json").stdout)
    tried = json.loads(readers("segments", "try", "visits is missing", "--json").stdout)

    assert (listed["name"], listed["rule"]) == ("regulars", "visits > 3")
    assert (shown["people"], [one["email"] for one in shown["sample"]]) == (1, [ADA])
    assert (tried["people"], tried["sample"][0]["email"]) == (1, BOB)


def test_a_rule_with_a_mistake_is_shown_with_a_caret_below_it(readers: Pipeline) -> None:
    result = readers("segments", "try", "plan = 'pro' an visits > 3")

    assert result.exit_code == 1
    _, rule, caret, hint = result.stderr.splitlines()
    assert rule[caret.index("^") :] == "an visits > 3"
    assert hint.strip() == "did you mean and?"


def test_of_a_long_rule_the_part_around_the_mistake_is_shown(readers: Pipeline) -> None:
    before = " or ".join(["city = '東京'"] * 20)
    result = readers("segments", "try", f"{before} oder {before}")

    _, rule, caret, _ = result.stderr.splitlines()
    assert len(rule) < 150
    assert rule.startswith("       …")
    assert caret.strip() == "^"
    assert caret.index("^") > rule.index("oder")  # letters of two columns stand before it


def test_a_segment_is_removed_and_then_unknown(readers: Pipeline) -> None:
    readers("segments", "set", "regulars", "visits > 3")
    assert readers("segments", "remove", "regulars").exit_code == 0
    result = readers("segments", "show", "regulars")

    assert result.exit_code == 1
    assert "there is no segment called 'regulars'" in result.stderr


def test_what_staff_set_and_tag_is_what_a_segment_sees(readers: Pipeline) -> None:
    assert 'plan is now "pro"' in readers("subscribers", "set", BOB, "plan", "pro").stdout
    assert "is tagged: press, vip" in readers("subscribers", "tag", BOB, "VIP", "press").stdout
    assert "is tagged: press." in readers("subscribers", "untag", BOB, "vip").stdout
    tried = readers("segments", "try", "plan = 'pro' and tag = 'press'", "--json")

    assert [one["email"] for one in json.loads(tried.stdout)["sample"]] == [BOB]
    assert "has no plan any more" in readers("subscribers", "set", BOB, "plan", "").stdout


def test_people_are_found(readers: Pipeline) -> None:
    found = json.loads(readers("subscribers", "find", "ada", "--json").stdout)

    assert found == {
        "people": [{"id": 1, "email": ADA, "name": "Ada", "by": "address"}],
        "more": False,
    }
    limited = readers("subscribers", "find", "@readers.example", "--limit", "1").stdout
    assert "There are more than 1" in limited


def test_a_history_tells_all_that_happened_to_a_person(readers: Pipeline) -> None:
    readers("subscribers", "tag", ADA, "press")
    readers("subscribers", "unsubscribe", ADA, "--list", "readers")
    history = json.loads(readers("subscribers", "history", ADA, "--json").stdout)
    shown = readers("subscribers", "history", ADA).stdout

    assert (history["tags"], history["lists"]) == (["press"], {"readers": "unsubscribed"})
    assert [one["what"] for one in history["history"]] == ["known", "confirmed", "sent", "left"]
    assert history["history"][2]["about"] == "digest"
    assert "(rehearsal)" in shown
    assert "file readers.csv" in shown


def test_nobody_has_no_history(readers: Pipeline) -> None:
    result = readers("subscribers", "history", "eve@readers.example")

    assert result.exit_code == 1
    assert "nobody is known at eve@readers.example" in result.stderr
