"""Composing editions: posts and a template become HTML and text, once, for everybody.

What differs per reader stays in both as slots, which a worker fills in when it sends.
"""

from pipeline.compose.dkim import Signer, SigningKey
from pipeline.compose.dkim_keys import make_key, read_signer
from pipeline.compose.edition import Edition, make_edition, web_page
from pipeline.compose.message import Letter, Reader, Sender, reader_values, sample_reader
from pipeline.compose.notice import Notice, make_confirmation, write_notice
from pipeline.compose.slots import fill

__all__ = [
    "Edition",
    "Letter",
    "Notice",
    "Reader",
    "Sender",
    "Signer",
    "SigningKey",
    "fill",
    "make_confirmation",
    "make_edition",
    "make_key",
    "read_signer",
    "reader_values",
    "sample_reader",
    "web_page",
    "write_notice",
]
