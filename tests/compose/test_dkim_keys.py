"""Keys that sign mail: made once, read back, and each unfit one refused in a sentence."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from pipeline.compose import make_key, read_signer
from pipeline.config import Config, Dkim, Site
from pipeline.errors import ConfigError
from tests.support.signatures import KINDS, signer_of, with_keys

SITE = Site(title="t", url="https://larkfield.example", email="letter@larkfield.example")


@pytest.fixture
def bare(tmp_path: Path) -> Config:
    return Config(root=tmp_path, site=SITE)


@pytest.fixture
def put(bare: Config) -> Callable[[bytes], Config]:
    """Set a key whose file spring.pem holds these octets."""

    def put_it(octets: bytes) -> Config:
        file = bare.root / "spring.pem"
        file.write_bytes(octets)
        file.chmod(0o600)
        return replace(bare, dkim=Dkim("larkfield.example", (file.name,)))

    return put_it


def pem(key: PrivateKeyTypes, password: bytes = b"") -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )


def an_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def refusal(config: Config) -> ConfigError:
    """The one sentence, with a mend, that reading the keys ends with."""
    with pytest.raises(ConfigError) as caught:
        read_signer(config)
    assert str(caught.value).startswith("dkim.keys: ")
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value


# --- made ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("selector", KINDS)
def test_a_key_that_is_made_is_read_back(bare: Config, selector: str) -> None:
    file, made = make_key(bare, selector, KINDS[selector])
    config = replace(bare, dkim=Dkim("larkfield.example", (str(file.relative_to(bare.root)),)))

    (read,) = signer_of(config).keys
    assert (read.selector, read.algorithm) == (selector, f"{KINDS[selector]}-sha256")
    assert read.record == made.record


def test_only_its_owner_may_read_it(bare: Config) -> None:
    file, _ = make_key(bare, "spring", "ed25519")

    assert file == bare.var / "dkim" / "spring.pem"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_written_over(bare: Config) -> None:
    file, _ = make_key(bare, "spring", "ed25519")
    before = file.read_bytes()

    with pytest.raises(ConfigError, match="is there already"):
        make_key(bare, "spring", "rsa")

    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_a_sentence(bare: Config) -> None:
    bare.var.touch()

    with pytest.raises(ConfigError, match="cannot be written"):
        make_key(bare, "spring", "ed25519")


def test_the_record_has_the_public_half_as_the_standards_write_it(bare: Config) -> None:
    of_rsa, of_ed25519 = (make_key(bare, one, KINDS[one])[1] for one in ("spring", "spring-ed"))

    start, _, half = of_rsa.record.partition("p=")
    public = serialization.load_der_public_key(base64.b64decode(half))
    assert start == "v=DKIM1; k=rsa; "
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    start, _, half = of_ed25519.record.partition("p=")
    assert start == "v=DKIM1; k=ed25519; "
    assert len(base64.b64decode(half)) == 32  # RFC 8463 4.2


@pytest.mark.parametrize("selector", ["Spring", "a b", "-a", "a..b", "../a", "", "é", "a" * 64])
def test_what_dns_could_not_hold_is_no_selector(bare: Config, selector: str) -> None:
    with pytest.raises(ConfigError, match="is no selector") as caught:
        make_key(bare, selector, "ed25519")

    assert caught.value.hint
    assert not bare.var.exists()


# --- read ---------------------------------------------------------------------------------------


def test_without_keys_nothing_signs(bare: Config) -> None:
    assert read_signer(bare) is None


def test_keys_may_stand_outside_the_site(
    bare: Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("etc") / "2026.11.pem"
    file.write_bytes(pem(ed25519.Ed25519PrivateKey.generate()))
    file.chmod(0o640)  # root's, and the group's that the service runs in

    (key,) = signer_of(replace(bare, dkim=Dkim("larkfield.example", (str(file),)))).keys
    assert key.selector == "2026.11"


@pytest.mark.parametrize("bits", [2048, 4096])
def test_rsa_keys_of_these_lengths_are_good(put: Callable[[bytes], Config], bits: int) -> None:
    assert len(signer_of(put(pem(an_rsa_key(bits)))).keys) == 1


@pytest.mark.parametrize("bits", [1024, 2047, 4104])
def test_rsa_keys_that_are_too_weak_or_too_long_are_refused(
    put: Callable[[bytes], Config], bits: int
) -> None:
    error = refusal(put(pem(an_rsa_key(bits))))

    assert f"an RSA key of {bits} bits; 2048 to 4096 are good" in str(error)


def test_a_key_of_another_kind_is_refused(put: Callable[[bytes], Config]) -> None:
    error = refusal(put(pem(ec.generate_private_key(ec.SECP256R1()))))

    assert "a key of another kind" in str(error)


def test_a_key_behind_a_password_is_refused(put: Callable[[bytes], Config]) -> None:
    error = refusal(put(pem(ed25519.Ed25519PrivateKey.generate(), b"secret word")))

    assert "is locked with a password" in str(error)
    assert "openssl pkey" in error.hint


def test_what_is_no_private_key_is_refused(put: Callable[[bytes], Config]) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for octets in (b"", b"\xff\x00", b"a key", public, pem(key)[:60]):
        assert "spring.pem holds no private key in PEM" in str(refusal(put(octets)))


def test_a_file_that_is_not_there_is_told_with_its_place(bare: Config) -> None:
    error = refusal(replace(bare, dkim=Dkim("larkfield.example", ("keys/spring.pem",))))

    assert f"{bare.root}/keys/spring.pem cannot be read: No such file" in str(error)
    assert "pipeline dkim new" in error.hint


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o777])
def test_a_key_that_everybody_may_read_is_refused(bare: Config, mode: int) -> None:
    config = with_keys(bare, "spring-ed")
    file = config.var / "dkim" / "spring-ed.pem"
    file.chmod(mode)

    error = refusal(config)

    assert "is open to everybody" in str(error)
    assert error.hint == f"chmod o= {file}"


def test_two_keys_of_one_selector_are_refused(bare: Config) -> None:
    config = with_keys(bare, "spring-ed")
    (name,) = config.dkim.keys if config.dkim else ()

    error = refusal(replace(config, dkim=Dkim("larkfield.example", (name, name))))

    assert "two keys have the selector 'spring-ed'" in str(error)


def test_a_file_not_called_after_a_selector_is_refused(bare: Config) -> None:
    error = refusal(replace(bare, dkim=Dkim("larkfield.example", ("My Key.pem",))))

    assert "'My Key' is no selector" in str(error)


def test_a_missing_library_is_told_with_how_to_get_it(
    bare: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_keys(bare, "spring-ed")
    for name in ("cryptography.exceptions", "cryptography.hazmat.primitives.asymmetric"):
        monkeypatch.setitem(sys.modules, name, None)

    assert "cryptography, which is not installed" in str(refusal(config))
    assert refusal(config).hint == "pip install 'newsletter-pipeline[dkim]'"
    with pytest.raises(ConfigError, match="which is not installed"):
        make_key(bare, "autumn", "rsa")
