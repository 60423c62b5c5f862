"""What the program has is documented, and what the documents promise is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_type_hints

import click
import pytest

from pipeline import schema
from pipeline.config import Config, Provider
from pipeline.config.typed import LIMITS
from tests.support.documents import ROOT, Document, anchor, read_documents
from tests.support.imports import read_modules

DOCUMENTS = read_documents()
# The sections of pipeline.toml: those fields of Config that hold settings themselves.
MANY = {"newsletters": "newsletter", "providers": "smtp", "throttles": "throttle"}
SECTIONS = {
    MANY.get(name, name): kind
    for name, hint in get_type_hints(Config).items()
    for kind in (hint, *get_args(hint))
    if is_dataclass(kind)
}
NO_KEYS = {("smtp", "name"), ("throttle", "name"), ("lists", "name")}  # but the NAME of a table
# The words of the field; docs/glossary.md says what each one means here.
WORDS = (
    "post",
    "template",
    "newsletter",
    "draft",
    "edition",
    "list",
    "subscriber",
    "subscription",
    "segment",
    "audience",
    "recipients",
    "campaign",
    "schedule",
    "delivery",
    "sent",
    "bounce",
    "complaint",
    "suppression",
    "notice",
    "rehearsal",
    "transport",
    "worker",
)


def document(name: str) -> Document:
    found = [each for each in DOCUMENTS if each.name == name]
    if not found:
        pytest.fail(f"there is no {name}", pytrace=False)
    return found[0]


def refuse(faults: list[str]) -> None:
    """Fail with every fault, one a line."""
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def commands() -> dict[str, click.Command]:
    """Every command that --help shows, by what is typed: "pipeline", "pipeline import" ..."""
    from pipeline.cli import main

    return dict(_walk("pipeline", main))


def _walk(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from _walk(f"{words} {name}", inner)


def options(command: click.Command) -> set[str]:
    """The long names of a command's options, those that switch off included."""
    named = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    return {name for name in named if name.startswith("--")}


def sources() -> Iterator[tuple[Path, str]]:
    for module in read_modules(ROOT / "pipeline"):
        yield module.path, module.source


# --- configuration --------------------------------------------------------------------------


def test_every_setting_is_documented_under_its_section() -> None:
    page = document("docs/configuration.md")

    refuse(
        [
            f"docs/configuration.md does not explain {item.name} under a heading with [{section}]"
            for section, kind in SECTIONS.items()
            for item in fields(kind)
            if (section, item.name) not in NO_KEYS
            if f"`{item.name}`" not in about(page, section)
        ]
    )


def about(page: Document, section: str) -> str:
    return page.section_about(f"[{section}]") or page.section_about(f"[{section}.NAME]")


def test_the_limits_of_every_number_are_documented_in_its_row() -> None:
    page = document("docs/configuration.md")

    refuse(
        [
            f"docs/configuration.md does not say that {key} goes from {low:,} to {high:,}"
            for key, (low, high) in LIMITS.items()
            for section, _, name in [key.partition(".")]
            if not re.search(
                rf"^\| `{name}` \|.*\b{low:,} to {high:,} \|",
                about(page, section),
                re.MULTILINE,
            )
        ]
    )


def test_every_documented_variable_is_one_that_is_read() -> None:
    known = {
        f"PIPELINE_{section}_{item.name}".upper()
        for section, kind in [*SECTIONS.items(), ("smtp_name", Provider)]
        if section not in ("newsletter", "throttle", "lists")
        for item in fields(kind)
        if (section, item.name) not in NO_KEYS
    }
    stand_for_all = {"PIPELINE_SECTION_NAME", "PIPELINE_SMTP_NAME_KEY"}
    known |= {*stand_for_all, *environment_variables()}

    refuse(
        [
            f"{page.name} names {name}, which is not read"
            for page in DOCUMENTS
            for name in re.findall(r"\bPIPELINE_[A-Z_]*[A-Z]", page.text)
            if name not in known
        ]
    )
    assert "PIPELINE_" in document("docs/configuration.md").text


def environment_variables() -> set[str]:
    """Variables that the program reads by name, besides those of the settings."""
    found: set[str] = set()
    for path, source in sources():
        for node in ast.walk(ast.parse(source, str(path))):
            words = ast.unparse(node) if isinstance(node, ast.Call | ast.Subscript) else ""
            found |= set(re.findall(r"^(?:os\.)?(?:environ|getenv)\W+(?:get\W+)?'?(\w+)'?", words))
    return {name for name in found if name.isupper()}


def test_every_variable_that_is_read_by_name_is_documented() -> None:
    text = document("docs/configuration.md").text

    refuse([f"{name} is not documented" for name in environment_variables() if name not in text])


# --- commands -------------------------------------------------------------------------------


