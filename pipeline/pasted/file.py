"""Reading the pasted document from disk, and writing the post beside the others."""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from pathlib import Path

from pipeline.content import slugify
from pipeline.errors import ContentError
from pipeline.pasted.post import PastedPost

LARGEST = 5_000_000  # octets
_HTML_SUFFIXES = {".html", ".htm", ".xhtml"}
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
    r"<(?:!doctype\s+html|html|head|body|meta|article|div|p|h[1-6]|table|ul|ol|span|section)\b[^<]*>",
    re.IGNORECASE | re.DOTALL,
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a word processor's file or an archive"),
    (b"\xd0\xcf\x11\xe0", "an old Word file"),
    (b"{\\rtf", "a rich text file"),
    (b"%PDF", "a PDF"),
)
_BINARY = re.compile("[\x00-\x06\x0e-\x1a]")
_SAVE_AS = 'Open it and save it as "Web Page, Filtered" or as plain text, then import that file.'


def read_document(path: Path) -> tuple[str, bool]:
    """Return the text of a file and whether it is HTML, by its suffix or by how it starts.

    Understands UTF-8 and UTF-16 (with byte order mark), else what the HTML declares, else
    Windows-1252. Raises ContentError for a file that cannot be read, is empty, holds no text,
    or is larger than 5,000,000 octets.
    """
    data = _read(path)
    for start, name in _OTHER_FORMATS:
        if data.startswith(start):
            raise ContentError(f"this is {name}, not text", path=path, hint=_SAVE_AS)
    text = _decode(data, path)
    if _BINARY.search(text):
        raise ContentError("this is no text: it holds control characters", path=path, hint=_SAVE_AS)
    if not text.strip():
        raise ContentError("the file is empty", path=path, hint="Save the document again.")
    return text, path.suffix.lower() in _HTML_SUFFIXES or _HTML_START.match(text) is not None


def write_post(markdown: str, post: PastedPost, folder: Path) -> Path:
    """Write `YYYY-MM-DD-slug.md` into `folder` and return its path; the file is whole or absent.

    The day is the post's, or that of the import for a draft without one. Raises ContentError
    when the file is there already, or the folder is missing or cannot be written to.
    """
    day = (post.date or post.read_on).isoformat()
    path = folder / f"{day}-{slugify(post.title) or 'post'}.md"
    try:
        _write_new(path, markdown.encode())
    except FileExistsError:
        raise ContentError(
            "a post of this name is there already, and it was left as it is",
            path=path,
            hint="Rename or remove that file, or give the pasted document another title.",
        ) from None
    except OSError as error:
        hint = "Check that the posts folder exists and that you may write there."
        raise ContentError(f"cannot be written: {error.strerror}", path=path, hint=hint) from error
    return path


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        hint = "Check the name, and that you may read the file."
        raise ContentError(f"cannot be read: {error.strerror}", path=path, hint=hint) from error
    if len(data) > LARGEST:
        hint = "Import one article at a time, without its pictures."
        raise ContentError(f"is larger than {LARGEST:,} octets", path=path, hint=hint)
    return data


def _decode(data: bytes, path: Path) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", *_declared(data), "windows-1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    hint = "Save it as UTF-8."
    raise ContentError(f"cannot be decoded as {' or '.join(encodings)}", path=path, hint=hint)


def _declared(data: bytes) -> list[str]:
    """Return the encoding that the HTML names, if text can be read by it."""
    if (match := _CHARSET.search(data[:4096])) is None:
        return []
    try:
        info = codecs.lookup(match[1].decode())
    except LookupError:
        return []
    # Pages that say Latin-1 mean Windows-1252 (WHATWG Encoding, 4.2); UTF-16 would show no tags.
    is_usable = getattr(info, "_is_text_encoding", True) and not info.name.startswith("utf-16")
    return [info.name] if is_usable and info.name != "iso8859-1" else []


def _write_new(path: Path, data: bytes) -> None:
    """Write a new file at once: linking fails where a name is taken, and never replaces it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".pasted-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    finally:
        Path(name).unlink()
