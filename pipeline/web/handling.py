"""How handlers are declared: which methods they answer, and what they are given by name."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import HttpMethod, Request, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from pipeline.clock import Site
from pipeline.web.departures import Departures
from pipeline.web.html import Pages
from pipeline.web.local_links import LocalLinks
from pipeline.web.published_files import PublishedFiles

Asked = Request[Any, Any, Any]
GivenSite = NamedDependency[Site]
GivenPages = NamedDependency[Pages]
GivenFiles = NamedDependency[PublishedFiles]
GivenDepartures = NamedDependency[Departures]
GivenLinks = NamedDependency[LocalLinks]
Segment = FromPath[str]

# Routes that only read: GET, and HEAD with the same headers (RFC 9110 9.3.2). Handlers wait for
# the disk and the database, so each runs in a thread.
read_route = partial(
    route, http_method=[HttpMethod.GET, HttpMethod.HEAD], status_code=200, sync_to_thread=True
)
