"""The dialogue against a strict server that may say anything at any point, cut anywhere."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.dialogue import Accepted, Dialogue, Event, Failed, Ready
from pipeline.errors import ReplyLost

JOBS = 12
YES = {"MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "RSET": "250 ok", "QUIT": "221 bye"}
NOES = ("451 4.3.0 later", "550 5.7.1 no", "452-4.2.2 full\r\n452 4.2.2 box")
LAST_WORDS = ("421 4.3.2 going down", "nonsense", "199 thinking", "99")


def message(job: int) -> bytes:
    return f"Subject: {job}\r\n\r\nOne line.\r\nRCPT TO:<evil@x.example>\r\nQUIT\r\n".encode()


@dataclass
class StrictServer:
    """Takes octets as they come; a command it does not know, or out of place, fails the test."""

    dice: random.Random
    calm: float  # how often it says yes
    taken: dict[str, bytes] = field(default_factory=dict)  # bodies that were accepted
    seen: set[str] = field(default_factory=set)  # recipients of bodies that came to their end
    ended: bool = False
    _input: bytes = b""
    _recipient: str = ""
    _granted: bool = False
    _mail: bool = False

    def hear(self, octets: bytes) -> Iterator[bytes]:
        """What it answers; nothing after its last words."""
        self._input += octets
        while not self.ended and (unit := self._next()) is not None:
            yield self._answer(unit).encode() + b"\r\n"

    def _next(self) -> bytes | None:
        if self._granted:
            if self._input.startswith(b".\r\n"):
                unit, self._input = b"", self._input[3:]
                return unit
            body, dot, rest = self._input.partition(b"\r\n.\r\n")
            if not dot:
                return None
            self._input = rest
            return body + b"\r\n"
        line, end, rest = self._input.partition(b"\r\n")
        if not end:
            return None
        self._input = rest
        return line

    def _answer(self, unit: bytes) -> str:
        if self._granted:
            return self._body(unit)
        verb = unit.split(b" ", 1)[0].split(b":")[0].decode()
        assert verb in {"MAIL", "RCPT", "DATA", "RSET", "QUIT"}, unit
        if verb in {"RSET", "QUIT"}:
            self._mail, self._recipient = False, ""
            self.ended = verb == "QUIT"
            return YES[verb] if self._kind() else self._no()
        return self._envelope(verb, unit)

    def _envelope(self, verb: str, unit: bytes) -> str:
        assert not (verb == "MAIL" and self._mail), "a transaction within another"
        in_order = {"MAIL": True, "RCPT": self._mail, "DATA": bool(self._recipient)}[verb]
        if not in_order and not (verb == "DATA" and self._mail and self.dice.random() < 0.3):
            return "503 5.5.1 bad sequence"
        if in_order and not self._kind():
            return self._no()
        if verb == "MAIL":
            self._mail = True
        elif verb == "RCPT":
            found = re.fullmatch(rb"RCPT TO:<(\d+)@x\.example>", unit)
            assert found, unit
            self._recipient = found[1].decode()
        else:
            self._granted = True
            return "354 go"
        return YES[verb]

    def _body(self, body: bytes) -> str:
        recipient, self._recipient = self._recipient, ""
        self._granted = self._mail = False
        if not recipient:
            assert body == b"", "a body for nobody"
            return "554 5.5.1 no recipients"
        assert body == message(int(recipient))
        assert recipient not in self.seen, "twice"
        self.seen.add(recipient)
        if self._kind():
            self.taken[recipient] = body
            return "250 2.0.0 taken"
        return self._no()

    def _kind(self) -> bool:
        return self.dice.random() < self.calm

    def _no(self) -> str:
        last = self.dice.random() < 0.3
        self.ended = self.ended or last
        return self.dice.choice(LAST_WORDS if last else NOES)


@dataclass
class Talk:
    """Client and server, and what the client was told of each message."""

    dialogue: Dialogue[int]
    server: StrictServer
    dice: random.Random
    waiting: list[int] = field(default_factory=lambda: list(range(JOBS)))
    told: dict[int, Event[int]] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    hung_up: bool = False

    def hold(self) -> None:
        """Talk until nothing is left to say."""
        while not self.hung_up and self.dialogue.closing is None:
            self._offer()
            said = b"".join(self.dialogue.to_say())
            if not said:
                break
            for answer in self.server.hear(said):
                for part in self._cut(answer):
                    self._take(self.dialogue.hear(part))
            if self.server.ended or self.dice.random() < 0.02:
                self._take(self.dialogue.lose("the line was cut"))

    def _offer(self) -> None:
        if self.dialogue.takes_envelope and self.waiting:
            job = self.waiting.pop(0)
            self.dialogue.offer(job, "a@x.example", f"{job}@x.example", utf8=False)
        elif not self.waiting or self.dice.random() < 0.1:
            self.dialogue.leave()

    def _cut(self, answer: bytes) -> Iterator[bytes]:
        while answer:
            size = self.dice.randint(1, len(answer))
            yield answer[:size]
            answer = answer[size:]

    def _take(self, events: list[Event[int]]) -> None:
        for event in events:
            if isinstance(event, Ready):
                if self.dice.random() < 0.05:
                    self.hung_up = True  # as when the fence says no
                    return
                self.begun.add(event.job)
                self.dialogue.give_body([message(event.job)])
            else:
                assert event.job not in self.told, "two verdicts"
                self.told[event.job] = event


@settings(max_examples=500)
@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([0.6, 0.9, 0.98, 1]))
def test_every_message_has_one_verdict_and_it_is_the_servers(
    seed: int,
    pipelining: bool,  # noqa: FBT001  # hypothesis gives it
    calm: float,
) -> None:
    dice = random.Random(seed)
    server = StrictServer(dice, calm)
    talk = Talk(Dialogue("x:25", pipelining=pipelining), server, dice)
    talk.hold()

    assert talk.hung_up or talk.dialogue.closing is not None, "both wait for each other"
    for job, event in talk.told.items():
        accepted = str(job) in server.taken
        if isinstance(event, Accepted):
            assert accepted
        elif isinstance(event, Failed) and not isinstance(event.error, ReplyLost):
            assert not accepted
            assert event.begun == (job in talk.begun)
    # Whoever was not told of had no body sent, or it is the one in flight when we hung up.
    untold = {int(one) for one in server.seen} - talk.told.keys()
    assert untold <= ({talk.dialogue.body_out} if talk.hung_up else set())
    if calm == 1 and not talk.hung_up and not talk.waiting:
        assert len(talk.told) + (talk.dialogue.envelope_out is not None) == JOBS


def test_the_body_of_one_message_and_the_envelope_of_the_next_go_together() -> None:
    dialogue: Dialogue[int] = Dialogue("x:25", pipelining=True)
    dialogue.offer(1, "a@x.example", "1@x.example", utf8=False)
    assert b"".join(dialogue.to_say()).endswith(b"DATA\r\n")
    (ready,) = dialogue.hear(b"250 ok\r\n250 ok\r\n354 go\r\n")
    assert ready == Ready(1)
    dialogue.give_body([message(1)])
    dialogue.offer(2, "a@x.example", "2@x.example", utf8=False)

    envelope = b"MAIL FROM:<a@x.example>\r\nRCPT TO:<2@x.example>\r\nDATA\r\n"
    assert b"".join(dialogue.to_say()) == message(1) + b".\r\n" + envelope


def test_a_verdict_is_told_as_soon_as_its_line_is_there() -> None:
    dialogue: Dialogue[int] = Dialogue("x:25", pipelining=True)
    dialogue.offer(1, "a@x.example", "1@x.example", utf8=False)
    dialogue.to_say()
    dialogue.hear(b"250 ok\r\n250 ok\r\n354 go\r\n")
    dialogue.give_body([message(1)])
    dialogue.offer(2, "a@x.example", "2@x.example", utf8=False)
    dialogue.to_say()

    assert dialogue.hear(b"250-taken\r\n250 tak") == []
    (accepted,) = dialogue.hear(b"en\r\n250 o")
    assert isinstance(accepted, Accepted)
    assert accepted.job == 1
    assert dialogue.hear(b"k\r\n550 no\r\n") != []  # the other's, by itself


@pytest.mark.parametrize("answer", [b"354 go\r\n", b"554 no valid recipients\r\n"])
@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_what_data_is_answered_after_a_refusal_leaves_no_body_and_a_clean_start(
    command: str, answer: bytes
) -> None:
    dialogue: Dialogue[int] = Dialogue("x:25", pipelining=True)
    dialogue.offer(1, "a@x.example", "1@x.example", utf8=False)
    dialogue.to_say()
    refused = b"550 no\r\n" if command == "MAIL" else b"250 ok\r\n550 no\r\n"
    (failed,) = dialogue.hear(refused)
    assert isinstance(failed, Failed)
    assert dialogue.hear((b"503 no\r\n" if command == "MAIL" else b"") + answer) == []
    dialogue.offer(2, "a@x.example", "2@x.example", utf8=False)

    dot = b".\r\n" if answer.startswith(b"354") else b""  # RFC 2920 3.1
    assert b"".join(dialogue.to_say()).startswith(dot + b"RSET\r\nMAIL FROM:")
    replies = (b"554 for nobody\r\n" if dot else b"") + b"250 ok\r\n" * 3
    assert dialogue.hear(replies + b"354 go\r\n") == [Ready(2)]


def test_without_pipelining_one_command_waits_for_the_other() -> None:
    dialogue: Dialogue[int] = Dialogue("x:25", pipelining=False)
    dialogue.offer(1, "a@x.example", "1@x.example", utf8=False)

    assert b"".join(dialogue.to_say()) == b"MAIL FROM:<a@x.example>\r\n"
    assert b"".join(dialogue.to_say()) == b""
    dialogue.hear(b"250 ok\r\n")
    assert b"".join(dialogue.to_say()) == b"RCPT TO:<1@x.example>\r\n"


def test_goodbye_is_not_said_into_a_message() -> None:
    dialogue: Dialogue[int] = Dialogue("x:25", pipelining=True)
    dialogue.offer(1, "a@x.example", "1@x.example", utf8=False)
    dialogue.to_say()
    dialogue.hear(b"250 ok\r\n250 ok\r\n354 go\r\n")
    dialogue.leave()
    dialogue.give_body([message(1)])

    assert b"QUIT\r\n" not in b"".join(dialogue.to_say()).replace(message(1), b"")
