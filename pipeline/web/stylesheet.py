"""The one stylesheet of the pages made here: the published site's own, and what they add."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from litestar import Response
from litestar.di import NamedDependency

from pipeline.config import Config
from pipeline.feeds import render
from pipeline.web.handling import read_route

_SOURCE = Path(__file__).parent / "static" / "web.css"


@dataclass(frozen=True)
class Sheet:
    """The stylesheet of one site; `version` changes with its content."""

    content: bytes
    version: str

    @classmethod
    def make(cls, config: Config) -> Self:
        """Join both parts. Raises ConfigError when the accent is no colour."""
        site = render((), config)["assets/site.css"].content()
        content = site + b"\n" + _SOURCE.read_bytes()
        return cls(content, sha256(content).hexdigest()[:8])


@read_route("/static/web.css")
def answer(sheet: NamedDependency[Sheet]) -> Response[bytes]:
    """The stylesheet; pages name it with its version, so it can be kept."""
    kept = {"Cache-Control": "public, max-age=86400"}
    return Response(sheet.content, media_type="text/css", headers=kept)
