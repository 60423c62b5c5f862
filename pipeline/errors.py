"""Every exception that the pipeline raises on purpose, in one tree.

PipelineError                  something a person can put right
├── ConfigError                pipeline.toml or the environment
├── DatabaseUnavailable        the database does not answer, is locked or full
├── SiteHeld                   database and var/ do not belong together: nothing is sent
├── ContentError               a post: its file and line
│   └── ContentErrors          all faults of all posts at once
├── TemplateError              a newsletter template: its file and line
├── AudienceError              lists, subscribers, subscriptions
│   ├── RowError               one row of an imported file
│   ├── RuleError              a segment's rule: the character
│   └── TokenError             a signed link that does not hold
├── CampaignError              newsletters, editions and campaigns
│   └── InvalidTransition      a campaign asked to do what its state forbids
└── TransportError             handing a message to the next server
    ├── RecipientRefused       this address, not the message
    ├── MessageRefused         this message, whoever gets it
    ├── ReplyLost              the body left and no reply came: nobody knows
    └── TransportUnavailable   no usable connection at all

`str()` is one sentence with the place in it; `hint` is the next step.
Pure code raises; only the command line, the web and the worker catch.
Anything outside this tree is a bug and stays a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class PipelineError(Exception):
    """Something a person can put right; `hint` says how."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(PipelineError):
    """A setting is missing, mistyped or contradicts another."""

    def __init__(self, message: str, *, file: str = "", key: str = "", hint: str = "") -> None:
        place = ": ".join(part for part in (file, key) if part)
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.file = file
        self.key = key


class DatabaseUnavailable(PipelineError):
    """The database does not answer, stays locked, or has no room: nothing was changed."""


class SiteHeld(PipelineError):
    """Database and var/ do not belong together: nothing is launched or sent until it is armed."""


class ContentError(PipelineError):
    """A post cannot be used as it stands; `line` counts from 1, or is None for the whole file."""

    def __init__(
        self, message: str, *, path: Path | str, line: int | None = None, hint: str = ""
    ) -> None:
        place = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{place}: {message}", hint=hint)
        self.path = path
        self.line = line


class ContentErrors(ContentError):
    """All faults of all posts, so that they can be mended in one go."""

    def __init__(self, errors: Iterable[ContentError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        PipelineError.__init__(
            self, "\n".join(str(error) for error in self.errors), hint=first.hint
        )
        self.path = first.path
        self.line = first.line


class TemplateError(PipelineError):
    """A newsletter template is wrong at `line` (from 1; None when no line can be named)."""

    def __init__(
        self, message: str, *, template: str, line: int | None = None, hint: str = ""
    ) -> None:
        place = f"{template}:{line}" if line is not None else template
        super().__init__(f"{place}: {message}", hint=hint)
        self.template = template
        self.line = line


class AudienceError(PipelineError):
    """A list, subscriber or subscription does not allow what was asked."""


class RowError(AudienceError):
    """One row of an imported file is refused; the rest goes on."""

    def __init__(self, message: str, *, file: Path | str, line: int, hint: str = "") -> None:
        super().__init__(f"{file}:{line}: {message}", hint=hint)
        self.file = file
        self.line = line
        self.reason = message


class RuleError(AudienceError):
    """A segment's rule cannot be read; `position` is the character, counted from 0."""

    def __init__(self, message: str, *, rule: str, position: int, hint: str = "") -> None:
        super().__init__(f"the rule at character {position + 1}: {message}", hint=hint)
        self.rule = rule
        self.position = position


class TokenError(AudienceError):
    """A signed link is forged, altered or made for another purpose."""


class CampaignError(PipelineError):
    """A newsletter, edition or campaign does not allow what was asked."""


class InvalidTransition(CampaignError):
    """A campaign's state forbids this step."""


class TransportError(PipelineError):
    """The next server did not take a message.

    `code` is the SMTP reply code (0 when there was no reply), `enhanced_code` the RFC 3463
    status ("" when the server sent none), `permanent` whether trying again is pointless.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        enhanced_code: str = "",
        permanent: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.enhanced_code = enhanced_code
        self.permanent = permanent


class RecipientRefused(TransportError):
    """The server refused this address (reply to RCPT)."""


class MessageRefused(TransportError):
    """The server refused this message (reply to DATA or to its body)."""


class ReplyLost(TransportError):
    """The body of a message left and the reply never came: it may have been accepted (RFC 1047)."""


class TransportUnavailable(TransportError):
    """No connection, no TLS, no login, or the server refuses us as a sender."""
