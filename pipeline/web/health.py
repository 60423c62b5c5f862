"""Whether the server answers, for those who watch over it."""

from __future__ import annotations

from litestar import MediaType, Response

from pipeline.web.handling import read_route


@read_route("/health")
def answer() -> Response[str]:
    """Say ok; nothing is read and nothing written."""
    return Response("ok\n", media_type=MediaType.TEXT)
