"""The one stylesheet of the pages, with the site's accent in it."""

from __future__ import annotations

from pathlib import Path

from pipeline.feeds.colour import DARK_PAPER, LIGHT_PAPER, accents

_SOURCE = Path(__file__).parent / "pages" / "site.css"


def stylesheet(accent: str) -> str:
    """Give site.css for this accent; raises ConfigError when it is no colour."""
    light, dark = accents(accent)
    return (
        f":root {{ --paper: {LIGHT_PAPER}; --accent: {light}; }}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root {{ --paper: {DARK_PAPER}; --accent: {dark}; }}\n"
        "}\n" + _SOURCE.read_text(encoding="utf-8")
    )
