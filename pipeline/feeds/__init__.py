"""Published posts become RSS, Atom, JSON Feed and plain pages, and only what changed is written.

`render` is pure and says what belongs at each path; `publish` brings a folder to that state.
"""

from pipeline.feeds.disk import Publication, publish
from pipeline.feeds.html import EditionPage
from pipeline.feeds.targets import File, render

__all__ = ["EditionPage", "File", "Publication", "publish", "render"]
