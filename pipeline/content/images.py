"""What a picture's file says about itself: its kind and size, from its header alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import GifImagePlugin, ImageFile, JpegImagePlugin, PngImagePlugin

from pipeline.content.faults import UnusableError

# Chosen by content, not by name. The plain constructors read the header and no more; Image.open
# would warn of large pictures through process-wide state, and guess among dozens of formats.
_KINDS: tuple[tuple[bytes, str, type[ImageFile.ImageFile]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", PngImagePlugin.PngImageFile),
    (b"\xff\xd8\xff", "image/jpeg", JpegImagePlugin.JpegImageFile),
    (b"GIF8", "image/gif", GifImagePlugin.GifImageFile),
)
_MOST_PIXELS = 50_000_000
_ORIENTATION = 0x0112  # EXIF; from 5 on the picture is shown lying on its side
_EXPORT = "export it as PNG or JPEG"


@dataclass(frozen=True)
class Header:
    """A picture as shown: pixels, octets."""

    width: int
    height: int
    media_type: str
    size: int


def read_header(file: Path) -> Header:
    """Read kind and size of a PNG, JPEG or GIF file.

    Raises UnusableError for other formats (Outlook shows neither SVG nor WebP), for broken
    files and for more than 50 million pixels, which would fill the memory of who opens them.
    """
    with file.open("rb") as stream:
        return _read(stream, file)


def _read(stream: BinaryIO, file: Path) -> Header:
    start = stream.read(16)
    stream.seek(0)
    for magic, media_type, opener in _KINDS:
        if start.startswith(magic):
            width, height = _dimensions(stream, opener)
            if width * height > _MOST_PIXELS:
                message = f"has {width} x {height} pixels, and 50 million is the most"
                raise UnusableError(message, "make it smaller; 1,200 pixels across are plenty")
            return Header(width, height, media_type, file.stat().st_size)
    raise UnusableError(_other_kind(start, file.suffix.lower()), _EXPORT)


def _dimensions(stream: BinaryIO, opener: type[ImageFile.ImageFile]) -> tuple[int, int]:
    try:
        picture = opener(stream)
        width, height = picture.size
        # Of a JPEG alone: a PNG's may stand behind its pixels, which Pillow would then decode.
        exif = picture.getexif() if isinstance(picture, JpegImagePlugin.JpegImageFile) else {}
        turned = exif.get(_ORIENTATION, 1) >= 5
    except (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, struct.error):
        # Each is what Pillow raises for some kind of broken header.
        raise UnusableError("is broken: its header cannot be read", _EXPORT) from None
    if width < 1 or height < 1:
        raise UnusableError("is broken: it has no size", _EXPORT)
    return (height, width) if turned else (width, height)


def _other_kind(start: bytes, suffix: str) -> str:
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "is a WebP picture, which Outlook does not show"
    if suffix in (".svg", ".svgz") or start.lstrip().startswith((b"<svg", b"<?xml")):
        return "is an SVG picture, which no large mail program shows"
    if not start:
        return "is empty"
    return "is no PNG, JPEG or GIF picture"
