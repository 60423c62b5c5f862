"""What is said about a rule that cannot be read: what stands there, and what should. Pure."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pipeline.errors import RuleError

if TYPE_CHECKING:  # at run time imported when the first rule is read
    from lark import Token

_COMPARING = ("contains", "starts with", "in", "not in", "is known", "is missing", "within")
_CURLY = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u00b4`"
_MOST_SHOWN = 40  # characters of what stands there
# What people write who know other languages.
_FOREIGN = {
    "&": "and",
    "|": "or",
    "!": "not, or !=",
    "null": "is missing, or is known",
    "none": "is missing",
    "empty": "is missing",
    "like": "contains, or starts with",
    "has": "contains",
    "between": ">= and <=",
    "yes": "true",
    "no": "false",
}


def explain_character(rule: str, position: int) -> RuleError:
    """A character that begins nothing."""
    letter = rule[position]
    if letter in "'\"":
        return RuleError(
            "this quote is never closed",
            rule=rule,
            position=position,
            hint=f"end the text with {letter}; inside it, '' stands for one '",
        )
    hint = "text stands in single quotes, as in plan = 'pro'"
    if letter in _CURLY:
        hint = "write straight quotes: 'pro'"
    elif letter in _FOREIGN:
        hint = f"write {_FOREIGN[letter]}"
    return RuleError(f"{letter!r} means nothing here", rule=rule, position=position, hint=hint)


def explain_token(rule: str, token: Token, accepts: frozenset[str]) -> RuleError:
    """A word, sign or value in the wrong place; `accepts` names what could stand there."""
    ends = token.type == "$END"
    wanted, hint = _wanted(token, accepts)
    return RuleError(
        f"it ends where {wanted}" if ends else f"{_shown(token)} stands where {wanted}",
        rule=rule,
        position=len(rule) if ends else token.start_pos or 0,
        hint=hint,
    )


def _shown(token: Token) -> str:
    text = str(token)
    if text[0] in "'\"":
        return text[:_MOST_SHOWN]
    return f"{text[:_MOST_SHOWN]!r}"


def _wanted(token: Token, accepts: frozenset[str]) -> tuple[str, str]:
    """What is expected, as the end of a sentence, and how to mend it."""
    for terminals, wanted, mend in _EXPECTED:
        if terminals <= accepts:
            return wanted, mend if isinstance(mend, str) else mend(token)
    words = tuple(sorted("(" if one == "LPAR" else one.lower() for one in accepts))
    wanted = " or ".join(words)
    return f"{wanted} belongs", _near(token, words, f"write {wanted}")


def _joining(token: Token) -> str:
    if token.type in ("NUMBER", "DAY"):
        return "a date is written as in 2026-01-31"
    return _near(token, ("and", "or", "within"), "join two conditions by and, or by or")


def _comparing(token: Token) -> str:
    return _near(token, _COMPARING, "as in: = 'pro', > 3, in ('pro', 'team'), is missing")


def _value(token: Token) -> str:
    if token.type in ("EQUAL", "ORDER"):
        return "write one sign: =, !=, <, <=, > or >="
    if token.type == "QUOTED":
        return f"text stands in single quotes: '{token[1:-1][:_MOST_SHOWN]}'"
    if token.lower() in _FOREIGN:
        return f"write {_FOREIGN[token.lower()]}"
    if token.type in ("$END", "RPAR", "COMMA", "LPAR"):
        return "as in 'pro', 3, 2026-01-31, true"
    return f"text stands in single quotes: '{token[:_MOST_SHOWN]}'"


def _condition(token: Token) -> str:
    if token.type == "TEXT":
        return f'the name of a column stands in double quotes: "{token[1:-1][:_MOST_SHOWN]}"'
    if token.isidentifier() and token.type not in ("AND", "OR"):
        return f'a column so called stands in double quotes: "{token}"'
    return "as in: plan = 'pro', tag = 'press', joined within 30 days"


def _near(token: Token, words: tuple[str, ...], otherwise: str) -> str:
    """The word that was probably meant."""
    written = token.lower()
    if written in _FOREIGN:
        return f"write {_FOREIGN[written]}"
    near = get_close_matches(written, words, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else otherwise


# What may stand there, most telling first: the first whose terminals are all accepted is said.
_EXPECTED: tuple[tuple[set[str], str, str | Callable[[Token], str]], ...] = (
    ({"AND"}, "and, or, or the end belongs", _joining),
    ({"EQUAL"}, "a comparison belongs", _comparing),
    ({"TEXT", "DAY"}, "a value belongs", _value),
    ({"TEXT"}, "text in single quotes belongs", _value),
    ({"NAME"}, "a condition belongs", _condition),
    (
        {"KNOWN"},
        "known or missing belongs",
        "as in: plan is missing; to compare, write plan = 'pro'",
    ),
    (
        {"NEWSLETTER"},
        "what was sent belongs",
        "as in: was sent newsletter 'digest' within 30 days, or was sent campaign 7",
    ),
    ({"NUMBER"}, "a number belongs", "as in: within 30 days"),
    ({"COMMA"}, "a comma or ) belongs", "as in: plan in ('pro', 'team')"),
    ({"RPAR"}, "a closing ) belongs", "every ( needs its )"),
    ({"$END"}, "the rule should end", "there is one ) too many: every ) needs its ("),
)
