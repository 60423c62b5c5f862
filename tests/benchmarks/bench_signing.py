"""One reader's message, written and signed with keys of our own: what each kind of key costs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.compose import Letter, Reader, Sender, Signer
from pipeline.config import Config, Site
from tests.benchmarks.letters import make_edition
from tests.benchmarks.measuring import Row, at_most, in_turn
from tests.support.signatures import DOMAIN, signer_of, with_keys

MESSAGES = 300
ROUNDS = 7
SENT_AT = datetime(2026, 10, 13, 13, 5, tzinfo=UTC)
SITE = Site(title="Larkfield", url=f"https://{DOMAIN}", email=f"letter@{DOMAIN}")
SENDER = Sender("Larkfield", SITE.email, "", "The Letter", f"readers.{DOMAIN}", rehearsal=False)
READER = Reader(
    "anna@readers.example",
    "Anna Lee",
    f"https://{DOMAIN}/unsubscribe/1-2-abcdefghijklmnopqrstuv",
    f"https://{DOMAIN}/preferences/1-2-abcdefghijklmnopqrstuv",
    f"7.2.0123456789abcdef0123@{DOMAIN}",
)


def measure() -> Iterator[Row]:
    """Write the same messages without keys and with each kind, in turn; CPU time counts."""
    with tempfile.TemporaryDirectory() as folder:
        both = signer_of(with_keys(Config(root=Path(folder), site=SITE), "spring", "spring-ed"))
    rsa, ed25519 = (replace(both, keys=(key,)) for key in both.keys)
    works = [_writing(None), _writing(ed25519), _writing(rsa), _writing(both), _signing(rsa)]
    bare, with_ed25519, with_rsa, with_both, alone = (
        statistics.median(column) for column in in_turn(works, ROUNDS)
    )
    unsigned = "unsigned"
    yield Row("a message, written", bare, "µs")
    yield Row("the same, signed with Ed25519", with_ed25519, "µs", bare, unsigned)
    yield Row(
        "the same, signed with RSA-2048",
        with_rsa,
        "µs",
        yardstick=alone,
        against="OpenSSL's RSA alone",
        ratio_bound=at_most(1.5),
    )
    yield Row("the same, signed with both", with_both, "µs", bare, unsigned)


def _writing(signer: Signer | None) -> Callable[[], float]:
    letter = Letter(make_edition(), SENDER, feedback_id="7:digest:campaign:0", signer=signer)
    return lambda: _microseconds(lambda: letter.write(READER, SENT_AT))


def _signing(signer: Signer) -> Callable[[], float]:
    (key,) = signer.keys
    return lambda: _microseconds(lambda: key.sign(b"\x17" * 32))


def _microseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(MESSAGES):
        work()
    return (time.process_time() - started) / MESSAGES * 1e6
