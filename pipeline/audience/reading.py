"""Reading a segment's rule: text in, conditions out, or one sentence about one character. Pure."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pipeline.audience.folding import composed, is_printable, normal_tag
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
    Value,
    Within,
)
from pipeline.audience.unexpected import explain_character, explain_token
from pipeline.db import LONGEST_NUMBER
from pipeline.errors import RuleError

if TYPE_CHECKING:  # at run time imported when the first rule is read
    from lark import Lark, Token, Tree

LONGEST_RULE = 4_000  # characters
DEEPEST = 20  # parentheses within parentheses, and so many times "not" in a row
MOST_VALUES = 200  # values and conditions in one rule
MOST_DAYS = 36_500

_SPELLED = (
    "or and not in contains starts with is known missing within was sent language time_zone tag"
    " list joined confirmed true false newsletter campaign anything days"
)
_WORDS = {word: word.upper() for word in _SPELLED.split()} | {"day": "DAYS"}
_NO_FIELDS = {"email": "addresses", "name": "names"}
# Which comparisons make sense of what, by the type of the value.
_COMPARISONS: dict[Kind, dict[type, frozenset[Op]]] = {
    Kind.ATTRIBUTE: {
        str: frozenset({Op.IS, Op.STARTS, Op.CONTAINS}),
        bool: frozenset({Op.IS}),
        float: frozenset({Op.IS, Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST}),
        date: frozenset({Op.IS, Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST}),
    },
    Kind.LANGUAGE: {str: frozenset({Op.IS})},
    Kind.TIME_ZONE: {str: frozenset({Op.IS, Op.STARTS, Op.CONTAINS})},
    Kind.TAG: {str: frozenset({Op.IS})},
    Kind.LIST: {str: frozenset({Op.IS})},
    Kind.JOINED: {date: frozenset({Op.IS, Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST})},
    Kind.CONFIRMED: {date: frozenset({Op.IS, Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST})},
}
_EXAMPLES = {
    Kind.ATTRIBUTE: "text has no order: compare with a number or a date, as in visits > 3",
    Kind.LANGUAGE: "as in: language = 'de'",
    Kind.TIME_ZONE: "as in: time_zone = 'Europe/Berlin', or time_zone starts with 'Europe/'",
    Kind.TAG: "as in: tag = 'founder', or tag in ('founder', 'press')",
    Kind.LIST: "as in: list = 'readers'",
    Kind.JOINED: "as in: joined < 2026-01-31, or joined within 30 days",
    Kind.CONFIRMED: "as in: confirmed >= 2026-01-31, or confirmed within 30 days",
}
_WITHIN = (Kind.ATTRIBUTE, Kind.JOINED, Kind.CONFIRMED)
_KNOWN = (Kind.ATTRIBUTE, Kind.LANGUAGE, Kind.TIME_ZONE, Kind.TAG)


def read_rule(text: str) -> Rule:
    """Read a rule. Raises RuleError, which names the character and how to mend it."""
    text = " ".join(text.split()) if "\n" in text else text.strip()
    if not text:
        raise RuleError("there is none", rule=text, position=0, hint="as in: plan = 'pro'")
    if len(text) > LONGEST_RULE:
        raise RuleError(
            f"it is longer than {LONGEST_RULE:,} characters", rule=text, position=LONGEST_RULE
        )
    return Rule(text, _Reader(text).read())


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark

    grammar = files("pipeline.audience").joinpath("rule.lark").read_text(encoding="utf-8")
    return Lark(
        grammar, parser="lalr", lexer="basic", start="rule", lexer_callbacks={"NAME": _word}
    )


def _word(token: Token) -> Token:
    """A name that is a word of the language is that word."""
    kind = _WORDS.get(token.lower())
    return token if kind is None else token.update(type=kind)


class _Reader:
    """One rule on its way from text to conditions."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> Condition:
        from lark.exceptions import UnexpectedCharacters, UnexpectedToken

        try:
            self._refuse_excess(list(_parser().lex(self._text)))
            tree: Any = _parser().parse(self._text)
        except UnexpectedCharacters as error:
            raise explain_character(self._text, error.pos_in_stream or 0) from None
        except UnexpectedToken as error:
            accepts = frozenset(error.accepts or error.expected)
            raise explain_token(self._text, error.token, accepts) from None
        return self._condition(tree.children[0])

    def _refuse_excess(self, tokens: list[Token]) -> None:
        depth = nots = values = 0
        for token in tokens:
            depth += {"LPAR": 1, "RPAR": -1}.get(token.type, 0)
            nots = nots + 1 if token.type == "NOT" else 0
            values += token.type in ("TEXT", "NUMBER", "DAY", "TRUE", "FALSE", "KNOWN", "MISSING")
            if max(depth, nots) > DEEPEST:
                raise self._error(
                    token, f"more than {DEEPEST} levels", "say it with fewer parentheses"
                )
            if values > MOST_VALUES:
                raise self._error(token, f"more than {MOST_VALUES} values", "give people a tag")

    def _condition(self, tree: Tree[Token]) -> Condition:
        parts: list[Any] = tree.children
        match tree.data:
            case "any_of" | "all_of":
                kind = AnyOf if tree.data == "any_of" else AllOf
                named = [one for one in parts if not _is_token(one)]
                return kind(tuple(map(self._condition, named)))
            case "opposite":
                return Not(self._condition(parts[-1]))
            case "sent" | "sent_within":
                return self._sent(parts)
        return self._about_field(tree.data, self._field(parts[0]), parts)

    def _about_field(self, what: str, field: Field, parts: list[Any]) -> Condition:
        match what:
            case "known" | "missing":
                self._allow(field.kind in _KNOWN, field, parts[1])
                return Known(field) if what == "known" else Not(Known(field))
            case "within":
                self._allow(field.kind in _WITHIN, field, parts[1])
                return Within(field, self._days(parts[2]))
            case "one_of" | "none_of":
                values = [one for one in parts[1:] if not _is_token(one)]
                any_of = AnyOf(tuple(self._compare(field, Op.IS, one) for one in values))
                return any_of if what == "one_of" else Not(any_of)
            case "unequal":
                return Not(self._compare(field, Op.IS, parts[2]))
            case "starts" | "contains":
                return self._compare(field, Op.STARTS if what == "starts" else Op.CONTAINS, parts)
        op = Op.IS if what == "equal" else Op(parts[1].value)
        return self._compare(field, op, parts[2])

    def _field(self, tree: Tree[Token]) -> Field:
        token: Any = tree.children[0]
        if token.type == "QUOTED":
            return Field(Kind.ATTRIBUTE, composed(token[1:-1]))
        if token.type != "NAME":
            return Field(Kind(token.type.lower()))
        if token.lower() in _NO_FIELDS:
            raise self._error(
                token,
                f"a segment does not look at {_NO_FIELDS[token.lower()]}",
                f'a column so called stands in double quotes: "{token}"',
            )
        return Field(Kind.ATTRIBUTE, composed(token))

    def _compare(self, field: Field, op: Op, of: Any) -> Compare:
        token = of[-1] if isinstance(of, list) else of.children[0]
        value = self._value(token)
        self._allow(op in _COMPARISONS[field.kind].get(type(value), ()), field, token)
        if field.kind is Kind.TAG:
            value = self._tag(token, str(value))
        return Compare(field, op, value)

    def _value(self, token: Token) -> Value:
        match token.type:
            case "TEXT":
                return self._written(token)
            case "NUMBER":
                return self._number(token)
            case "DAY":
                return self._day(token)
        return token.type == "TRUE"

    def _written(self, token: Token) -> str:
        value = composed(token[1:-1].replace("''", "'"))
        if not value:
            raise self._error(token, "an empty text counts as missing", "write: is missing")
        if not is_printable(value):
            raise self._error(token, "this text holds a control character", "take it out")
        return value

    def _number(self, token: Token) -> float:
        if len(token) > LONGEST_NUMBER:
            raise self._error(
                token,
                f"a number has at most {LONGEST_NUMBER} characters",
                "what is no quantity stands in single quotes, as text",
            )
        return float(token)

    def _day(self, token: Token) -> date:
        try:
            return date.fromisoformat(token).replace(year=min(int(token[:4]), 9998))
        except ValueError:
            raise self._error(token, f"{token} is no date", "as in 2026-01-31") from None

    def _tag(self, token: Token, value: str) -> str:
        tag = normal_tag(value)
        if not tag:
            raise self._error(token, "this can be no tag", "a tag has at most 100 characters")
        return tag

    def _days(self, token: Token) -> int:
        if not token.isdigit() or not 1 <= int(token) <= MOST_DAYS:
            raise self._error(
                token,
                f"so many days are whole and from 1 to {MOST_DAYS:,}",
                "as in: within 30 days",
            )
        return int(token)

    def _sent(self, parts: list[Any]) -> Sent:
        tokens = parts[2].children
        what = Sending(tokens[0].type.lower())
        days = self._days(parts[4]) if len(parts) > 3 else None
        if what is Sending.NEWSLETTER:
            return Sent(what, name=self._written(tokens[1]), days=days)
        if what is Sending.CAMPAIGN:
            number = tokens[1]
            if not number.isdigit() or len(number) > LONGEST_NUMBER:
                raise self._error(number, "no campaign has this number", "see: pipeline campaigns")
            return Sent(what, number=int(number), days=days)
        return Sent(what, days=days)

    def _allow(self, allowed: bool, field: Field, token: Token) -> None:  # noqa: FBT001
        if not allowed:
            named = field.name or field.kind.value
            raise self._error(
                token, f"{named!r} cannot be compared like this", _EXAMPLES[field.kind]
            )

    def _error(self, token: Token, message: str, hint: str) -> RuleError:
        return RuleError(message, rule=self._text, position=token.start_pos or 0, hint=hint)


def _is_token(part: object) -> bool:
    return not hasattr(part, "children")
