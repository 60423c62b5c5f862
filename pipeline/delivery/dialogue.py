"""What is said to a mail server, and what its answers mean: RFC 5321 without a socket.

A `Dialogue` is given bytes that came and says which bytes may go. Where the server offers
PIPELINING (RFC 2920) the body of one message and the envelope of the next go in one write; else
each command waits for the answer to the one before. Each answer is matched to its command, so one
message's verdict never depends on another's.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from enum import Enum, auto
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from pipeline.delivery.replies import Reply, enhanced_code, make_reply
from pipeline.errors import (
    MessageRefused,
    RecipientRefused,
    ReplyLost,
    TransportError,
    TransportUnavailable,
)

NO_REPLY = 200  # below it is no reply of SMTP at all: none of its commands has a 1yz reply
_LONGEST_ANSWER = 65_536  # octets without an end; a server that says more is none
_YES = re.compile(rb"2[0-9][0-9]")
_GO_AHEAD = b"354"
Job = TypeVar("Job")


class Ready(NamedTuple, Generic[Job]):
    """The server waits for this message's body; nothing of it has left yet."""

    job: Job


class Accepted(NamedTuple, Generic[Job]):
    """The server has taken this message."""

    job: Job
    reply: Reply


class Failed(NamedTuple, Generic[Job]):
    """The server has not taken this message; `begun` says whether its body had left."""

    job: Job
    error: TransportError
    begun: bool


Event = Ready[Job] | Accepted[Job] | Failed[Job]


