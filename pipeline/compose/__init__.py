"""Composing editions: posts and a template become HTML and text, once, for everybody.

What differs per reader stays in both as slots, which a worker fills in when it sends.
"""

from pipeline.compose.edition import Edition, make_edition, web_page
from pipeline.compose.message import Letter, Reader, Sender, reader_values, sample_reader
from pipeline.compose.slots import SLOT, SLOT_NAMES, fill, slot
from pipeline.compose.template_files import list_templates

__all__ = [
    "SLOT",
    "SLOT_NAMES",
    "Edition",
    "Letter",
    "Reader",
    "Sender",
    "fill",
    "list_templates",
    "make_edition",
    "reader_values",
    "sample_reader",
    "slot",
    "web_page",
]
