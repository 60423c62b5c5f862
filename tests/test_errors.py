"""Errors are part of the product: one sentence with its place, and a hint with the mend."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from pipeline import errors
from pipeline.errors import (
    AudienceError,
    CampaignError,
    ConfigError,
    ContentError,
    ContentErrors,
    MessageRefused,
    PipelineError,
    RowError,
    TemplateError,
    TransportError,
)

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, BaseException)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_something_a_person_can_put_right(kind: type) -> None:
    assert issubclass(kind, PipelineError)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_stands_in_the_tree_under_its_parent(kind: type) -> None:
    tree = (errors.__doc__ or "").splitlines()
    (line,) = [number for number, text in enumerate(tree) if kind.__name__ in _words(text)]
    if kind is PipelineError:
        return

    parent = next(
        text for text in reversed(tree[:line]) if _depth(text) < _depth(tree[line]) and text
    )
    assert kind.__bases__[0].__name__ in _words(parent)


def _words(line: str) -> list[str]:
    return line.replace("─", " ").replace("├", " ").replace("└", " ").replace("│", " ").split()[:1]


def _depth(line: str) -> int:
    return next((place for place, char in enumerate(line) if char.isalpha()), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_says_of_each_in_a_few_words_what_it_is(kind: type) -> None:
    tree = (errors.__doc__ or "").splitlines()
    (line,) = [text for text in tree if kind.__name__ in _words(text)]

    assert line.split(kind.__name__)[1].strip()
    assert kind.__doc__


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PipelineError("it broke"), "it broke"),
        (ConfigError("is missing", file="pipeline.toml", key="site.url"),
         "pipeline.toml: site.url: is missing"),
        (ConfigError("is no zone", key="site.timezone"), "site.timezone: is no zone"),
        (ConfigError("is not valid", file="pipeline.toml"), "pipeline.toml: is not valid"),
        (ConfigError("is not valid"), "is not valid"),
        (ContentError("has no date", path=Path("posts/a.md"), line=3),
         "posts/a.md:3: has no date"),
        (ContentError("is empty", path="posts/a.md"), "posts/a.md: is empty"),
        (TemplateError("is not closed", template="digest.mjml", line=7),
         "digest.mjml:7: is not closed"),
        (TemplateError("is not there", template="digest.mjml"), "digest.mjml: is not there"),
        (RowError("is no address", file="readers.csv", line=2), "readers.csv:2: is no address"),
    ],
)  # fmt: skip
def test_a_sentence_begins_with_its_place(error: PipelineError, sentence: str) -> None:
    assert str(error) == sentence
    assert error.hint == ""


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (PipelineError, {}),
        (ConfigError, {"file": "f", "key": "k"}),
        (ContentError, {"path": "p", "line": 1}),
        (TemplateError, {"template": "t"}),
        (AudienceError, {}),
        (RowError, {"file": "f", "line": 1}),
        (CampaignError, {}),
        (TransportError, {}),
    ],
)
def test_the_hint_is_the_next_step_and_no_part_of_the_sentence(
    kind: type[PipelineError], values: dict[str, Any]
) -> None:
    error = kind("it broke", hint="mend it", **values)

    assert error.hint == "mend it"
    assert "mend it" not in str(error)


def test_all_faults_of_all_posts_are_told_at_once() -> None:
    first = ContentError("has no date", path="posts/a.md", line=3, hint="add one")
    second = ContentError("is empty", path="posts/b.md")
    both = ContentErrors(iter([first, second]))

    assert str(both) == "posts/a.md:3: has no date\nposts/b.md: is empty"
    assert both.errors == (first, second)
    assert (both.path, both.line, both.hint) == ("posts/a.md", 3, "add one")


def test_a_refusal_keeps_what_the_server_said() -> None:
    error = MessageRefused("too large", code=552, enhanced_code="5.3.4", permanent=True)

    assert (error.code, error.enhanced_code, error.permanent) == (552, "5.3.4", True)
    assert isinstance(error, TransportError)


def test_a_server_that_said_nothing_has_said_nothing() -> None:
    error = TransportError("no reply")

    assert (error.code, error.enhanced_code, error.permanent) == (0, "", False)


def test_one_place_catches_what_several_rooms_raise() -> None:
    with pytest.raises(AudienceError):
        raise RowError("is no address", file="readers.csv", line=2)
    with pytest.raises(ContentError):
        raise ContentErrors([ContentError("is empty", path="posts/b.md")])
