"""What all commands share: where the site is, how errors are said, how JSON is printed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.errors import ContentErrors, PipelineError, RuleError

if TYPE_CHECKING:  # at run time these are imported by the commands that open a site
    from pipeline.clock import Site
    from pipeline.config import Config

Command = TypeVar("Command", bound=Callable[..., Any])

_SITE = "pipeline.site"
_SHOWN = 60  # characters of a rule on either side of its fault
# What moves a cursor or colours the rest of a screen (C0, DEL, C1, but for line breaks and tabs),
# and half characters, which stand for octets of a file's name and cannot be written.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def _remember_site(context: click.Context, _option: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.meta[_SITE] = value


def site_option(command: Command) -> Command:
    """`--site DIR`, before or behind the command's name; the last one given counts."""
    option = click.option(
        "--site",
        metavar="DIR",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember_site,
        help="The site's folder (default: this folder; PIPELINE_SITE sets it too).",
    )
    return option(command)


def json_option(command: Command) -> Command:
    """`--json`, for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(command)


def read_site_config() -> Config:
    """The configuration of the site named by --site, PIPELINE_SITE or the present folder."""
    import os

    from pipeline.config import read_config

    named = click.get_current_context().meta.get(_SITE) or os.environ.get("PIPELINE_SITE") or "."
    return read_config(Path(named))


def open_site() -> Site:
    """Open the site: configuration, database and keys; closed when the command ends."""
    from pipeline.audience import read_keys
    from pipeline.clock import Site
    from pipeline.db import open_database

    config = read_site_config()
    engine = open_database(config)
    click.get_current_context().call_on_close(engine.dispose)
    return Site(config, engine, read_keys(config))


def visible(text: str) -> str:
    """Show control characters by their numbers, in the way of JSON: a name is not to act."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str, *, err: bool = False) -> None:
    """One line or more on standard output, or on standard error."""
    click.echo(visible(text), err=err)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    say(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def say_error(error: PipelineError) -> None:
    """One sentence and a hint on standard error; all of them where there are several."""
    errors = error.errors if isinstance(error, ContentErrors) else (error,)
    for one in errors:
        click.echo(f"{click.style('Error:', fg='red')} {visible(str(one))}", err=True)
        if isinstance(one, RuleError):
            say(_marked(one), err=True)
        if one.hint:
            say(f"       {one.hint}", err=True)


def _marked(error: RuleError) -> str:
    """The rule, or the part of it around the fault, with a caret below the character."""
    from rich.cells import cell_len

    begins = max(0, error.position - _SHOWN)
    shown = error.rule[begins : error.position + _SHOWN]
    before = f"       {'…' * (begins > 0)}{shown[: error.position - begins]}"
    behind = shown[error.position - begins :]
    more = "…" * (error.position + _SHOWN < len(error.rule))
    return f"{before}{behind}{more}\n{' ' * cell_len(visible(before))}^"


class Program(click.Group):
    """A group whose commands end with a sentence and exit code 1 for what a person can mend."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a PipelineError is said, anything else is a bug and stays a traceback."""
        try:
            return super().invoke(ctx)
        except PipelineError as error:
            say_error(error)
            ctx.exit(1)
