"""Composing editions: posts and a template become HTML and text, once, for everybody.

What differs per reader stays in both as slots, which a worker fills in when it sends.
"""

from pipeline.compose.edition import Edition, make_edition, web_page
from pipeline.compose.message import Letter, Reader, Sender, reader_values, sample_reader
from pipeline.compose.slots import fill

__all__ = [
    "Edition",
    "Letter",
    "Reader",
    "Sender",
    "fill",
    "make_edition",
    "reader_values",
    "sample_reader",
    "web_page",
]
