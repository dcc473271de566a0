"""What becomes of a message that came: checked, written down, answered once, done once. No socket is known here.

The order is what makes it safe: nothing is answered positively before it is durable; what was answered is done even
when we end in between; a repetition gets the answer of the first, also while the first is still being committed.
Refusals are not kept: a message that is sent again after its cause is gone is judged anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import structlog

from pumpd.gateways import MessageStore, PeerSettings, Received
from pumpd.journal import JournalUnavailable
from pumpd_hl7.acks import Mode, Problem, answer, answer_code, mode_of
from pumpd_hl7.checks import (
    ACKNOWLEDGEMENTS,
    DUPLICATE_KEY,
    INTERNAL,
    Key,
    header_problems,
    key_of,
    kind_text,
    of_unreadable,
)
from pumpd_hl7.lane import Lane
from pumpd_hl7.marking import Marking
from pumpd_hl7.message import Message, Segment, Unreadable, read_message
from pumpd_hl7.peers import Peer

log = structlog.get_logger(__name__)

Reply = Callable[[bytes], None]
Settle = Callable[[bytes | None], None]
REMEMBERED = 8192  # keys; older ones are asked of the store
RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Until the next try of what could not be done, by the tries so far; the last one from then on."""
PATIENCE = 3
"""Tries after which somebody has to know: what was acknowledged has not happened."""
OBSERVATIONS = frozenset(("ORU", "ORA"))
"""What many devices send at once and nobody's place depends on: their order matters only against the others."""


class Receiver(Protocol):
    """What the messages are about. Never called for a repetition or for what the checks refuse."""

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        """What stands against doing what it says: errors refuse it, warnings go into the answer. Changes nothing."""
        ...

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """Do it; the message is durable. Doing it twice must be harmless. late: told before a restart or a failure,
        so that what it observed is stale. Raises when it could not be done: it is tried again.
        """
        ...


@dataclass(slots=True)
class _Known:
    """A message of this run: digest of its bytes, and its answer once it has one."""

    digest: int
    answer: asyncio.Future[bytes | None]


