"""One document, as people paste it from a web page or a word processor, becomes a post's file.

`read_document` and `parse_document` understand it and say what they guessed; `to_markdown` and
`write_post` make the file that the content room reads. No word of the document is lost.
"""

from pipeline.pasted.document import parse_document, to_markdown
from pipeline.pasted.file import read_document, write_post
from pipeline.pasted.post import Guess, PastedPost

__all__ = [
    "Guess",
    "PastedPost",
    "parse_document",
    "read_document",
    "to_markdown",
    "write_post",
]
