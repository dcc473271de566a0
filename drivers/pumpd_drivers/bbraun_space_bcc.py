"""Driver of B. Braun Space and compactplus pump racks over BCC, on RS232 or TCP 4001. No I/O, no clock: read only.

Asks ADMIN:ALIVE for the bed id, then reads all pumps, or with the option `slot = "13"` the one in pillar 1, slot 3.
Every block of a reply is acknowledged; a status is made of a whole reply only. BCC has no commands: orders are refused.
"""

from __future__ import annotations

from typing import ClassVar

from pumpd.device import (
    AlarmCode,
    CommandOutcome,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Out,
    Outcome,
    PumpOrder,
    ReadStatus,
    ReleaseControl,
    Send,
    Silent,
)
from pumpd.device.framing import LineFramer, garbled
from pumpd.device.saying import Sayings
from pumpd.units import Ms
from pumpd_drivers import bbraun_space_bcc_values as values
from pumpd_drivers import bbraun_space_bcc_wire as wire

FASTEST_MS = 500  # vendor: between two MEM:GET
ACK_AFTER_MS = 100  # vendor
REPLY_MIN_MS, REPLY_MAX_MS = 300, 2500  # ours: half a poll until the next bytes of a reply, within these
BLOCK_MS = 5000  # ours: the longest block on record takes 1.2 s at 9600 baud
LATE_MS = 4000  # ours: no block is expected later than that
MOST_NAKS = 2  # ours: for one block; then the next poll asks anew