class Intake:
    """Takes messages of every connection. `run` does what was acknowledged before and not done."""

    def __init__(
        self,
        store: MessageStore,
        receiver: Receiver,
        peers: Sequence[PeerSettings],
        generation: str,
        wall_us: Callable[[], int],
        name: str,
        owing: Callable[[int], None] = lambda count: None,
    ) -> None:
        """generation: real, test or demo. name: what the control ids of our answers begin with; of this run alone.

        owing: told how many acknowledged messages still could not be done after several tries; 0 when none is left.
        """
        self._store, self._receiver, self._generation, self._wall_us = store, receiver, generation, wall_us
        self._blank = {peer.id: peer.blank_charset for peer in peers}
        self._ids = (f"{name}{number}" for number in count(1))
        self._known: OrderedDict[Key, _Known] = OrderedDict()
        self._lanes: dict[str, Lane] = {}
        self._owed: dict[Key, tuple[Received, Message, int]] = {}  # acknowledged, not done; with its tries
        self._owes = asyncio.Event()
        self._owing, self._told_owing = owing, 0
        self._caught_up = False
        self._marking = Marking(store)

    @property
    def owed(self) -> int:
        """How many messages are durable and could not yet be done."""
        return len(self._owed)

    async def handle(self, raw: bytes, message: Message | Unreadable, peer: Peer | None, reply: Reply) -> None:
        """One message: reply is called at most once. Returns when it has been done."""
        if isinstance(message, Unreadable):
            header, problems = of_unreadable(raw, message)
            self._refuse(header, problems, peer, reply)
        elif message.kind[0] in ACKNOWLEDGEMENTS:
            log.info("hl7_stray_acknowledgement", peer=peer.settings.id if peer else "")
        elif (wrong := header_problems(message, peer.settings if peer else None, self._generation)) or peer is None:
            self._refuse(message.msh, wrong, peer, reply)
        else:
            await self._take(message, peer, reply)

    async def _take(self, message: Message, peer: Peer, reply: Reply) -> None:
        key, digest = key_of(message), hash(message.raw)
        known = self._known.get(key)
        if known is None:
            await self._first(message, peer, key, digest, reply)
            return
        peer.repetitions += 1
        if known.digest != digest:
            self._refuse(message.msh, (_REUSED,), peer, reply)
        elif (again := await known.answer) is not None:
            reply(again)

    async def _first(self, message: Message, peer: Peer, key: Key, digest: int, reply: Reply) -> None:
        """The first of its key in this run."""
        known = self._known[key] = _Known(digest, asyncio.get_running_loop().create_future())
        kept = False

        def settle(written: bytes | None) -> None:
            if not known.answer.done():
                known.answer.set_result(written)
                if written is not None:
                    reply(written)

        try:
            earlier = await self._store.answered_before(key)
            if earlier is not None:
                kept = self._repeat(earlier, message, peer, settle)
            else:
                kept = await self._in_turn(message, peer, key, settle)
        except JournalUnavailable as error:
            log.warning("hl7_not_stored", peer=peer.settings.id, why=str(error))
            settle(self._refusal(message.msh, (_NOT_STORED,), peer))
        except Exception:
            log.exception("hl7_not_judged", peer=peer.settings.id)
            settle(self._refusal(message.msh, (_NOT_JUDGED,), peer))
        finally:
            settle(None)
            if not kept:
                self._known.pop(key, None)
            self._forget()

    def _repeat(self, earlier: Received, message: Message, peer: Peer, settle: Settle) -> bool:
        """It was stored before this run, or too long ago to be remembered; whether its answer holds from now on."""
        peer.repetitions += 1
        if earlier.raw != message.raw:
            settle(self._refusal(message.msh, (_REUSED,), peer))
            return False
        if earlier.key in self._owed and mode_of(message.msh) is Mode.ORIGINAL:
            settle(self._refusal(message.msh, (_OWED,), peer))
            return False
        settle(earlier.answer)
        return True

    async def _in_turn(self, message: Message, peer: Peer, key: Key, settle: Settle) -> bool:
        """Judge, store, answer, do; whether it was kept."""
        alone = message.kind[0] not in OBSERVATIONS
        lane = self._lanes.setdefault(peer.settings.id, Lane())
        await lane.enter(alone)
        try:
            problems = tuple(await self._receiver.judge(message, peer.settings))
            if any(problem.severity == "E" for problem in problems):
                settle(self._refusal(message.msh, problems, peer))
                return False
            written = self._answer(message.msh, problems)
            received = Received(peer.settings.id, key, kind_text(message), message.raw, written, self._wall_us())
            stored = await self._store.received(received)
            if stored is not received:
                return self._repeat(stored, message, peer, settle)
            if mode_of(message.msh) is Mode.ENHANCED:
                settle(written)
            done = await self._do(received, message)
            settle(written if done else self._refusal(message.msh, (_OWED,), peer))
            return done
        finally:
            lane.leave(alone)

    async def _do(self, received: Received, message: Message, tries: int = 0, late: bool = False) -> bool:
        """Do what it asks for; what fails is owed."""
        try:
            await self._receiver.apply(received, message, late)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is ours: it is tried again, and told
            why = type(error).__name__  # what it says may quote a patient
            log.warning("hl7_not_applied", kind=received.kind, peer=received.peer, tries=tries + 1, why=why)
            self._owed[received.key] = received, message, tries + 1
            self._owes.set()
            self._tell_owing()
            return False
        if self._owed.pop(received.key, None) is not None:
            self._tell_owing()
        self._marking.note(received.key)
        return True

    async def catch_up(self) -> None:
        """Does what was acknowledged before a restart, oldest first; once. Before anything newer is let in."""
        if self._caught_up:
            return
        for received in await self._store.unapplied():
            message = read_message(received.raw, self._blank.get(received.peer, "utf-8"))
            if received.key not in self._known and isinstance(message, Message):
                await self._do(received, message, late=True)
        self._caught_up = True

    async def run(self) -> None:
        """Catches up, and later does what could not be done at once: again, less and less often, until it is done."""
        await self.catch_up()
        while True:
            await self._owes.wait()
            self._owes.clear()
            while self._owed:
                fewest = min(tries for _, _, tries in self._owed.values())
                await asyncio.sleep(RETRY_S[min(fewest, len(RETRY_S)) - 1])
                for received, message, tries in list(self._owed.values()):
                    await self._do(received, message, tries, late=True)

    def _tell_owing(self) -> None:
        """Of nothing that the first tries settle, and until the last one is done."""
        long = any(tries >= PATIENCE for _, _, tries in self._owed.values())
        count = len(self._owed) if long or (self._told_owing and self._owed) else 0
        if count != self._told_owing:
            self._told_owing = count
            self._owing(count)

    async def drain(self) -> None:
        """Returns when everything that was done is also written down as done."""
        await self._marking.drain()

    def _forget(self) -> None:
        while len(self._known) > REMEMBERED and next(iter(self._known.values())).answer.done():
            self._known.popitem(last=False)

    def _refuse(self, header: Segment, problems: Sequence[Problem], peer: Peer | None, reply: Reply) -> None:
        written = self._refusal(header, tuple(problems), peer)
        if written is not None:
            reply(written)

    def _refusal(self, header: Segment, problems: tuple[Problem, ...], peer: Peer | None) -> bytes | None:
        first = problems[0]
        where = f"{first.segment}-{first.field}" if first.field else first.segment
        if peer is not None:
            peer.refuse(f"{where}: {first.text}")
        log.info("hl7_refused", peer=peer.settings.id if peer else "", where=where, code=first.code)
        return self._answer(header, problems)

    def _answer(self, header: Segment, problems: tuple[Problem, ...]) -> bytes | None:
        code = answer_code(header, problems)
        return None if code is None else answer(header, code, problems, next(self._ids), self._wall_us())


_REUSED = Problem(
    DUPLICATE_KEY,
    "another message with this sender, control id and time was taken before; this one was not",
    "MSH",
    1,
    10,
)
_NOT_STORED = Problem(INTERNAL, "it could not be stored: send it again")
_NOT_JUDGED = Problem(INTERNAL, "an error of this system: it was not taken")
_OWED = Problem(INTERNAL, "it is stored and could not yet be applied: it is tried again", "MSH")
