"""A segment holds the same people on SQLite, on PostgreSQL and in plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from pipeline import audience
from pipeline.audience import read_rule
from pipeline.audience.folding import composed
from pipeline.audience.rules import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Field,
    Kind,
    Known,
    Not,
    Op,
    Rule,
    Sending,
    Sent,
    Within,
)
from pipeline.db import reading, writing
from pipeline.errors import AudienceError
from pipeline.schema import SuppressionReason, subscribers
from tests.support.people import (
    AT,
    CAMPAIGNS,
    LISTS,
    NEWSLETTERS,
    MadeUp,
    OnList,
    add_people,
    add_sendings,
    holds,
    written,
)

# --- made-up people and rules -------------------------------------------------------------------

# Few different ones, so that rules often meet them; and what breaks a careless comparison.
TEXTS = (
    *(
        "pro",
        "Pro",
        "PRO team",
        "münchen",
        "MÜNCHEN",
        "Straße",
        "STRASSE",
        "İstanbul",
        "日本",
        "🙂",
    ),
    *(
        "*",
        "[a]",
        "50%",
        "a_b",
        "O'Brien",
        "^a$",
        "\\",
        "e\u0301",
        "true",
        "False",
        "fal\u017fe",
        "🙂",
    ),
)
NUMBERS_IN_TEXT = (
    *(
        "3",
        "-3",
        "3.5",
        "03",
        "3.",
        ".5",
        "1e3",
        "--3",
        "3-",
        "1.2.3",
        "10115",
        "",
        " ",
        "-0",
        "+3",
    ),
    *("999999999999999", "9999999999999999", "2026-01-31", "2026-1-31", "20260131", "\u0663", "+3"),
    *("-03", "-.5", "-", ".", "0", "0.5", "3 "),
)
NAMES = ("plan", "Job title", "Größe", "visits", "in", "plan'", "a.b", "$.x", "x[0]")
DAYS = (date(2026, 3, 3), date(2026, 3, 2), date(2026, 1, 31), date(2024, 2, 29))
NUMBERS = (3.0, -3.0, 0.0, 3.5, 0.1, 10115.0, 999999999999999.0)

values = st.one_of(
    st.sampled_from(TEXTS + NUMBERS_IN_TEXT),
    st.sampled_from([day.isoformat() for day in DAYS]),
    st.sampled_from([3, -3, 3.5, 0.1, 0.30000000000000004, 10**17, 1e300, 0, True, False, None]),
    st.sampled_from([[], {}, [3], {"plan": "pro"}]),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4),
    st.integers(-(2**53), 2**53),
)
instants = st.sampled_from(
    [
        AT + timedelta(days=days, microseconds=tick)
        for days in (-40, -30, -5, 0, 1)
        for tick in (-1, 0)
    ]
    + [AT.replace(hour=0), AT.replace(hour=0) - timedelta(microseconds=1)]
)
memberships = st.builds(OnList, st.sampled_from(LISTS), st.none() | instants, st.none() | instants)
people = st.builds(
    MadeUp,
    attributes=st.dictionaries(st.sampled_from(NAMES), values, max_size=4),
    language=st.sampled_from(["", "de", "de-AT", "DE-ch", "den", "en", "zh-Hant"]),
    time_zone=st.sampled_from(["", "Europe/Berlin", "Europe/Bern", "UTC"]),
    joined_at=instants,
    tags=st.lists(st.sampled_from(["press", "vip gäste"]), unique=True).map(tuple),
    lists=st.lists(memberships, unique_by=lambda one: one.list, max_size=2).map(tuple),
    got=st.dictionaries(
        st.sampled_from([one.id for one in CAMPAIGNS]),
        st.sampled_from(["planned", "sent", "bounced", "unknown"]),
    ).map(lambda got: tuple(got.items())),
)

attribute = st.sampled_from(NAMES).map(lambda name: Field(Kind.ATTRIBUTE, name))
texts = st.one_of(
    st.sampled_from(TEXTS + NUMBERS_IN_TEXT),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=3),
)
ago = st.sampled_from([1, 5, 30, 31, 40])
equal = st.just(Op.IS)
looking = st.sampled_from([Op.IS, Op.STARTS, Op.CONTAINS])
order = st.sampled_from([Op.IS, Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST])


def a(*kinds: Kind) -> st.SearchStrategy[Field]:
    return st.sampled_from([Field(kind) for kind in kinds])


def one_of(*found: str) -> st.SearchStrategy[str]:
    return st.sampled_from(found)


moment = a(Kind.JOINED, Kind.CONFIRMED)
single: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, attribute, looking, texts.map(composed).filter(bool)),
    st.builds(Compare, attribute, equal, st.booleans()),
    st.builds(Compare, attribute, order, st.sampled_from(NUMBERS)),
    st.builds(Compare, attribute | moment, order, st.sampled_from(DAYS)),
    st.builds(Compare, a(Kind.LANGUAGE), equal, one_of("de", "DE-at")),
    st.builds(Compare, a(Kind.TIME_ZONE), looking, one_of("Europe/Berlin", "europe/", "u")),
    st.builds(Compare, a(Kind.TAG), equal, one_of("press", "vip gäste")),
    st.builds(Compare, a(Kind.LIST), equal, one_of(*LISTS)),
    st.builds(Within, attribute | moment, ago),
    st.builds(Known, attribute | a(Kind.TAG, Kind.LANGUAGE, Kind.TIME_ZONE)),
    st.builds(Sent, st.just(Sending.NEWSLETTER), one_of(*NEWSLETTERS), days=st.none() | ago),
    st.builds(Sent, st.just(Sending.CAMPAIGN), number=st.integers(1, 4), days=st.none() | ago),
    st.builds(Sent, st.just(Sending.ANYTHING), days=st.none() | ago),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    single,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
)


def held(connection: Connection, rule: Rule) -> list[int]:
    """The numbers of those whom the database finds."""
    found = sa.select(subscribers.c.id).where(audience.segment_condition(rule, AT))
    return list(connection.scalars(found.order_by(subscribers.c.id)))


@given(everybody=st.lists(people, min_size=1, max_size=5), condition=conditions)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_rule_holds_the_same_people_in_the_database_and_in_python(
    engine: Engine, everybody: list[MadeUp], condition: Condition
) -> None:
    rule = read_rule(written(condition))
    expected = [number for number, one in enumerate(everybody, 1) if holds(condition, one)]

    assert rule.condition == condition
    with engine.connect() as connection, connection.begin() as transaction:
        add_sendings(connection)
        add_people(connection, everybody)
        assert held(connection, rule) == expected
        transaction.rollback()


@pytest.mark.parametrize("name", ["plan", "Größe", "Job title"])
def test_every_tricky_value_reads_the_same_in_the_database_and_in_python(
    engine: Engine, name: str
) -> None:
    field = Field(Kind.ATTRIBUTE, name)
    everybody = [MadeUp(attributes={name: value}) for value in (*TEXTS, *NUMBERS_IN_TEXT, 3, True)]
    asked: list[Condition] = [
        *(Compare(field, Op.AT_LEAST, number) for number in (-1e9, 3.0, 4.0)),
        *(Compare(field, Op.IS, text) for text in TEXTS),
        Compare(field, Op.BELOW, date(9000, 1, 1)),
        Compare(field, Op.IS, value=True),
        Known(field),
    ]
    with engine.connect() as connection, connection.begin() as transaction:
        add_people(connection, everybody)
        for condition in asked:
            expected = [number for number, one in enumerate(everybody, 1) if holds(condition, one)]
            assert held(connection, Rule("", condition)) == expected, condition
        transaction.rollback()


# --- what the page in docs/ promises, one by one ------------------------------------------------


def found(engine: Engine, rule: str, *people: MadeUp) -> list[int]:
    """The numbers of those of `people` whom a rule holds."""
    with engine.connect() as connection, connection.begin() as transaction:
        add_sendings(connection)
        add_people(connection, people)
        numbers = held(connection, read_rule(rule))
        transaction.rollback()
    return numbers


def having(**attributes: Any) -> MadeUp:
    return MadeUp(attributes=attributes)


def test_capitals_make_no_difference_in_any_alphabet(engine: Engine) -> None:
    cities = [having(city=city) for city in ("MÜNCHEN", "München", "Munchen", "Müncheno", 3)]

    assert found(engine, "city = 'münchen'", *cities) == [1, 2]
    assert found(engine, "city starts with 'MÜN'", *cities) == [1, 2, 4]
    assert found(engine, "city contains 'CHEN'", *cities) == [1, 2, 3, 4]


def test_signs_of_patterns_stand_for_themselves(engine: Engine) -> None:
    plans = [having(plan=plan) for plan in ("50%", "500", "a*", "ab", "[x]", "x", "a_b", "^", "\\")]

    for number, plan in ((1, "50%"), (3, "a*"), (5, "[x]"), (7, "a_b"), (8, "^"), (9, "\\")):
        assert found(engine, f"plan = '{plan}'", *plans) == [number]


def test_numbers_in_text_count_as_numbers_and_anything_else_as_none(engine: Engine) -> None:
    visits = [having(visits=one) for one in (4, "4", "4.5", "many", "04", "", True, None, [4])]

    assert found(engine, "visits > 3", *visits, having()) == [1, 2, 3]
    assert found(engine, "visits <= 3", *visits, having()) == []
    assert found(engine, "visits = '4'", *visits) == [2]


def test_the_opposite_holds_everybody_else_those_without_a_value_too(engine: Engine) -> None:
    plans = having(plan="pro"), having(plan="free"), having(plan=None), having()

    assert found(engine, "plan != 'pro'", *plans) == [2, 3, 4]
    assert found(engine, "not plan = 'pro'", *plans) == [2, 3, 4]
    assert found(engine, "plan not in ('pro', 'free')", *plans) == [3, 4]
    assert found(engine, "plan != 'pro' and plan is known", *plans) == [2]


def test_an_empty_value_is_missing(engine: Engine) -> None:
    plans = having(plan=""), having(plan=None), having(), having(plan=False), having(plan=0)

    assert found(engine, "plan is missing", *plans) == [1, 2, 3]


def test_a_language_holds_its_regions(engine: Engine) -> None:
    people = [MadeUp(language=tag) for tag in ("de", "de-AT", "DE", "den", "")]

    assert found(engine, "language = 'de'", *people) == [1, 2, 3]
    assert found(engine, "language = 'de-at'", *people) == [2]


def test_who_has_left_is_on_no_list_and_has_confirmed_none(engine: Engine) -> None:
    people = [
        MadeUp(lists=lists)
        for lists in (
            (OnList("readers"),),
            (OnList("readers", left_at=AT),),
            (OnList("readers", left_at=AT + timedelta(days=1)),),  # later than the launch
            (OnList("readers", confirmed_at=None),),
            (OnList("members"),),
        )
    ]

    assert found(engine, "list = 'readers'", *people) == [1, 3]
    assert found(engine, "confirmed within 10 days", *people) == [1, 3, 5]


def test_days_are_those_of_utc_and_whole(engine: Engine) -> None:
    midnight = AT.replace(hour=0)
    moments = [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=23)]
    people = [MadeUp(joined_at=moment) for moment in moments]

    assert found(engine, "joined = 2026-03-03", *people) == [2, 3]
    assert found(engine, "joined < 2026-03-03", *people) == [1]
    assert found(engine, "joined <= 2026-03-02", *people) == [1]
    assert found(engine, "joined > 2026-03-02", *people) == [2, 3]


def test_what_was_sent_counts_only_when_it_was_accepted_and_real(engine: Engine) -> None:
    got = ((2, "sent"),), ((2, "bounced"),), ((2, "unknown"),), ((1, "sent"),), ((4, "sent"),), ()
    people = [MadeUp(got=one) for one in got]

    assert found(engine, "was sent newsletter 'digest' within 30 days", *people) == [1, 2]
    assert found(engine, "was sent newsletter 'digest'", *people) == [1, 2, 4]
    assert found(engine, "was sent campaign 1", *people) == [4]
    assert found(engine, "not was sent anything", *people) == [3, 5, 6]


# --- saving and counting ------------------------------------------------------------------------


@pytest.fixture
def readers(engine: Engine) -> Engine:
    """Three readers, of whom one is suppressed, a member, and one who has left."""
    lists = [("readers", None)] * 3 + [("members", None), ("readers", AT)]
    with writing(engine) as connection:
        add_sendings(connection)
        add_people(
            connection,
            [
                MadeUp(attributes={"plan": "pro"}, lists=(OnList(name, left_at=left),))
                for name, left in lists
            ],
        )
        audience.suppress(connection, [2], SuppressionReason.COMPLAINT, AT)
    return engine


def test_a_count_is_of_those_who_would_get_mail(readers: Engine) -> None:
    rule = read_rule("plan = 'pro'")
    with reading(readers) as connection:
        mailing_list = audience.find_list(connection, "readers")
        sample = audience.sample_segment(connection, rule, AT, mailing_list)

        assert audience.count_segment(connection, rule, AT, mailing_list) == 2
        assert [one.id for one in sample] == [1, 3]
        assert audience.count_segment(connection, rule, AT) == 4


@pytest.mark.parametrize(
    ("rule", "people"),
    [
        ("list = 'readers'", 2),
        ("list = 'members'", 0),
        ("confirmed within 30 days", 2),
        ("was sent newsletter 'digest' or tag = 'press'", 0),
    ],
)
def test_a_rule_about_lists_counts_within_a_list(readers: Engine, rule: str, people: int) -> None:
    with reading(readers) as connection:
        mailing_list = audience.find_list(connection, "readers")

        assert audience.count_segment(connection, read_rule(rule), AT, mailing_list) == people


def test_a_segment_is_kept_changed_and_removed(readers: Engine) -> None:
    later = AT + timedelta(days=1)
    with writing(readers) as connection:
        audience.save_segment(connection, "pros", read_rule("plan = 'pro'"), AT)
        audience.save_segment(connection, "pros", read_rule("plan = 'team'"), later)
        (segment,) = audience.read_segments(connection)
        assert (segment.rule, segment.created_at, segment.changed_at) == (
            "plan = 'team'",
            AT,
            later,
        )
        audience.remove_segment(connection, "pros")

        assert audience.read_segments(connection) == ()
        with pytest.raises(AudienceError, match="no segment called 'pros'"):
            audience.find_segment(connection, "pros")


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("list = 'nobody'", "no list called 'nobody'"),
        ("not (plan = 'x' or was sent newsletter 'daily')", "no newsletter called 'daily'"),
        ("was sent campaign 99", "no campaign 99"),
    ],
)
def test_a_segment_that_names_what_is_not_there_is_refused(
    readers: Engine, rule: str, named: str
) -> None:
    with writing(readers) as connection, pytest.raises(AudienceError, match=named):
        audience.save_segment(connection, "pros", read_rule(rule), AT)


def test_a_segment_needs_a_plain_name(readers: Engine) -> None:
    with writing(readers) as connection, pytest.raises(AudienceError, match="cannot be the name"):
        audience.save_segment(connection, "Pro's", read_rule("plan = 'pro'"), AT)
