"""What `pumpd hl7 check`, `send` and `listen` do; the command line finds it through the entry points."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from itertools import count

from pumpd.gateways import Checked, Finding, ListenSettings, SendSettings, Sent
from pumpd_hl7.acks import Problem, Want, answer, answer_code
from pumpd_hl7.checks import ACKNOWLEDGEMENTS, kind_text, of_unreadable
from pumpd_hl7.client import Client, NotDelivered, Unanswered
from pumpd_hl7.intake import Reply
from pumpd_hl7.judge import Judged, judge
from pumpd_hl7.message import STANDARD, Message, Unreadable, read_message
from pumpd_hl7.mllp import VT, Fault, MllpFramer
from pumpd_hl7.peers import Peer
from pumpd_hl7.rules import check, unreadable
from pumpd_hl7.server import Server

_NEXT = re.compile(rb"[\r\n]+(?=MSH[^A-Za-z0-9\s])")
_LIMIT_BYTES = 1 << 26


def messages_of(data: bytes) -> list[bytes | Fault]:
    """The messages of a file: as they went over a line, with their frames, or one after the other."""
    if VT in data:
        framer = MllpFramer(_LIMIT_BYTES, end_without_cr=True)
        return framer.feed(data) + framer.finish()
    return [part for part in _NEXT.split(data) if part.strip()]


class Hl7Tools:
    """Implements pumpd.gateways.Tools."""

    def check(self, files: Sequence[bytes]) -> Sequence[Sequence[Checked]]:
        """Our rules, then hl7apy in a process of its own for everything that can be read. Raises OSError without it."""
        found = [[_readable(part) for part in messages_of(data)] for data in files]
        standard = [one for file in found for one in file if isinstance(one, Message) and one.delimiters == STANDARD]
        judged = dict(zip(map(id, standard), judge(["\r".join(one.lines) for one in standard]), strict=True))
        return [[_checked(number, one, judged.get(id(one))) for number, one in enumerate(file, 1)] for file in found]

    async def send(self, data: bytes, to: SendSettings, told: Callable[[Sent], None]) -> None:
        """Every message of the file over one connection, each when the one before has been answered."""
        client = Client(to)
        try:
            for part in messages_of(data):
                told(await _send(client, part))
        finally:
            await client.end()

    async def listen(
        self, at: ListenSettings, ready: Callable[[int], None], heard: Callable[[bytes, Checked], bool]
    ) -> None:
        """Answer everything that can be read positively, as its sender asks; until heard says False."""
        end = asyncio.Event()
        server = Server(at, _Everything(heard, end), _wall_us)
        await server.start()
        ready(server.port)
        try:
            await end.wait()
        finally:
            await server.close()


class _Everything:
    """A handler that takes from anybody. For tests of a connection: nothing is kept but by who listens."""

    def __init__(self, heard: Callable[[bytes, Checked], bool], end: asyncio.Event) -> None:
        self._heard, self._end = heard, end
        self._numbers, self._run = count(1), f"{_wall_us():x}-"

    async def handle(self, raw: bytes, message: Message | Unreadable, peer: Peer | None, reply: Reply) -> None:
        number = next(self._numbers)
        problems: tuple[Problem, ...] = ()
        if isinstance(message, Unreadable):
            header, problems = of_unreadable(raw, message)
        else:
            header = message.msh
        more = self._heard(raw, _checked(number, message, None))  # what came is kept before it is answered
        code = answer_code(header, problems)
        if code is not None and (isinstance(message, Unreadable) or message.kind[0] not in ACKNOWLEDGEMENTS):
            reply(answer(header, code, problems, f"{self._run}{number}", _wall_us()))
        if not more:
            self._end.set()


def _readable(part: bytes | Fault) -> Message | Unreadable:
    if isinstance(part, Fault):
        return Unreadable(100, f"{part.kind} ({part.length} bytes)")
    return read_message(part)


def _checked(number: int, found: Message | Unreadable, judged: Judged | None) -> Checked:
    if isinstance(found, Unreadable):
        header = found.msh
        return Checked(number, "", header.get(10) if header else "", (unreadable(found),))
    more: tuple[Finding, ...] = judged.findings if judged is not None else ()
    unjudged = judged.unjudged if judged is not None else ""
    return Checked(number, kind_text(found), found.control_id, (*check(found), *more), unjudged)


async def _send(client: Client, part: bytes | Fault) -> Sent:
    message = _readable(part)
    if isinstance(message, Unreadable) or isinstance(part, Fault):
        return Sent("", "", f"not sent: {message.reason if isinstance(message, Unreadable) else 'no message'}")
    if not message.control_id:
        return Sent("", "", "not sent: without MSH-10 no answer can be told from another")
    unasked = answer_code(message.msh, ()) is None
    try:
        if message.msh.get(15) == Want.NEVER:
            await client.tell(part)
            return Sent(message.control_id, "", "", asked=False)
        got = await client.send(part, message.control_id)
    except Unanswered as error:
        if unasked:  # an answer would have come only if something were wrong
            return Sent(message.control_id, "", "", asked=False)
        return Sent(message.control_id, "", str(error))
    except NotDelivered as error:
        return Sent(message.control_id, "", str(error))
    return Sent(message.control_id, got.code, got.text)


def _wall_us() -> int:
    return time.time_ns() // 1000
