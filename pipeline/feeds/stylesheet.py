"""The one stylesheet of the pages, with the site's accent in it."""

from __future__ import annotations

from pathlib import Path

from pipeline.palette import DARK_PAGE, PAPER, make_palette

_SOURCE = Path(__file__).parent / "pages" / "site.css"


def stylesheet(accent: str) -> str:
    """Give site.css for this accent; raises ConfigError when it is no colour."""
    palette = make_palette(accent)
    return (
        f":root {{ --paper: {PAPER}; --accent: {palette.accent}; }}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root {{ --paper: {DARK_PAGE}; --accent: {palette.accent_dark}; }}\n"
        "}\n" + _SOURCE.read_text(encoding="utf-8")
    )