class _Step(Enum):
    """What an answer is the answer to."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    BODY = auto()
    EMPTY_BODY = auto()  # after an envelope that failed, where the server wants a body all the same
    QUIT = auto()


class Dialogue(Generic[Job]):
    """The words on one connection, after the login. At most one envelope is open at a time."""

    def __init__(self, place: str, *, pipelining: bool) -> None:
        self._place = place  # of the server, for sentences
        self._pipelining = pipelining
        self._unsaid: deque[tuple[_Step, tuple[bytes, ...]]] = deque()
        self._unanswered: deque[_Step] = deque()
        self._heard = b""
        self._lines: list[bytes] = []
        self._envelope: Job | None = None
        self._envelope_failed = False
        self._body: Job | None = None
        self._dirty = False  # a transaction failed and is still open at the server
        self._leaving = False
        self.slowed = False  # it closes because of whom a message is for (421 4.7.X to RCPT)
        self.closing: Reply | None = None  # why nothing more can be said

    @property
    def takes_envelope(self) -> bool:
        """Whether another message may be offered."""
        return self._envelope is None and not self._leaving and self.closing is None

    @property
    def body_out(self) -> Job | None:
        """The message whose body has left, or begun to, and has no answer yet."""
        return self._body

    @property
    def envelope_out(self) -> Job | None:
        """The message that was offered, has not failed, and whose body has not been given."""
        return None if self._envelope_failed else self._envelope

    @property
    def leaving(self) -> bool:
        """Whether goodbye was said."""
        return self._leaving

    @property
    def waits(self) -> bool:
        """Whether an answer is due."""
        return bool(self._unanswered)

    def offer(self, job: Job, sender: str, recipient: str, *, utf8: bool) -> None:
        """Say who a message is from and for; the answer is Ready or Failed.

        `utf8` asks for RFC 6531, for an address beyond ASCII.
        """
        self._envelope = job
        self._envelope_failed = False
        if self._dirty:
            self._dirty = False
            self._unsaid.append((_Step.RSET, (b"RSET\r\n",)))
        option = " SMTPUTF8" if utf8 else ""
        self._unsaid += (
            (_Step.MAIL, (f"MAIL FROM:<{sender}>{option}\r\n".encode(),)),
            (_Step.RCPT, (f"RCPT TO:<{recipient}>\r\n".encode(),)),
            (_Step.DATA, (b"DATA\r\n",)),
        )

    def give_body(self, message: Iterable[bytes]) -> None:
        """Send the body of the message that is ready.

        `message`, in pieces, has CRLF line ends and no line that begins with a dot.
        """
        self._body, self._envelope = self._envelope, None
        self._unsaid.append((_Step.BODY, (*message, b".\r\n")))

    def leave(self) -> None:
        """Say goodbye unless a message is under way; once it is answered, `closing` is set."""
        idle = self._envelope is None and self._body is None
        if idle and not self._leaving:
            self._leaving = True
            self._unsaid.append((_Step.QUIT, (b"QUIT\r\n",)))

    @property
    def has_words(self) -> bool:
        """Whether something may be written now."""
        return bool(self._unsaid) and (self._pipelining or not self._unanswered)

    def to_say(self) -> list[bytes]:
        """What may be written now, in pieces; it counts as said."""
        if not self.has_words:
            return []
        count = len(self._unsaid) if self._pipelining else 1
        said = [self._unsaid.popleft() for _ in range(count)]
        self._unanswered += [step for step, _ in said]
        return list(chain.from_iterable([words for _, words in said]))

    def hear(self, heard: bytes) -> list[Event[Job]]:
        """Take in what came and tell what it decides. Afterwards `closing` may be set."""
        events: list[Event[Job]] = []
        *lines, self._heard = (self._heard + heard).split(b"\n")
        for line in lines:
            self._lines.append(line)
            if line[3:4] == b"-" and line[:3].isdigit():
                continue
            lines, self._lines = self._lines, []
            event = self._answer(lines)
            if event is not None:
                events.append(event)
            if self.closing is not None:
                return events
        if len(self._heard) + sum(map(len, self._lines)) > _LONGEST_ANSWER:
            self.closing = Reply(0, "its answer has no end")
        return events

    def lose(self, why: str) -> list[Event[Job]]:
        """The connection has ended: what became of a body that had left is unknown."""
        self.closing = self.closing or Reply(0, why)
        if self._body is None:
            return []
        job, self._body = self._body, None
        error = ReplyLost(f"the connection ended before the reply came: {why}")
        return [Failed(job, error, begun=True)]

    def _answer(self, lines: list[bytes]) -> Event[Job] | None:
        step = self._unanswered.popleft() if self._unanswered else None
        if self._envelope is not None and not self._envelope_failed:  # nearly every answer:
            if (step is _Step.MAIL or step is _Step.RCPT) and _YES.match(lines[-1]):
                return None
            if step is _Step.DATA and lines[-1].startswith(_GO_AHEAD):
                return Ready(self._envelope)
        reply = _read_reply(lines)
        if step is None:
            self.closing = reply  # nobody asked: a server says goodbye in this way
        elif step is _Step.BODY:
            job, self._body = self._body, None
            if job is not None:
                return self._verdict(job, reply)
        elif step is _Step.EMPTY_BODY:
            pass  # nothing was sent to anybody, whatever it says
        elif step is _Step.QUIT or reply.code == 421 or reply.code < NO_REPLY:
            self.slowed = step is _Step.RCPT and reply.text.startswith("4.7.")
            self.closing = reply
        elif step is _Step.RSET:
            self.closing = None if reply.code == 250 else reply
        else:
            return self._envelope_answer(step, reply)
        return None

    def _verdict(self, job: Job, reply: Reply) -> Event[Job]:
        if reply.code // 100 == 2:
            return Accepted(job, reply)
        if reply.code // 100 in (4, 5):
            self.closing = reply if reply.code == 421 else None
            return Failed(job, _refused(MessageRefused, reply, "refused the message"), begun=True)
        # No verdict (RFC 5321 4.2.1), and not ours to guess.
        self.closing = reply
        lost = ReplyLost(f"the server's answer to the message was none: {reply.text}")
        return Failed(job, lost, begun=True)

    def _envelope_answer(self, step: _Step, reply: Reply) -> Event[Job] | None:
        """No for an answer, or any for an envelope that had one already."""
        job = self._envelope
        if job is None or self._envelope_failed:
            if step is _Step.DATA:
                self._end_envelope(body_wanted=reply.code == 354)
            return None
        self._envelope_failed = True
        self._unsaid.clear()  # without PIPELINING: what would have followed
        if _Step.DATA not in self._unanswered:
            self._end_envelope(body_wanted=False)
        return Failed(job, self._why(step, reply), begun=False)

    def _end_envelope(self, *, body_wanted: bool) -> None:
        self._envelope = None
        self._dirty = True
        if body_wanted:
            # DATA was already said and granted without anybody to send to: a lone dot ends it
            # (RFC 2920 3.1).
            self._unsaid.append((_Step.EMPTY_BODY, (b".\r\n",)))

    def _why(self, step: _Step, reply: Reply) -> TransportError:
        if step is _Step.MAIL:
            return unavailable(self._place, reply)
        if step is _Step.RCPT:
            return _refused(RecipientRefused, reply, "refused the address")
        return _refused(MessageRefused, reply, "would not take the message")


def unavailable(place: str, reply: Reply) -> TransportUnavailable:
    """A provider that takes no mail from us now, and what it said."""
    said = f"{reply.code} {reply.text}" if reply.code else reply.text
    return TransportUnavailable(
        f"the provider {place} takes no mail from us now: {said}",
        code=reply.code,
        enhanced_code=enhanced_code(reply.code, reply.text),
        hint="its reply says why; what was not handed over waits and is tried again",
    )


def _read_reply(lines: list[bytes]) -> Reply:
    code = int(lines[-1][:3]) if lines[-1][:3].isdigit() else 0
    text = b" ".join(line[4:] if code else line for line in lines)
    return make_reply(code, text)


def _refused(kind: type[TransportError], reply: Reply, what: str) -> TransportError:
    # 552 to RCPT means "for now", by an old error in the standard (RFC 5321 4.5.3.1.10).
    for_now = kind is RecipientRefused and reply.code == 552
    return kind(
        f"the provider {what}: {reply.code} {reply.text}",
        code=reply.code,
        enhanced_code=enhanced_code(reply.code, reply.text),
        permanent=reply.code >= 500 and not for_now,
    )
