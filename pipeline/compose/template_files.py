"""Where templates come from: the site's own folder first, the shipped ones behind it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError, meta

from pipeline.errors import TemplateError

_SKELETON = "base"  # the page that the others extend; no newsletter by itself
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def shipped_templates() -> Path:
    """The templates that come with the program."""
    in_wheel = Path(__file__).parent / "templates"
    in_checkout = Path(__file__).parents[2] / "templates"
    return in_wheel if in_wheel.is_dir() else in_checkout


def _names(folders: Sequence[Path]) -> tuple[str, ...]:
    """The names a newsletter may set as its `template`, sorted."""
    files = [file for folder in folders for file in folder.glob("*.mjml")]
    names = {file.stem for file in files if _NAME.fullmatch(file.stem)}
    return tuple(sorted(names - {_SKELETON}))


class TemplateFiles(BaseLoader):
    """Jinja2's loader, which never leaves its two folders."""

    def __init__(self, templates: Path) -> None:
        self._folders = (templates, shipped_templates())

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Raises TemplateNotFound, or TemplateError for a name that leads out of the folders."""
        del environment
        file = self._find(template)
        if file is None:
            raise TemplateNotFound(template)
        source = _read(file, template)
        return source, str(file), lambda: self._find(template) == file and _read(file, "") == source

    def exists(self, name: str) -> bool:
        """Whether a template of this name can be loaded."""
        return self._find(name) is not None

    def _find(self, name: str) -> Path | None:
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
            raise _outside(name)
        for folder in self._folders:
            file = folder / name
            if _is_there(file):
                if not file.resolve().is_relative_to(folder.resolve()):
                    raise _outside(name)
                return file
        return None

    def load_family(self, name: str) -> dict[str, str]:
        """The sources of a template and of all that it extends, includes and imports, by name.

        This is what an edition's id depends on, so it has to be known before rendering.
        """
        family: dict[str, str] = {}
        waiting = [name]
        while waiting:
            member = waiting.pop()
            file = self._find(member)
            if member in family or file is None:
                continue  # a missing one is reported, with its line, when it is rendered
            family[member] = _read(file, member)
            waiting.extend(_references(family[member], member))
        return dict(sorted(family.items()))

    def missing(self, name: str) -> TemplateError:
        """The error for a newsletter whose template does not exist."""
        known = _names(self._folders)
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
        return TemplateError("there is no such template", template=name, hint=hint)


def _is_there(file: Path) -> bool:
    try:
        return S_ISREG(file.stat().st_mode)
    except FileNotFoundError:
        return False
    except OSError as error:  # a folder nobody may enter must not fall back to the shipped one
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> TemplateError:
    return TemplateError(
        f"cannot be read: {error.strerror}",
        template=str(file),
        hint="mend the permissions of the file and its folder, or remove it",
    )


def _read(file: Path, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _unreadable(file, error) from error
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"is not UTF-8 (octet {error.start})", template=name, hint="save it as UTF-8"
        ) from None


@lru_cache(maxsize=128)
def _references(source: str, name: str) -> list[str]:
    try:
        parsed = Environment(autoescape=True).parse(source, name, name)
        found = list(meta.find_referenced_templates(parsed))
    except TemplateSyntaxError as error:
        raise TemplateError(
            f"is no valid Jinja2: {error.message}", template=error.name or name, line=error.lineno
        ) from None
    if None in found:
        raise TemplateError(
            "extends, includes or imports a template whose name is computed",
            template=name,
            hint="write the name in quotes, so that an edition's id can depend on it",
        )
    return [reference for reference in found if reference is not None]


def _outside(name: str) -> TemplateError:
    return TemplateError(
        "leads out of the templates folder",
        template=name,
        hint="copy the file into templates/ and name it from there",
    )
