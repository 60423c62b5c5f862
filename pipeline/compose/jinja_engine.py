"""Jinja2, sandboxed and strict: templates and subject lines become text, or one clear sentence."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import (
    StrictUndefined,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.compose.fragment import style_fragment
from pipeline.compose.plain_text import to_plain_text, underline, wrap
from pipeline.compose.template_files import TemplateFiles
from pipeline.errors import TemplateError

# What a template's own mistakes raise inside Jinja2. Errors of the program are not among them.
_MISTAKES = (
    UndefinedError,
    SecurityError,
    TemplateRuntimeError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


@lru_cache(maxsize=8)
def environment_for(templates: Path) -> ImmutableSandboxedEnvironment:
    """The environment of one site's templates; it keeps what it has compiled until a file changes.

    Autoescape is off in .txt templates and in subjects only.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=TemplateFiles(templates),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and not name.endswith(".txt"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        styled=style_fragment, plain=to_plain_text, underlined=underline, wrapped=wrap
    )
    return environment


def render(environment: ImmutableSandboxedEnvironment, name: str, values: Mapping[str, Any]) -> str:
    """Raises TemplateError that names the template, and its line where one is known."""
    return _guarded(partial(environment.get_template, name), values, name)


def render_line(
    environment: ImmutableSandboxedEnvironment, source: str, values: Mapping[str, Any], place: str
) -> str:
    """Render a setting that is a template by itself; `place` stands in errors."""
    return _guarded(partial(environment.from_string, source), values, place)


def _guarded(get: Any, values: Mapping[str, Any], name: str) -> str:
    try:
        return str(get().render(**values))
    except TemplateSyntaxError as error:
        raise TemplateError(
            f"is no valid Jinja2: {error.message}", template=error.name or name, line=error.lineno
        ) from None
    except TemplateNotFound as error:
        template, line = _place(error, name)
        raise TemplateError(
            f"asks for {error.name!r}, which is neither in templates/ nor shipped",
            template=template,
            line=line,
        ) from None
    except TemplateError as error:
        template, line = _place(error, name)
        raise TemplateError(
            str(error).partition(": ")[2], template=template, line=line, hint=error.hint
        ) from None
    except _MISTAKES as error:
        template, line = _place(error, name)
        raise TemplateError(_sentence(error), template=template, line=line) from None


def _place(error: Exception, name: str) -> tuple[str, int | None]:
    """The innermost template and line in the traceback, which Jinja2 rewrites to show them."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == "<template>":
            return name, frame.lineno
        _, within, member = f"/{frame.filename}".rpartition("/templates/")
        if within and not member.endswith(".py"):
            return member, frame.lineno
    return name, None


def _sentence(error: Exception) -> str:
    if isinstance(error, SecurityError):
        return f"is not allowed to do this: {error}"
    if isinstance(error, RecursionError):
        return "includes or extends itself"
    if isinstance(error, UndefinedError):
        return f"uses a value that does not exist: {error}"
    return f"cannot be rendered: {error}"
