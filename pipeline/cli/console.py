"""Standard output for what has columns and colours, and never a colour of somebody's text."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from pipeline.cli.frame import visible


class PlainConsole(Console):
    """Takes text as it is: names and paths hold brackets and colons that mean nothing.

    What is to have a colour is given as rich's Text, and is ours alone.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Everything that is printed as a string, the cells of tables too, comes by here."""
        return super().render_str(visible(text), **options)


def console() -> Console:
    """Standard output; plain, and as wide as the text, when it is not a terminal."""
    width = None if sys.stdout.isatty() else 10_000
    return PlainConsole(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
