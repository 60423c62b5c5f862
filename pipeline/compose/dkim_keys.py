"""The private keys of DKIM: PEM files called after their selectors, read and made."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.compose.dkim import Signer, SigningKey
from pipeline.config import Config
from pipeline.errors import ConfigError

if TYPE_CHECKING:  # at run time only who signs pays for loading it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_RSA_BITS = (2048, 4096)  # made and asked for; what every verifier can read (RFC 8301 3.2)
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_LIBRARY = "pip install 'newsletter-pipeline[dkim]'"


def read_signer(config: Config) -> Signer | None:
    """What signs this site's mail; None where the provider does.

    Raises ConfigError for a key that cannot be used.
    """
    if config.dkim is None:
        return None
    keys = tuple(_read_key(config.root / file) for file in config.dkim.keys)
    selectors = [key.selector for key in keys]
    for selector in selectors:
        if selectors.count(selector) > 1:
            raise _fault(f"two keys have the selector {selector!r}", "rename one of the files")
    return Signer(config.dkim.domain, keys)


def make_key(config: Config, selector: str, kind: str) -> tuple[Path, SigningKey]:
    """Make var/dkim/SELECTOR.pem, of the kind "rsa" or "ed25519"; never over a file.

    Raises ConfigError when it cannot be written.
    """
    _check_selector(selector)
    file = config.var / "dkim" / f"{selector}.pem"
    private = _generate(kind)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, _to_pem(private))
    except FileExistsError:
        raise ConfigError(
            f"{file} is there already, so no key was made",
            hint="take another selector, such as the month: each key has its own",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{error.filename or file}: cannot be written: {error.strerror}",
            hint="see who may write there",
        ) from error
    return file, _signing_key(selector, private, file)


def _read_key(file: Path) -> SigningKey:
    _check_selector(file.stem)
    try:
        if file.stat().st_mode & 0o007:
            raise _fault(f"{file} is open to everybody on this machine", f"chmod o= {file}")
        octets = file.read_bytes()
    except OSError as error:
        raise _fault(
            f"{file} cannot be read: {error.strerror}",
            "paths begin at the site's folder; `pipeline dkim new` makes a key",
        ) from error
    return _signing_key(file.stem, _from_pem(octets, file), file)


def _check_selector(name: str) -> None:
    if len(name) > 100 or not _SELECTOR.fullmatch(name):  # RFC 6376 3.1: labels of a host's name
        raise ConfigError(
            f"{name!r} is no selector",
            key="dkim.keys",
            hint="a key's file is called after it: small letters, digits, '-', then .pem",
        )


def _from_pem(octets: bytes, file: Path) -> PrivateKeyTypes:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ModuleNotFoundError:
        raise _no_library() from None
    try:
        return load_pem_private_key(octets, password=None)
    except TypeError:  # how the library says that a password is wanted
        raise _fault(
            f"{file} is locked with a password",
            f"unlock it into another file: openssl pkey -in {file} -out FILE",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _fault(
            f"{file} holds no private key in PEM",
            "it begins with -----BEGIN PRIVATE KEY-----; `pipeline dkim new` makes one",
        ) from None


def _signing_key(selector: str, private: PrivateKeyTypes, file: Path) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(private, Ed25519PrivateKey):
        octets = private.public_key().public_bytes_raw()  # RFC 8463 4.2
        return SigningKey(selector, "ed25519-sha256", _base64(octets), private.sign)
    if not isinstance(private, RSAPrivateKey):
        raise _fault(f"{file} holds a key of another kind", "DKIM knows RSA and Ed25519")
    least, most = _RSA_BITS
    if not least <= private.key_size <= most:
        raise _fault(
            f"{file} is an RSA key of {private.key_size} bits; {least} to {most} are good",
            f"make one with `pipeline dkim new`, which has {least}",
        )
    return SigningKey(selector, "rsa-sha256", _base64(_rsa_public(private)), _rsa_sign(private))


def _rsa_public(private: RSAPrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _rsa_sign(private: RSAPrivateKey) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256

    padding, algorithm = PKCS1v15(), Prehashed(SHA256())
    return lambda digest: private.sign(digest, padding, algorithm)


def _generate(kind: str) -> Ed25519PrivateKey | RSAPrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    except ModuleNotFoundError:
        raise _no_library() from None
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[0])


def _to_pem(private: Ed25519PrivateKey | RSAPrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(file: Path, content: bytes) -> None:
    """Write a new file that only its owner may read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _fault(message: str, hint: str) -> ConfigError:
    return ConfigError(message, key="dkim.keys", hint=hint)


def _no_library() -> ConfigError:
    return _fault("signing needs the library cryptography, which is not installed", _LIBRARY)
