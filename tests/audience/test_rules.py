"""A rule that cannot be read gets one sentence about one character, with a mend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience import read_rule
from pipeline.audience.folding import folded, spellings
from pipeline.audience.rules import AllOf, AnyOf, Compare, Field, Kind, Known, Not, Op
from pipeline.errors import RuleError

PLAN, VISITS = Field(Kind.ATTRIBUTE, "plan"), Field(Kind.ATTRIBUTE, "visits")
IS_PRO = Compare(PLAN, Op.IS, "pro")
OFTEN = Compare(VISITS, Op.ABOVE, 3.0)


def refused(rule: str) -> tuple[str, str, str]:
    """From which character on a rule is refused, why, and the mend."""
    with pytest.raises(RuleError) as caught:
        read_rule(rule)
    error = caught.value
    return error.rule[error.position :], str(error), error.hint


def test_and_binds_closer_than_or_and_not_closer_than_both() -> None:
    rule = read_rule("not plan = 'pro' and visits > 3 or plan is known")

    assert rule.condition == AnyOf((AllOf((Not(IS_PRO), OFTEN)), Known(PLAN)))


def test_parentheses_go_first() -> None:
    assert read_rule("(plan = 'pro' or plan is known) and visits > 3").condition == AllOf(
        (AnyOf((IS_PRO, Known(PLAN))), OFTEN)
    )


def test_words_may_be_in_capitals_and_lines_may_be_broken() -> None:
    assert read_rule("PLAN = 'pro'").condition == Compare(
        Field(Kind.ATTRIBUTE, "PLAN"), Op.IS, "pro"
    )
    assert read_rule("plan IN ('pro')\n  AND visits>3").condition == AllOf(
        (AnyOf((IS_PRO,)), OFTEN)
    )


def test_a_quote_in_text_is_doubled_and_a_name_may_stand_in_double_quotes() -> None:
    assert read_rule("\"Job title\" = 'O''Brien'").condition == Compare(
        Field(Kind.ATTRIBUTE, "Job title"), Op.IS, "O'Brien"
    )


@pytest.mark.parametrize(
    ("rule", "rest", "says", "hint"),
    [
        ("plan = 'pro' an visits > 3", "an visits > 3", "character 14: 'an' stands", "mean and?"),
        ("plan = ", "", "it ends where a value belongs", "as in 'pro'"),
        ("plan == 'pro'", "= 'pro'", "'=' stands where a value", "write one sign"),
        ("plan <> 'pro'", "> 'pro'", "'>' stands where a value", "!="),
        ("plan = pro", "pro", "'pro' stands where a value", "single quotes: 'pro'"),
        ('plan = "pro"', '"pro"', "where a value", "single quotes: 'pro'"),
        ("'plan' = 3", "'plan' = 3", "where a condition belongs", 'double quotes: "plan"'),
        ("plan = 'pro", "'pro", "this quote is never closed", "end the text with '"),
        ("plan = \u2018pro\u2019", "\u2018pro\u2019", "means nothing", "straight quotes"),
        ("plan contain 'x'", "contain 'x'", "a comparison belongs", "did you mean contains?"),
        ("plan like 'x'", "like 'x'", "a comparison belongs", "contains, or starts with"),
        ("plan is null", "null", "known or missing belongs", "plan is missing"),
        ("(plan = 'pro'", "", "a closing ) belongs", "every ( needs its )"),
        ("plan = 'pro')", ")", "the rule should end", "one ) too many"),
        ("plan in ('a' 'b')", "'b')", "a comma or ) belongs", "'pro', 'team'"),
        ("born < 2026-3-1", "-3-1", "the end belongs", "2026-01-31"),
        ("born < 2026-02-30", "2026-02-30", "is no date", "2026-01-31"),
        ("joined within 30 dys", "dys", "days belongs", "did you mean days?"),
        ("joined within 0 days", "0 days", "from 1 to 36,500", "within 30 days"),
        ("plan = ''", "''", "counts as missing", "is missing"),
        ("email = 'a'", "email = 'a'", "does not look at addresses", '"email"'),
        ("list = 3", "3", "'list' cannot be compared", "list = 'readers'"),
        ("tag > 'x'", "'x'", "'tag' cannot be compared", "tag in"),
        ("plan > 'x'", "'x'", "'plan' cannot be compared", "text has no order"),
        ("joined = 'x'", "'x'", "'joined' cannot be compared", "joined within"),
        ("language within 3 days", "within 3 days", "'language' cannot", "language = 'de'"),
        ("was sent 'digest'", "'digest'", "what was sent belongs", "was sent newsletter"),
        ("visits > 1234567890123456", "1234567890123456", "at most 15", "single quotes"),
        ("", "", "there is none", "plan = 'pro'"),
        ("   ", "", "there is none", "plan = 'pro'"),
    ],
)
def test_what_cannot_be_read_is_pointed_at_with_a_mend(
    rule: str, rest: str, says: str, hint: str
) -> None:
    found, said, mend = refused(rule)

    assert (found, says in said, hint in mend) == (rest, True, True), (said, mend)


@pytest.mark.parametrize(
    "attack",
    [
        "plan = 'pro'; drop table subscribers",
        "exists (select 1 from users)",
        "plan = (select 'pro')",
        "plan = 'pro' union select email from subscribers",
        "lower(plan) = 'pro'",
        "subscriptions.state = 'confirmed'",
        "plan = 'pro' -- and so on",
        "plan = 'pro' /* */",
        "plan = plan",
        "1 = 1",
        "'1' = '1'",
        "plan = E'\\x27'",
        "plan || 'x' = 'prox'",
    ],
)
def test_nothing_of_sql_but_comparisons_is_understood(attack: str) -> None:
    assert "character" in refused(attack)[1]


def test_a_rule_has_its_limits() -> None:
    deep, nots = "(" * 21 + "plan is known" + ")" * 21, "not " * 21 + "plan is known"
    many = f"plan in ({', '.join(['3'] * 201)})"

    assert "more than 20 levels" in refused(deep)[1]
    assert "more than 20 levels" in refused(nots)[1]
    assert "more than 200 values" in refused(many)[1]
    assert "longer than 4,000" in refused("plan = 'x' or " * 300)[1]
    assert "longer than 4,000" in refused("(" * 100_000)[1]


@given(st.text(max_size=30) | st.text("plan'\" =<>!()in-09not.,", max_size=30))
def test_whatever_is_written_is_a_rule_or_one_sentence(text: str) -> None:
    try:
        read_rule(text)
    except RuleError:
        rest, said, hint = refused(text)
        assert " ".join(text.split()).endswith(" ".join(rest.split()))
        assert hint
        assert "\n" not in said


@given(st.characters(exclude_categories=["Cs"]))
def test_the_spellings_of_a_letter_are_those_that_fold_to_the_same(letter: str) -> None:
    for forms in spellings(letter):
        assert {folded(form) for form in forms} == {folded(forms[0])}
