"""The command line: parse, call, print. Heavy imports stand inside the commands that need them."""

from pipeline.cli.program import main

__all__ = ["main"]
