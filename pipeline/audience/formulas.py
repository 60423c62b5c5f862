"""Cells of a CSV that no spreadsheet takes for formulas, and back."""

from __future__ import annotations

# A spreadsheet takes a cell that begins so for a formula, and some formulas reach out.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'")


def guard(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: with a ' in front where it might."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def unguard(cell: str) -> str:
    """What `guard` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_DANGEROUS) else cell
