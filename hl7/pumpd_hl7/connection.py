"""One connection of a peer: bytes in, each message to the handler in order, answers out in the same order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

import structlog

from pumpd.gateways import ListenSettings
from pumpd_hl7.checks import not_entitled
from pumpd_hl7.keepalive import keep_alive
from pumpd_hl7.message import STANDARD, Message, Segment, Unreadable, read_message
from pumpd_hl7.mllp import FS, Fault, FaultKind, MllpFramer, frame
from pumpd_hl7.peers import Peer, Peers
from pumpd_hl7.tls import names_of

log = structlog.get_logger(__name__)

PIECE_BYTES = 4096  # framed at once: a millisecond or two even of nothing but frame bytes
HELD_BYTES = 256 * 1024  # not yet framed, above which the peer has to wait
SLICE_S = 0.002  # after which other things of the loop come first
THREAD_BYTES = 128 * 1024  # of a message that is read beside the loop
OVERSIZE_CODE = 102
LINGER_S = 2.0  # for the last answers to leave


class Handler(Protocol):
    """Takes messages. peer None: nobody that we know. reply: the bytes of the answer, without a frame."""

    async def handle(
        self, raw: bytes, message: Message | Unreadable, peer: Peer | None, reply: Callable[[bytes], None]
    ) -> None: ...


class Connection(asyncio.Protocol):
    """Reads, frames and answers one connection in one task; what is not yet worked on is bounded."""

    def __init__(
        self,
        settings: ListenSettings,
        peers: Peers,
        handler: Handler,
        wall_us: Callable[[], int],
        admit: Callable[[Connection], bool],
        left: Callable[[Connection], None],
    ) -> None:
        """admit: whether there is room for one more. left: it is gone and all of its messages have been dealt with."""
        self._settings, self._peers, self._handler, self._wall_us = settings, peers, handler, wall_us
        self._admit, self._left = admit, left
        self._loop = asyncio.get_running_loop()
        self._framer = MllpFramer(settings.limit_bytes)
        self._transport: asyncio.Transport
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._waits: asyncio.Future[None] | None = None  # for more to do
        self._lost = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = self._paused = self._working = self._closing = False
        self._known: set[Peer] = set()
        self._told: set[FaultKind] = set()
        self._peer: Peer | None = None
        self._heard_s = self._loop.time()
        self._slice_s = self._heard_s
        self._frame_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.from_where = ""
        self._names: tuple[str, ...] = ()

    # --- what the loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self.from_where = f"{name[0]}:{name[1]}" if isinstance(name, tuple) else ""
        self._names = names_of(transport.get_extra_info("ssl_object"))
        if not self._admit(self):
            log.warning("hl7_too_many_connections", source=self.from_where, most=self._settings.connections)
            self._transport.abort()
            return
        keep_alive(transport.get_extra_info("socket"))
        self._task = self._loop.create_task(self._serve())
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._held += len(data)
        if self._held > HELD_BYTES and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The peer sends no more; what it sent is still answered (TLS knows no half of a connection)."""
        self._ended = True
        self._wake()
        return self._transport.get_extra_info("ssl_object") is None

    def connection_lost(self, error: Exception | None) -> None:
        """What came whole is still dealt with: its sender may never ask again."""
        self._ended = self._closing = True
        self._lost.set()
        if self._timer is not None:
            self._timer.cancel()
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # --- what the server calls ---

    def finish(self) -> None:
        """Take nothing more; what has come is answered, then it is closed."""
        self._ended = True
        self._wake()

    @property
    def task(self) -> asyncio.Task[None]:
        """Done when it has been closed."""
        assert self._task is not None
        return self._task

    def abort(self) -> None:
        """Close at once; answers that were not written are lost."""
        self._closing = self._ended = True
        self._writable.set()
        self._wake()
        self._transport.abort()

    def _wake(self) -> None:
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)

    # --- its one task ---

    async def _serve(self) -> None:
        try:
            while (piece := await self._next_piece()) is not None:
                await self._work(self._feed(piece))
                await self._give_way()
            await self._work(self._framer.finish())
        except Exception:
            log.exception("hl7_connection_failed", source=self.from_where)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        """Close; a peer that does not take its last answers is not waited for long."""
        for peer in self._known:
            peer.connections -= 1
        self._transport.close()
        try:
            async with asyncio.timeout(LINGER_S):
                await self._lost.wait()
        except TimeoutError:
            self._transport.abort()
        finally:
            self._left(self)

    async def _next_piece(self) -> bytes | None:
        """The next bytes, at most PIECE_BYTES of them; None at the end."""
        while not self._pieces:
            if self._ended:
                return None
            self._waits = self._loop.create_future()
            await self._waits
            self._slice_s = self._loop.time()
        piece = self._pieces.popleft()
        size = self._piece_bytes(piece)
        if size < len(piece):
            self._pieces.appendleft(piece[size:])
            piece = piece[:size]
        self._held -= len(piece)
        if self._paused and self._held <= HELD_BYTES // 2 and not self._closing:
            self._paused = False
            self._transport.resume_reading()
        return piece

    def _piece_bytes(self, piece: bytes) -> int:
        """Up to the first end block while it is not known whether this peer ends its frames with CR."""
        if self._peer is None and self._peers.some_end_without_cr and 0 <= (end := piece.find(FS)) < PIECE_BYTES:
            return end + 1
        return PIECE_BYTES

    def _feed(self, piece: bytes) -> list[bytes | Fault]:
        found = self._framer.feed(piece)
        if (
            self._peers.some_end_without_cr
            and (waits := self._framer.without_cr) is not None
            and (peer := self._peers.of(waits)) is not None
            and peer.settings.end_without_cr
        ):
            found += self._framer.need_no_cr()
        self._note_time(bool(found))
        return found

    def _note_time(self, found: bool) -> None:
        """A message and the beginning of one are what a peer is connected for; other bytes are not."""
        open_frame = self._framer.in_frame or self._framer.without_cr is not None
        begun = open_frame and (found or self._frame_s is None)  # another frame than the one before
        if found or begun:
            self._heard_s = self._loop.time()
        if not open_frame:
            self._frame_s = None
        elif begun:
            self._frame_s = self._heard_s
            self._watch()

    async def _work(self, found: list[bytes | Fault]) -> None:
        self._working = bool(found)
        for item in found:
            if isinstance(item, Fault):
                await self._fault(item)
            else:
                await self._message(item)
            if not self._writable.is_set():
                await self._writable.wait()
            await self._give_way()
        self._working = False

    async def _give_way(self) -> None:
        if self._loop.time() - self._slice_s > SLICE_S:
            await asyncio.sleep(0)
            self._slice_s = self._loop.time()

    async def _message(self, raw: bytes) -> None:
        peer = self._met(self._peers.entitled(raw, self._names))
        counted = peer or self._peers.strangers
        counted.heard(self._wall_us())
        blank = peer.settings.blank_charset if peer else "ascii"
        if len(raw) < THREAD_BYTES:
            message = read_message(raw, blank)
        else:
            message = await asyncio.to_thread(read_message, raw, blank)
        if peer is None and (claimed := self._peers.of(raw)) is not None:
            log.warning("hl7_foreign_certificate", source=self.from_where, claims=claimed.settings.id)
            message = not_entitled(message, self._peers.impostor(claimed, self._names))
        await self._handler.handle(raw, message, peer, self._reply)

    def _met(self, peer: Peer | None) -> Peer | None:
        if peer is not None and peer not in self._known:
            self._known.add(peer)
            peer.connections += 1
        self._peer = peer or self._peer
        return peer

    async def _fault(self, fault: Fault) -> None:
        """Discarded bytes are counted and never answered, but for a message that is too long: it says so."""
        peer = self._peers.entitled(fault.data, self._names) or self._peer
        (peer or self._peers.strangers).faulted(fault, self._wall_us())
        if fault.kind not in self._told:  # the first of a kind; the others are counted
            self._told.add(fault.kind)
            log.warning("hl7_fault", source=self.from_where, what=str(fault.kind), length=fault.length)
        if fault.kind is FaultKind.OVERSIZE and fault.data.startswith(b"MSH"):
            header = Segment(fault.data.splitlines()[0].decode("latin-1"), STANDARD)
            reason = f"longer than the {self._settings.limit_bytes} bytes that are taken"
            await self._handler.handle(fault.data, Unreadable(OVERSIZE_CODE, reason, msh=header), peer, self._reply)

    def _reply(self, answer: bytes) -> None:
        if not self._closing:
            self._transport.write(frame(answer))

    # --- time ---

    def _watch(self) -> None:
        """One timer, to the earlier of the two ends; it looks again when it fires."""
        if self._timer is not None:
            self._timer.cancel()
        due = self._heard_s + self._settings.idle_ms / 1000
        if self._frame_s is not None:
            due = min(due, self._frame_s + self._settings.frame_ms / 1000)
        self._timer = None if self._closing else self._loop.call_at(due, self._due)

    def _due(self) -> None:
        now_s = self._loop.time()
        self._timer = None
        if self._frame_s is not None and now_s >= self._frame_s + self._settings.frame_ms / 1000:
            self._too_slow("hl7_frame_too_slow")
        elif now_s < self._heard_s + self._settings.idle_ms / 1000:
            self._watch()
        elif self._working and self._writable.is_set():  # we are what it waits for
            self._heard_s = now_s
            self._watch()
        else:
            self._too_slow("hl7_idle")

    def _too_slow(self, why: str) -> None:
        log.info(why, source=self.from_where)
        self.abort()
