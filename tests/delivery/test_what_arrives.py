"""What arrives at receivers of others' making is what Jinja2 alone would have rendered."""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator

import pytest

from tests.compose.wire import PARSERS, fields, shown
from tests.delivery.sending import EDITION, Sending, address
from tests.support.like_jinja import letter_of, rendered
from tests.support.names import many_names
from tests.support.programs import need
from tests.support.smtp import CapturingServer
from tests.support.smtp_sink import SmtpSink, run_smtp_sink

READERS = 400


@pytest.fixture(params=["aiosmtpd", "smtp-sink"])
def receiver(
    request: pytest.FixtureRequest, start_smtp_server: Callable[..., CapturingServer]
) -> Iterator[CapturingServer | SmtpSink]:
    """One receiver after the other."""
    if request.param == "aiosmtpd":
        yield start_smtp_server()
    else:
        with run_smtp_sink(need("smtp-sink")) as sink:
            yield sink


def arrived(receiver: CapturingServer | SmtpSink) -> dict[str, bytes]:
    """Each address with its message, as it stood on the wire."""
    if isinstance(receiver, CapturingServer):
        return {one.recipients[0]: one.content for one in receiver.received}
    receiver.stop()
    return {one.recipients[0]: one.content.replace(b"\n", b"\r\n") for one in receiver.taken}


def test_hundreds_of_odd_readers_get_what_jinja2_alone_would_have_rendered(
    sending: Sending, receiver: CapturingServer | SmtpSink
) -> None:
    # Neither database keeps these, and no file of subscribers can bring them.
    names = [re.sub("[\x00\ud800-\udfff]", "", name) for name in many_names(READERS)]
    people = [(address(number), name) for number, name in enumerate(names, start=1)]
    sending.with_delivery(range_size=100).launch(people, letter_of(EDITION))
    sending.worker(receiver, connections=4).run()
    messages = arrived(receiver)

    assert sending.counts == {"sent": READERS}
    assert len(messages) == READERS
    kinds = {tuple(name for name, _ in fields(content)) for content in messages.values()}
    assert len(kinds) == 1
    for at, name in people:
        content = messages[at]
        link = email.message_from_bytes(content)["List-Unsubscribe"].strip("<>")
        for parse in PARSERS:
            seen = parse(content)
            assert (seen.text, seen.page) == rendered(name, at, link)
            assert seen.recipient == (shown(name), at)
            assert seen.subject == EDITION.subject