class BBraunSpaceBcc:
    """One pump of a rack. The rack sends a block, waits for ACK, sends the next."""

    info: ClassVar[DriverInfo] = wire.INFO

    def __init__(self, settings: DeviceSettings) -> None:
        self._mute = settings.receive_only  # the other host asks and acknowledges
        self._slot = wire.SLOT.of(settings.options)
        self._poll_ms = max(settings.poll_ms or self.info.poll_ms, FASTEST_MS)
        self._wait_ms = min(REPLY_MAX_MS, max(REPLY_MIN_MS, self._poll_ms // 2))
        self._get = f"{wire.GET}SLOT#{self._slot}" if len(self._slot) == 2 else wire.GET
        self._framer = LineFramer(wire.SOH, wire.EOT, abort=b"\x18", limit=wire.LIMIT)  # CAN occurs in no block
        self._said = Sayings()
        self._unanswered: list[Ms] = []  # when those requests left of which no whole reply has come
        self._bed: bytes | None = None
        self._stuffed, self._sure = False, False  # whether the rack stuffs, and whether a block has shown it
        self._quads: wire.Quads = {}
        self._there: dict[str, Ms] = {}  # when a pump was last heard of in each slot
        self._due_ms = self._heard_ms = Ms(0)
        self._asked_ms = self._spoke_ms = self._block_by_ms = Ms(0)
        self._reply_by_ms: Ms | None = None
        self._ack_ms: Ms | None = None
        self._naks = 0
        self._misunderstood: Ms | None = None  # when the request left that the rack has not understood
        self._silent = False

    # --- the contract ---------------------------------------------------------------------------------------

    def start(self, now: Ms) -> list[Out]:
        self._heard_ms = now
        return self._ask(now)

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        out: list[Out] = []
        if self._reply_by_ms is not None:
            self._reply_by_ms = Ms(min(now + self._wait_ms, self._block_by_ms))
        for inside in self._framer.feed(data):
            block = inside if isinstance(inside, Garbled) else wire.block_of(inside)
            if isinstance(block, Garbled):
                out += [] if block.data in (wire.ACK, wire.NAK) else [block]
            elif isinstance(inside, bytes):
                out += self._garbled(inside, now) if block is None else self._hear(block, inside, now)
        return out

    def tick(self, now: Ms) -> list[Out]:
        out: list[Out] = []
        if not self._silent and now >= self._heard_ms + self._quiet_ms:
            self._silent, self._bed = True, None  # it may have been moved to another bed meanwhile
            out.append(Silent("no answer"))
        if self._ack_ms is not None and now >= self._ack_ms:
            self._ack_ms, self._spoke_ms = None, now
            out.append(Send(wire.ACK))
        if self._reply_by_ms is not None and now >= self._reply_by_ms:
            self._no_reply(now)
        return out + self._ask_if_due(now)

    def next_deadline(self) -> Ms | None:
        line_ms = self._due_ms if self._reply_by_ms is None else self._reply_by_ms
        times = [line_ms if self._ack_ms is None else self._ack_ms]
        if not self._silent:
            times.append(Ms(self._heard_ms + self._quiet_ms))
        return min(times)

    def command(self, order: PumpOrder, now: Ms) -> list[Out]:
        """A status is read ahead of its time; everything else is refused."""
        if isinstance(order, ReadStatus):
            self._due_ms = Ms(min(self._due_ms, max(now, self._asked_ms + FASTEST_MS)))
            return self._ask_if_due(now)
        if isinstance(order, ReleaseControl):
            return [CommandOutcome(order.order_id, Outcome.DONE, "it has no remote control to hand back")]
        return [CommandOutcome(order.order_id, Outcome.REFUSED, "BCC is read only: it takes no command")]

    def finish(self, now: Ms) -> list[Out]:
        return []

    @property
    def _quiet_ms(self) -> int:
        return 2 * max(self._poll_ms, 2 * self._wait_ms)

    # --- asking ---------------------------------------------------------------------------------------------

    def _ask_if_due(self, now: Ms) -> list[Out]:
        free = self._reply_by_ms is None and self._ack_ms is None
        return self._ask(now) if free and now >= self._due_ms else []

    def _ask(self, now: Ms) -> list[Out]:
        """The next request; a new one restarts a reply that has not ended."""
        name = wire.ALIVE if self._bed is None else self._get
        self._quads, self._naks = {}, 0
        self._asked_ms, self._due_ms = now, Ms(now + self._poll_ms)
        if self._mute:
            return []
        self._wait_for_block(now)
        if name == self._get:
            late_ms = Ms(self._spoke_ms + LATE_MS)
            self._unanswered = [] if now >= late_ms else [at for at in self._unanswered if now < at + 2 * LATE_MS]
            self._unanswered.append(now)
        self._spoke_ms = now
        return [Send(wire.request(self._bed or wire.ANY_BED, name, self._stuffed))]

    def _wait_for_block(self, now: Ms) -> None:
        self._reply_by_ms, self._block_by_ms = Ms(now + self._wait_ms), Ms(now + BLOCK_MS)

    def _no_reply(self, now: Ms) -> None:
        """Ask again, where the poll leaves time for it once no late block can come any more.

        The other way, where it is not known whether the rack stuffs.
        """
        self._reply_by_ms = None
        self._due_ms = Ms(max(now, self._spoke_ms + min(self._poll_ms, LATE_MS)))
        if not self._sure:
            self._stuffed = not self._stuffed

    def _garbled(self, inside: bytes, now: Ms) -> list[Out]:
        """A block that cannot be believed is asked for again, a few times."""
        bad: list[Out] = [garbled("length or checksum wrong", inside)]
        if self._naks >= MOST_NAKS or self._mute:
            return bad
        self._naks += 1
        self._spoke_ms = now
        return [*bad, Send(wire.NAK)]

    # --- replies --------------------------------------------------------------------------------------------

    def _hear(self, block: wire.Block, inside: bytes, now: Ms) -> list[Out]:
        """One block: acknowledged a little later; the reply is read when its last one is there."""
        if wire.is_request(block.body):
            return []
        problem = wire.add_quads(block.body, self._quads)
        if problem is not None:
            self._quads = {}
            return [garbled(problem, inside)]
        self._there.update(dict.fromkeys(wire.slots(self._quads), now))
        self._heard_ms, self._silent, self._bed = now, False, block.bed
        if block.stuffed is not None:
            self._stuffed, self._sure = block.stuffed, True
        self._ack_ms, self._naks = None if self._mute else Ms(now + ACK_AFTER_MS), 0
        if not block.last:
            self._wait_for_block(Ms(now + ACK_AFTER_MS))
            return []
        quads, self._quads, self._reply_by_ms = self._quads, {}, None
        return self._hear_reply(quads, now)

    def _hear_reply(self, quads: wire.Quads, now: Ms) -> list[Out]:
        errors = [error for error in map(values.error_of, quads.values()) if error is not None]
        misunderstood = any(error.code == values.NOT_UNDERSTOOD for error in errors)
        first = misunderstood and self._misunderstood in (None, self._asked_ms)
        self._misunderstood = self._asked_ms if misunderstood else None
        if misunderstood and not self._sure:
            self._stuffed = not self._stuffed
        if first or values.GREETED in quads.get(wire.RACK, {}):
            # how the rack stuffs, or the bed id, is known now: the next request, with it, need not wait
            self._due_ms = Ms(min(self._due_ms, now + FASTEST_MS))
        if first:
            return [Garbled("the rack has not understood a request")]  # an alarm if it does not the next one either
        requested_ms = self._unanswered.pop(0) if wire.slots(quads) and self._unanswered else None
        return self._say(quads, errors, requested_ms, now)

    def _say(self, quads: wire.Quads, errors: list[AlarmCode], requested_ms: Ms | None, now: Ms) -> list[Out]:
        found, trouble = wire.slots(quads), list(errors)
        # a late block of an earlier reply may name one pump of several: what was just heard of counts too
        there = sorted(slot for slot, at in self._there.items() if now < at + self._quiet_ms)
        slot = self._slot or (there[0] if len(there) == 1 else "")
        if found and slot not in found:
            trouble.append(_not_there(self._slot, there))
        if not found and not errors and any(address != wire.RACK for address in quads):
            return [Garbled("no rate in the reply")]
        if slot not in found:
            return [*self._said.alarms(tuple(trouble), now)] if trouble else []
        told = quads[f"501{slot}"]
        alarms = values.alarms_of(told)
        out: list[Out] = [*self._said.identity(*values.identity_of(told, slot))]
        out.append(values.status_of(told, bool(alarms), requested_ms))
        out += self._said.alarms((*trouble, *alarms), now)
        for tag in sorted(values.unmapped(told)):
            out += self._said.unmapped(tag, told[tag])
        return out


def _not_there(wanted: str, found: list[str]) -> AlarmCode:
    """Which pump is meant is not guessed: a technical alarm that says what there is."""
    there = ", ".join(found)
    if not wanted:
        return AlarmCode("SLOT_NOT_SET", f"several pumps in the rack: set the option slot to one of {there}")
    return AlarmCode("SLOT_EMPTY", f"no pump in slot {wanted}, but in {there}")
