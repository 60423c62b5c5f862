"""The fields of a small posted form, in either of the two encodings of RFC 8058 3.2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from urllib.parse import parse_qsl


def read_form(body: bytes, content_type: str) -> Mapping[str, str]:
    """Fields by name; of two with one name the last. What cannot be read gives no fields.

    Whatever does not call itself multipart/form-data is read as if it were urlencoded.
    """
    if content_type.lower().startswith("multipart/form-data"):
        return dict(_read_parts(body, content_type))
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _read_parts(body: bytes, content_type: str) -> Iterator[tuple[str, str]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("utf-8", "replace")
    try:
        parts = [*message_from_bytes(head + body, policy=policy.HTTP).iter_parts()]
    except (IndexError, ValueError, LookupError, AttributeError):
        return  # the standard library's parser stumbles over headers such as "multipart/x; a*"
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            yield name, value.decode("utf-8", "replace").rstrip("\r\n")
