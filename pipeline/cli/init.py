"""`pipeline init`: a new site with one post, one list and one newsletter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pipeline.cli.frame import say
from pipeline.errors import PipelineError

STARTER = Path(__file__).parent.parent / "starter"
PLACEHOLDER_ADDRESS = "Your name, Your street 1, 00000 Your town"
_OTHER_NAMES = {"gitignore": ".gitignore"}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--title", default="My newsletter", show_default=True, help="The site's name.")
@click.option("--url", default="https://example.org", show_default=True, help="Its address.")
@click.option(
    "--email", default="editor@example.org", show_default=True, help="Who the mail is from."
)
@click.option(
    "--postal-address",
    default=PLACEHOLDER_ADDRESS,
    show_default=True,
    help="Stands in every newsletter, as the law asks.",
)
@click.option("--timezone", default="UTC", show_default=True, help="As in America/New_York.")
def init(folder: Path, **values: str) -> None:
    """Make a new site in FOLDER: settings, a first post, a list and a newsletter.

    \b
    Example:
      pipeline init my-site --title "The Larkfield Letter" --url https://larkfield.example
    """
    from datetime import UTC, datetime

    from pipeline.config import read_config

    values["date"] = f"{datetime.now(UTC):%Y-%m-%d}"
    with TemporaryDirectory() as draft:
        _write(Path(draft), values)
        read_config(Path(draft), {})  # a value that cannot work is refused before anything is made
    _write(folder, values)
    say(f"A new site is in {folder}. Next:")
    say(f"  pipeline --site {folder} run      send its first edition to the local mailbox")
    say(f"  pipeline --site {folder} serve    see it in a browser")


def _write(folder: Path, values: Mapping[str, str]) -> None:
    """Copy the starter; never over a file that is there with other words."""
    wanted = {
        folder / _target(file): _filled(file.read_text("utf-8"), values).encode()
        for file in STARTER.rglob("*")
        if file.is_file()
    }
    try:
        missing = [target for target, content in wanted.items() if not _holds(target, content)]
        for target in missing:
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(target, wanted[target])
    except OSError as error:
        raise PipelineError(
            f"{error.filename or folder}: cannot be written: {error.strerror}",
            hint="name a folder that you may write to",
        ) from error


def _holds(target: Path, content: bytes) -> bool:
    """Whether an interrupted `init` wrote this file already; refuses one of other content."""
    if not (target.exists() or target.is_symlink()):
        return False
    if target.is_file() and target.read_bytes() == content:
        return True
    raise PipelineError(
        f"{target} is there already, so nothing was written",
        hint="name a new or empty folder",
    )


def _put(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, so that `init` can be repeated after any interruption."""
    draft = target.with_name(f".{target.name}.draft")
    draft.write_bytes(content)
    draft.replace(target)


def _target(file: Path) -> Path:
    relative = file.relative_to(STARTER)
    return relative.with_name(_OTHER_NAMES.get(relative.name, relative.name))


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put the values in; in TOML strings, quotes and backslashes are escaped."""
    for name, value in values.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        text = text.replace("{{" + name + "}}", escaped)
    return text
