"""What only who has a key can make: keyed BLAKE2b (RFC 7693 2.9), which is quicker than HMAC."""

from __future__ import annotations

import hashlib

OCTETS = 16  # 128 bits
_LONGEST_KEY = hashlib.blake2b.MAX_KEY_SIZE


def mac(key: bytes, purpose: bytes, message: bytes) -> bytes:
    """OCTETS octets over `message`; what is made for one purpose is worth nothing for another.

    `purpose` has at most 16 octets, its version among them.
    """
    if len(key) > _LONGEST_KEY:
        key = hashlib.blake2b(key).digest()
    return hashlib.blake2b(message, digest_size=OCTETS, key=key, person=purpose).digest()
