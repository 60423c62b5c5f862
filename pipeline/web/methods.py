"""Routes that only read: GET, and HEAD with the same headers (RFC 9110 9.3.2)."""

from __future__ import annotations

from functools import partial

from litestar import HttpMethod, route

# Handlers wait for the disk and the database, so each runs in a thread.
read_route = partial(
    route, http_method=[HttpMethod.GET, HttpMethod.HEAD], status_code=200, sync_to_thread=True
)
