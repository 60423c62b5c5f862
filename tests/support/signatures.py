"""Keys that sign mail, and two programs that verify it: dkimpy and OpenDKIM."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import dkim

from pipeline.compose import Signer, make_key, read_signer
from pipeline.config import Config, Dkim

# What a verifier says of each signature of each message, in order: whether it holds.
Verify = Callable[[Sequence[bytes]], list[list[bool]]]
DOMAIN = "larkfield.example"
KINDS = {"spring": "rsa", "spring-ed": "ed25519"}


def with_keys(config: Config, *selectors: str, domain: str = DOMAIN) -> Config:
    """The same site, with keys of these selectors made and set: "spring" (RSA), "spring-ed"."""
    files = [make_key(config, selector, KINDS[selector])[0] for selector in selectors]
    names = tuple(str(file.relative_to(config.root)) for file in files)
    return replace(config, dkim=Dkim(domain, names))


def signer_of(config: Config) -> Signer:
    """What signs this site's mail."""
    signer = read_signer(config)
    assert signer is not None
    return signer


def by_dkimpy(signer: Signer) -> Verify:
    """Verify with dkimpy, asking no DNS."""
    records = {
        f"{key.selector}._domainkey.{signer.domain}.".encode(): key.record.encode()
        for key in signer.keys
    }

    def holds(message: bytes, number: int) -> bool:
        try:
            return bool(dkim.DKIM(message).verify(number, lambda name, **_: records.get(name)))
        except dkim.DKIMException:  # how it says what exactly is wrong
            return False

    def verify(message: bytes) -> list[bool]:
        head = message.partition(b"\r\n\r\n")[0]
        return [holds(message, n) for n in range(head.count(b"DKIM-Signature: "))]

    return lambda messages: [verify(message) for message in messages]


def by_opendkim(signer: Signer, program: Path) -> Verify:
    """Verify with OpenDKIM, asking no DNS."""
    records = [f"{key.selector}._domainkey.{signer.domain} {key.record}\n" for key in signer.keys]

    def verify(messages: Sequence[bytes]) -> list[list[bool]]:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "records").write_text("".join(records))
            (folder / "conf").write_text(f"Mode v\nTestPublicKeys {folder}/records\n")
            files = [folder / f"{number}.eml" for number in range(len(messages))]
            for file, message in zip(files, messages, strict=True):
                file.write_bytes(message)
            names = ",".join(map(str, files))
            asked = [str(program), "-t", names, "-x", f"{folder}/conf", "-vv"]
            done = subprocess.run(asked, capture_output=True, text=True, check=True)
        found = re.split("hname='Authentication-Results'", done.stdout)[1:]
        assert len(found) == len(messages), done.stderr
        return [[word == "pass" for word in re.findall(r"\bdkim=(\w+)", one)] for one in found]

    return verify