def test_every_command_and_option_is_documented_under_its_own_heading() -> None:
    page = document("docs/commands.md")
    known = commands()
    general = options(known["pipeline"])  # explained once for all commands
    faults = []
    for words, command in known.items():
        text = page.section_about(words)
        if not text:
            faults.append(f"docs/commands.md has no heading with {words}")
        due = options(command) - (general if words != "pipeline" else set())
        faults += [f"{words}: {name} is not documented" for name in due - _named(text)]
    refuse(faults)


def _named(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text))


def test_every_documented_option_exists() -> None:
    page = document("docs/commands.md")
    known = {name for command in commands().values() for name in options(command)} | {"--help"}

    refuse([f"docs/commands.md names {name}" for name in _named(" ".join(page.code)) - known])


def test_every_command_that_documents_and_messages_name_exists() -> None:
    known = commands()
    shown = [(page.name, code) for page in DOCUMENTS for code in page.code]
    shown += [
        (f"pipeline/{path}", code)
        for path, source in sources()
        for code in re.findall(r"`(pipeline [^`]+)`", source)
    ]

    refuse(
        [
            f"{place} names `pipeline {name}`, which is no command"
            for place, code in shown
            for name in re.findall(
                r"^(?:\$ |\.venv/bin/)?pipeline ([a-z][a-z-]*)", code, re.MULTILINE
            )
            if f"pipeline {name}" not in known
        ]
    )


# --- words ----------------------------------------------------------------------------------


def test_every_word_of_the_field_is_in_the_glossary() -> None:
    entries = document("docs/glossary.md").entries

    refuse([f"docs/glossary.md does not explain {word}" for word in WORDS if word not in entries])


def test_every_table_is_documented() -> None:
    refuse([f"no page in docs/ names the table `{name}`" for name in _unnamed(_tables())])


def test_every_state_is_documented() -> None:
    refuse([f"no page in docs/ names the state `{name}`" for name in _unnamed(_states())])


def _tables() -> set[str]:
    return set(schema.metadata.tables)


def _states() -> set[str]:
    kinds = [kind for kind in vars(schema).values() if isinstance(kind, type)]
    return {
        state.value
        for kind in kinds
        if issubclass(kind, StrEnum) and kind is not StrEnum
        for state in kind
    }


def _unnamed(names: set[str]) -> list[str]:
    pages = [page for page in DOCUMENTS if page.name.startswith("docs/")]
    named = {code.strip() for page in pages for code in page.code}
    return sorted(names - named)


# --- links and make -------------------------------------------------------------------------


def test_every_link_inside_the_project_leads_somewhere() -> None:
    refuse(
        [
            f"{page.name} links to {target}"
            for page in DOCUMENTS
            for target in page.links
            if not leads_somewhere(page, target)
        ]
    )


def leads_somewhere(page: Document, target: str) -> bool:
    file, _, fragment = target.partition("#")
    path = (page.path.parent / file).resolve() if file else page.path
    if not path.exists() or ROOT not in (path, *path.parents):
        return False
    return not fragment or path.suffix != ".md" or fragment in Document(path).anchors


def test_every_make_target_that_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    refuse(
        [
            f"{page.name} names `make {name}`"
            for page in DOCUMENTS
            for code in page.code
            for name in re.findall(r"(?:^|&& )make ([a-z]+)", code, re.MULTILINE)
            if name not in targets
        ]
    )


# --- the reading itself ---------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Document:
    path = tmp_path / "page.md"
    path.write_text(
        "# Settings\n\n## `[smtp]`: the provider\n\nSet `host`.\n\n### More\n\nAnd `port`.\n\n"
        "```toml\n# a comment\n[smtp]\n```\n\n"
        "## `pipeline send-test`\n\n[there](#settings) [gone](gone.md) [away](https://a.example)\n\n"
        "| word | meaning |\n|---|---|\n| audience, recipients | who |\n\n- **post**: a file\n"
    )
    return Document(path)


def test_a_section_ends_neither_at_a_deeper_heading_nor_at_a_comment(page: Document) -> None:
    assert "`host`" in page.section_about("[smtp]")
    assert "a comment" in page.section_about("[smtp]")
    assert "`port`" in page.section_about("[smtp]")
    assert "there" not in page.section_about("[smtp]")


def test_a_heading_about_one_command_is_not_about_a_shorter_one(page: Document) -> None:
    assert page.section_about("pipeline send-test") != ""
    assert page.section_about("pipeline send") == ""


def test_links_out_of_the_project_are_not_followed(page: Document) -> None:
    assert list(page.links) == ["#settings", "gone.md"]


def test_entries_are_first_cells_and_bold_openings(page: Document) -> None:
    assert {"audience", "recipients", "post"} <= page.entries
    assert "who" not in page.entries


def test_an_anchor_is_what_code_hosts_make_of_a_heading() -> None:
    assert anchor("`[smtp]`: the provider") == "smtp-the-provider"
